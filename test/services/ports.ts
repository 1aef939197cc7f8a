/** Ports for what is started here, below those that the system gives to outgoing connections. */

/**
 * Above: ephemeral ports (Linux from 32768, macOS from 49152). A client that tries to reach a service which was killed could be
 * given the service's own port for its end, connect to itself, and keep the service from coming back.
 */
const FIRST = 20_000;
const LAST = 32_000;
const TRIES = 200;

/** A port of 127.0.0.1 that nobody listens on now; another process may be quicker, so whoever uses it must be ready to try again. */
export function freePort(): number {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (isFree(port)) return port;
  }
  throw new Error(`No free port between ${FIRST} and ${LAST}, in ${TRIES} tries.`);
}

/** Whether nobody listens there. */
export function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => undefined } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
