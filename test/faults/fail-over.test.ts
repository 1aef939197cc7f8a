/** Three instances on a Redis whose replica lags and is promoted: what it had not got is lost, is done again, and nothing else is. */
import { describe } from "bun:test";
import { sharedKafka } from "../services/kafka.ts";
import { SHORT_FAIL_OVER_PLANS } from "./plans.ts";
import { playPlans, shareSystem } from "./short.ts";

describe("a fail-over to a replica that lags loses what was acknowledged meanwhile and nothing else, and no reader of the stream is wrong:", () =>
  playPlans(
    shareSystem(async () => ({ replicated: true, brokers: await sharedKafka() })),
    SHORT_FAIL_OVER_PLANS,
  ));
