/** What else was measured, and what it promises: without that a figure beside ours says nothing. */
import type { Variant } from "../case.ts";

export type Rival = {
  readonly title: string;
  readonly case: string;
  /** Without n. */
  readonly variant: Variant;
  readonly promises: string;
  /** Beside us. */
  readonly lacks: string;
};

export const RIVALS: readonly Rival[] = [];
