/** What a node's handler gives to services that can tell a repeated call: the same for all attempts of the node. */
export function idempotencyKeyOf(executionId: string, nodeId: string): string {
  return `${executionId}/${nodeId}`;
}
