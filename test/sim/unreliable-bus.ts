/** What goes between instances, and from them to the outside, on bad connections: rings, and the stream's records. */
import type { EventStream, StreamRecord } from "../../src/bus/event-stream.ts";
import type { Doorbell } from "../../src/bus/doorbell.ts";
import { toMessages } from "../../src/bus/kafka/records.ts";
import type { Life } from "./life.ts";
import type { Weather } from "./unreliable-store.ts";
import type { World } from "./world.ts";

const LATE_RING_MAX_MS = 1_000;
const LATENCY_MAX_MS = 8;
const STREAM_DEADLINE_MS = 1_000;
const LATE_RECORDS_MAX_MS = 3_000;
/** Longer records are cut. */
const RECORD_BYTES_MAX = 1_000;

/** `lost`: the probability that this instance does not hear a ring; as many come late. A dead instance hears nothing. */
export function unreliableDoorbell(bell: Doorbell, world: World, life: Life, weather: Weather, lost: number): Doorbell {
  const { random } = world;
  return {
    ring(ring) {
      if (life.alive) bell.ring(ring);
    },
    listen: (listener) =>
      bell.listen((ring) => {
        const fate = weather.calm ? 1 : random.next();
        if (fate < lost) return;
        if (fate < 2 * lost) life.after(random.below(LATE_RING_MAX_MS), () => listener(ring));
        else life.run(() => listener(ring));
      }),
    close: () => bell.close(),
  };
}

/**
 * As Kafka, as it is seen from one instance: what is sent may be there though nobody was told, or come much later.
 * `failing`: the probability of that. `read`: is given the records' values.
 */
export function unreliableStream(read: (value: string) => void, world: World, life: Life, weather: Weather, failing: number): EventStream {
  const { random } = world;
  const readAll = (values: readonly string[]): void => {
    for (const value of values) read(value);
  };
  return {
    publish(records: readonly StreamRecord[]) {
      const values = records.flatMap((record) => toMessages(record, RECORD_BYTES_MAX).map(({ value }) => value));
      const fault = !weather.calm && random.chance(failing) ? random.below(3) : null;
      return new Promise((resolve, reject) => {
        const fail = (): void => {
          life.after(STREAM_DEADLINE_MS, () => reject(new Error("simulated: the stream did not answer")));
        };
        world.after(random.below(LATENCY_MAX_MS), () => {
          if (weather.streamAwayUntilMs > world.nowMs() || fault === 0) return fail();
          if (fault === 1) {
            world.after(random.below(LATE_RECORDS_MAX_MS), () => readAll(values));
            return fail();
          }
          readAll(fault === null ? values : values.slice(0, random.below(values.length + 1)));
          if (fault === null) life.after(random.below(LATENCY_MAX_MS), resolve);
          else fail();
        });
      });
    },
    health: () => ({ available: true }),
    close: () => Promise.resolve(),
  };
}
