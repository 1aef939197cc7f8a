/** Waiting for a fact, never for a time: a probe is asked again and again until it answers, or until the deadline says that it never will. */

const PAUSE_MS = 5;
const DEADLINE_MS = 120_000;

/**
 * Resolves to the probe's first answer that is neither null nor false. `what` completes "waited in vain for …".
 * The deadline is generous: it is there so that a hang ends with a sentence.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  deadlineMs: number = DEADLINE_MS,
): Promise<Exclude<T, null | false>> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const answer = await probe();
    if (answer !== null && answer !== false) return answer as Exclude<T, null | false>;
    if (performance.now() > endMs) throw new Error(`Waited ${deadlineMs} ms in vain for ${what}.`);
    await Bun.sleep(PAUSE_MS);
  }
}

/** The promise's value, or an error that says what was waited for. */
export async function within<T>(what: string, promise: Promise<T>, deadlineMs: number = DEADLINE_MS): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Waited ${deadlineMs} ms in vain for ${what}.`)), deadlineMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
