/** The addresses of the instances that a developer plays with, and the services that they need of their own. */
import type { Config } from "../src/env/config/config.ts";
import { freePort } from "../test/services/ports.ts";

export type ClusterPlan = {
  /** The port before all of them. */
  readonly front: number;
  readonly ports: readonly number[];
  /** The services that the settings do not name. */
  readonly services: { readonly redis: "free" | null; readonly kafka: "free" | null };
};

const USUAL_FRONT = 8000;
const USUAL = [8001, 8002, 8003];

/**
 * The plan. A service that listens already is never used: it may be anybody's, and its data would be mixed with what is tried here.
 * `front`: the port that was asked for, if any; else the usual ports are taken if they are free, because the documentation names them.
 */
export function clusterPlan(
  { redis, kafka, port }: Pick<Config, "redis" | "kafka" | "port">,
  front: string | undefined,
  isFree: (port: number) => boolean,
): ClusterPlan {
  const usually = (usual: number): number => (isFree(usual) ? usual : freePort());
  return {
    front: front === undefined || front.trim() === "" ? usually(USUAL_FRONT) : port,
    ports: USUAL.map(usually),
    services: { redis: redis === null ? "free" : null, kafka: kafka === null ? "free" : null },
  };
}
