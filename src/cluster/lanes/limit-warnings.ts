/** Warnings about instances whose limits differ from this one's: what one of them accepts, another refuses. */
import type { Log } from "../../env/log/log.ts";
import type { MemberLimits, MemberView } from "../../store/shared-store.ts";

const SETTINGS: readonly (readonly [keyof MemberLimits, string])[] = [
  ["nodes", "APP_NODES_MAX"],
  ["edges", "APP_EDGES_MAX"],
  ["nesting", "APP_NESTING_MAX"],
  ["bodyBytes", "APP_BODY_BYTES_MAX"],
  ["outputBytes", "APP_OUTPUT_BYTES_MAX"],
];

/** The returned function looks at all members, and warns of each living one once. */
export function createLimitWarnings(own: () => MemberLimits | null, log: Log): (members: readonly MemberView[]) => void {
  let warned = new Set<string>();

  function look({ bootId, name, limits }: MemberView, mine: MemberLimits): void {
    if (limits === undefined || warned.has(bootId)) return;
    const other = SETTINGS.filter(([key]) => limits[key] !== mine[key]);
    if (other.length === 0) return;
    warned.add(bootId);
    const differences = other.map(([key, setting]) => `${setting} is ${mine[key]} here and ${limits[key]} there`).join(", ");
    log.warn(
      `Instance ${name} has other limits: ${differences}. The instance that gets a request decides how large it may be; the instance that owns an execution decides how large an output may be.`,
      { boot: bootId },
    );
  }

  return (members) => {
    const mine = own();
    if (mine === null) return;
    warned = new Set(members.filter(({ bootId }) => warned.has(bootId)).map(({ bootId }) => bootId));
    for (const member of members) if (member.remainingMs > 0) look(member, mine);
  };
}
