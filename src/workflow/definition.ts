/** What a user may write: the schema of a workflow's definition, and its translation into a Plan. */

/** `path`: where in the document, as `dag.nodes.3.retry.max_attempts`; empty for the whole. `message`: what was expected. */
export type Problem = { readonly path: string; readonly message: string };
/** Accepted, but probably not what was meant. */
export type Warning = { readonly path: string; readonly message: string };
