/** The address of Redis: three ways to set it, from three older systems, in one order of precedence. */
import type { Values } from "./settings.ts";

type Address = {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username: string | null;
  readonly password: string | null;
};

/**
 * The URL: APP_REDIS_HOST with its companions, else REDIS_URL, else REDIS_HOST with its companions, else null. Settings that
 * are ignored cause a warning.
 */
export function redisUrlOf(values: Values): { readonly url: string | null; readonly warnings: readonly string[] } {
  const { appRedisHost, appRedisPort, appRedisDb, appRedisPassword, redisHost, redisPort, redisDb, redisUsername, redisPassword } = values;
  const ways = [
    appRedisHost && {
      name: "APP_REDIS_HOST",
      url: urlOf({ host: appRedisHost, port: appRedisPort, db: appRedisDb, username: null, password: appRedisPassword }),
    },
    values.redisUrl && { name: "REDIS_URL", url: values.redisUrl },
    redisHost && {
      name: "REDIS_HOST",
      url: urlOf({ host: redisHost, port: redisPort, db: redisDb, username: redisUsername, password: redisPassword }),
    },
  ].filter((way) => way !== null && way !== "");
  const [first, ...others] = ways;
  if (first === undefined) return { url: null, warnings: lonely(values) };
  return { url: first.url, warnings: others.map(({ name }) => `${name} is passed over, because ${first.name} is set.`) };
}

/** An address with its user and password hidden, for logs; a text without `@` as it is. */
export function withoutPassword(address: string): string {
  return address.replace(/^(\w+:\/\/)?.*@/, "$1***@");
}

function urlOf({ host, port, db, username, password }: Address): string {
  const user = password === null && username === null ? "" : `${encodeURIComponent(username ?? "")}${secret(password)}@`;
  return `redis://${user}${host.includes(":") ? `[${host}]` : host}:${port}/${db}`;
}

function secret(password: string | null): string {
  return password === null ? "" : `:${encodeURIComponent(password)}`;
}

/** Warnings about a password without a host: somebody expects Redis. Ports and databases are often set by images and mean nothing. */
function lonely({ appRedisPassword, redisPassword }: Values): string[] {
  if (appRedisPassword !== null) return ["APP_REDIS_PASSWORD has no effect without APP_REDIS_HOST."];
  return redisPassword === null ? [] : ["REDIS_PASSWORD has no effect without REDIS_HOST."];
}
