/** Ctrl-C and SIGTERM for a script that runs other processes: the first ends them in good order, a later one at once. */

/** The time within which signals count as one. In a terminal the signal reaches the whole group, and npm passes its own on. */
const ONE_WISH_MS = 1_000;

/**
 * Ends the script with a signal. `stop` resolves when all processes are gone; then the script ends. If somebody asks twice, it ends at once
 * with what is left.
 */
export function endWith(stop: () => Promise<void>): void {
  let heardMs: number | null = null;
  const hear = (): void => {
    if (heardMs !== null) {
      if (performance.now() - heardMs > ONE_WISH_MS) process.exit(130);
      return;
    }
    heardMs = performance.now();
    stop().then(
      () => process.exit(0),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", hear);
  process.on("SIGTERM", hear);
  process.on("SIGHUP", hear);
}
