/**
 * What a promise is rejected with. For promises that a Worker's message settles: Bun's `expect(promise).rejects` waits
 * without letting such a message in, and hangs (seen in 1.4.5).
 */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("The promise was expected to be rejected, and it was fulfilled.");
}
