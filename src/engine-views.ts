/** Views that are shared: many who read one wide execution at the same time are shown the same one. */
import type { ExecutionState } from "./workflow/state.ts";
import { type ExecutionView, viewOf } from "./workflow/view.ts";

/** Below, a view is made anew quicker than an earlier one is found. */
const SHARED_NODES = 1_000;

/** `viewOf`, which makes none while one that says the same is still held by somebody. */
export function createSharedViews(): typeof viewOf {
  const held = new WeakMap<ExecutionState, WeakRef<ExecutionView>>();
  return (id, state, stalled) => {
    if (state.plan.ids.length < SHARED_NODES) return viewOf(id, state, stalled);
    const earlier = held.get(state)?.deref();
    if (earlier !== undefined && earlier.sequence === state.sequence && earlier.stalled === stalled) return earlier;
    const view = viewOf(id, state, stalled);
    held.set(state, new WeakRef(view));
    return view;
  };
}
