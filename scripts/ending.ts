/** Ctrl-C and SIGTERM for a script that runs other processes: the first ends them in good order, a later one at once. */

/** In a terminal the signal comes to the whole group and npm passes its own on: so close together they are one wish. */
const ONE_WISH_MS = 1_000;

/** `stop` resolves when all is gone; then the script ends. What is left when somebody asks twice ends with this process. */
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
