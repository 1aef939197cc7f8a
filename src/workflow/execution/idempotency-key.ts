/** The key that a node's handler passes to services that can recognise a repeated call. It is the same for all attempts of the node. */
export function idempotencyKeyOf(executionId: string, nodeId: string): string {
  return `${executionId}/${nodeId}`;
}
