/** Shared views: many who read one wide execution at the same time get the same one. */
import type { ExecutionState } from "../workflow/execution/state.ts";
import { type ExecutionView, type ReasonOf, viewOf } from "../workflow/view/view.ts";

/** The number of nodes below which a view is made anew faster than an earlier one is found. */
const SHARED_NODES = 1_000;

type Held = { readonly view: WeakRef<ExecutionView>; readonly reasonOf: ReasonOf | undefined };

/** Makes a `viewOf` that makes no view while somebody still holds an equal one. */
export function createSharedViews(): typeof viewOf {
  const held = new WeakMap<ExecutionState, Held>();
  return (id, state, stalled, reasonOf) => {
    if (state.plan.ids.length < SHARED_NODES) return viewOf(id, state, stalled, reasonOf);
    const known = held.get(state);
    const earlier = known !== undefined && known.reasonOf === reasonOf ? known.view.deref() : undefined;
    if (earlier !== undefined && earlier.sequence === state.sequence && earlier.stalled === stalled) return earlier;
    const view = viewOf(id, state, stalled, reasonOf);
    held.set(state, { view: new WeakRef(view), reasonOf });
    return view;
  };
}
