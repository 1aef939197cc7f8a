/**
 * All tests, then the coverage of src/ by lines, which must reach 90 %. With arguments (file names, `-t pattern`) only what
 * they select, and no coverage. Some files run at the same time, each with its own globals and modules, so that none disturbs another.
 * Redis and Kafka are real: what is missing is installed first. One broker serves the whole run (TROUPE_TEST_KAFKA, which may name
 * another); a test file starts its own Redis, which takes 0.1 s, and a broker where it needs one to kill.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { startKafka } from "../test/services/kafka.ts";
import { describeCoverage, measureCoverage, UNCOUNTED } from "./coverage.ts";
import { kafkaProgram } from "./services-kafka.ts";
import { redisServer } from "./services-redis.ts";

const LINES_MIN = 0.9;
/** The longest test: tests that start processes or threads take minutes on a busy machine, but a hang must still end. */
const TEST_TIMEOUT_MS = 180_000;
/** The longest run: a hook that waits for ever has no timeout of its own. */
const RUN_TIMEOUT_MS = 45 * 60_000;
/** The files that run at the same time: more than cores, because those that start servers mostly wait for them. */
const AT_ONCE = availableParallelism() + 1;

const root = join(import.meta.dir, "..");
const selection = process.argv.slice(2);
const coverageDir = join(root, "coverage");
const coverageFlags = ["--coverage", "--coverage-reporter=lcov", `--coverage-dir=${coverageDir}`];

rmSync(coverageDir, { recursive: true, force: true });
const brokers = await prepareServices();
const run = Bun.spawnSync(
  [
    process.execPath,
    "test",
    `--parallel=${AT_ONCE}`,
    `--timeout=${TEST_TIMEOUT_MS}`,
    ...(selection.length > 0 ? selection : coverageFlags),
  ],
  {
    cwd: root,
    // Clients of tests may ask for more at once than Bun allows by default.
    env: { BUN_CONFIG_MAX_HTTP_REQUESTS: "65535", ...process.env, ...(brokers === null ? {} : { TROUPE_TEST_KAFKA: brokers }) },
    stdio: ["inherit", "inherit", "inherit"],
    timeout: RUN_TIMEOUT_MS,
    killSignal: "SIGKILL",
  },
);
if (run.exitedDueToTimeout)
  console.error(`The tests did not end within ${RUN_TIMEOUT_MS / 60_000} minutes: the last file above waits for ever.`);
const reportFile = join(coverageDir, "lcov.info");
const covered = selection.length > 0 || (existsSync(reportFile) ? checkCoverage() : noReport());
process.exit(run.exitCode === 0 && covered ? 0 : 1);

/** Prepares the services, so that what is missing is said before the first test. Null if the selected tests start what they need. */
async function prepareServices(): Promise<string | null> {
  if (selection.length > 0) return null;
  try {
    redisServer();
    // Also if brokers are named: some tests need one to kill.
    kafkaProgram();
    if (process.env.TROUPE_TEST_KAFKA) return process.env.TROUPE_TEST_KAFKA;
    const startMs = performance.now();
    const { brokers } = await startKafka();
    console.error(`Kafka for all tests: ${brokers.join(",")}, started in ${((performance.now() - startMs) / 1000).toFixed(1)} s.`);
    return brokers.join(",");
  } catch (error) {
    console.error(`The tests need a real Redis and a real Kafka.\n${error instanceof Error ? error.message : String(error)}`);
    return process.exit(1);
  }
}

function checkCoverage(): boolean {
  const paths = [...new Bun.Glob("src/**/*.ts").scanSync({ cwd: root })].map((path) => path.replaceAll("\\", "/")).sort();
  const sources = new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
  const gone = Object.keys(UNCOUNTED).filter((file) => !sources.has(file));
  const coverage = measureCoverage(sources, readFileSync(reportFile, "utf8"));
  const enough = coverage.hit >= LINES_MIN * coverage.lines;
  console.log(`\n${describeCoverage(coverage)}`);
  if (!enough) console.error(`The coverage is too low: at least ${100 * LINES_MIN} % is required. Test what the list above names.`);
  if (gone.length > 0) console.error(`scripts/coverage.ts leaves out files that do not exist: ${gone.join(", ")}.`);
  return enough && gone.length === 0;
}

function noReport(): boolean {
  console.error("The test runner ended without a coverage report: look above for why it ended.");
  return false;
}
