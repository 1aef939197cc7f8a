/** MAX_CONCURRENT_WORKFLOWS: who runs, who waits, who comes next. */
import { describe, expect, test } from "bun:test";
import { type Admission, createAdmission } from "../../../src/actors/execution/admission.ts";

function opened(limit: number | null): Admission {
  const admission = createAdmission(limit);
  admission.open();
  return admission;
}

describe("admission", () => {
  test("without a limit lets everybody in", () => {
    const admission = opened(null);
    expect([admission.tryEnter("a"), admission.tryEnter("b"), admission.waiting]).toEqual([true, true, 0]);
  });

  test("lets in as many as the limit, then the next when one leaves: by priority, then by time", () => {
    const admission = opened(1);
    const admitted: string[] = [];
    expect(admission.tryEnter("first")).toBe(true);
    expect(admission.tryEnter("second")).toBe(false);
    for (const [id, priority] of [
      ["low", 2],
      ["normal", 5],
      ["high", 8],
      ["high2", 8],
    ] as const) {
      admission.wait({ id, priority, triggeredAtMs: 1, admitted: () => admitted.push(id) });
    }
    expect(admission.waiting).toBe(4);
    for (const id of ["first", "high", "high2", "normal"]) admission.leave(id);
    expect(admitted).toEqual(["high", "high2", "normal", "low"]);
    expect([admission.running, admission.waiting]).toEqual([1, 0]);
  });

  test("takes an execution that is in, or in line, once only", () => {
    const admission = opened(1);
    let calls = 0;
    admission.tryEnter("a");
    expect(admission.tryEnter("a")).toBe(true);
    admission.wait({ id: "a", priority: 5, triggeredAtMs: 1, admitted: () => calls++ });
    expect(calls).toBe(1);
    admission.wait({ id: "b", priority: 5, triggeredAtMs: 1, admitted: () => calls++ });
    admission.wait({ id: "b", priority: 5, triggeredAtMs: 1, admitted: () => calls++ });
    expect(admission.waiting).toBe(1);
  });

  test("lets go on what ran already, even over the limit", () => {
    const admission = opened(1);
    admission.enter("a");
    admission.enter("b");
    expect(admission.running).toBe(2);
    admission.leave("a");
    expect(admission.tryEnter("c")).toBe(false);
  });

  test("gives a place in line back", () => {
    const admission = opened(1);
    admission.tryEnter("a");
    let calls = 0;
    admission.wait({ id: "b", priority: 5, triggeredAtMs: 1, admitted: () => calls++ });
    admission.leave("b");
    admission.leave("a");
    expect([calls, admission.running]).toEqual([0, 0]);
  });
});
