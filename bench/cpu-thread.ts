/** A raw Worker that computes: takes one task after the other from a counter that all of them share, until none is left. */
import { loopsOf, spin } from "./spin.ts";

/** `next`: the first task that nobody has taken. */
export type CpuWork = { readonly type: "work"; readonly loops: number; readonly tasks: number; readonly next: SharedArrayBuffer };
export type CpuOrder = CpuWork | { readonly type: "calibrate"; readonly ms: number };
/** `loops`: the answer to `calibrate`. */
export type CpuAnswer = { readonly loops: number; readonly tasks: number };

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<CpuOrder>) => {
  if (data.type === "calibrate") {
    self.postMessage({ loops: loopsOf(data.ms), tasks: 0 } satisfies CpuAnswer);
    return;
  }
  const next = new Int32Array(data.next);
  let tasks = 0;
  while (Atomics.add(next, 0, 1) < data.tasks) {
    spin(data.loops);
    tasks += 1;
  }
  self.postMessage({ loops: 0, tasks } satisfies CpuAnswer);
};
