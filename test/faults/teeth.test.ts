/** Each safeguard that is taken out is found out. The same harm does nothing to the sources as they are: faults.test.ts. */
import { afterAll, expect, test } from "bun:test";
import { endAll } from "../process/server.ts";
import { sharedKafka } from "../services/kafka.ts";
import { bite, SHORT_TEETH } from "./teeth.ts";

const TEST_MS = 600_000;

afterAll(endAll);

for (const tooth of SHORT_TEETH) {
  test(
    `the checker finds it out where ${tooth.name}`,
    async () => {
      const { found, violations, logs } = await bite(tooth, await sharedKafka());
      process.stderr.write(`Where ${tooth.name}: ${violations.length} violations, such as ${violations[0]}\n`);
      expect(
        found.length,
        `It found none of ${tooth.found.join(", ")}, but: ${violations.join("\n")}\nThe logs are in ${logs}`,
      ).toBeGreaterThan(0);
    },
    TEST_MS,
  );
}
