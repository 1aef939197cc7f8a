/** Lets users' modules import "troupe" and "valibot" wherever their folder is, without installing anything there. */
import { plugin } from "bun";
import * as valibot from "valibot";
import * as troupe from "./handler.ts";

let offered = false;

/** Once a thread. `folder`: if a valibot of the user's own is found from there, that one is left in place. */
export function offerOwnModules(folder: string): void {
  if (offered) return;
  offered = true;
  const hasValibot = canResolve("valibot", folder);
  plugin({
    name: "troupe",
    setup(build) {
      // Always ours: a second copy would know neither our handlers nor our errors.
      build.module("troupe", () => ({ exports: { ...troupe }, loader: "object" }));
      if (!hasValibot) build.module("valibot", () => ({ exports: { ...valibot }, loader: "object" }));
    },
  });
}

function canResolve(name: string, folder: string): boolean {
  try {
    return Bun.resolveSync(name, folder) !== "";
  } catch {
    // Not found is an answer here.
    return false;
  }
}
