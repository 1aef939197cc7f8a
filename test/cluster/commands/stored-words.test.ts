/** The words of commands and receipts in the store: instances of other versions write and read them, so they stay to the letter. */
import { describe, expect, test } from "bun:test";
import { packReceipt, readReceipt } from "../../../src/cluster/commands/receipt.ts";
import { type CommandBody, packBody, packCommand, readBody, UnreadableCommand } from "../../../src/cluster/commands/stored-command.ts";
import type { Receipt } from "../../../src/workflow/execution/client-commands.ts";
import { LONG_JSON } from "../../../src/workflow/json/long-json.ts";
import { JSON_HERE } from "../../pool/json-here.ts";
import { UnknownForm } from "../../../src/workflow/execution/level.ts";

const BODIES: readonly (readonly [string, CommandBody])[] = [
  ['{"type":"trigger","params":null}', { type: "Trigger", params: null }],
  ['{"type":"trigger","params":"{\\"n\\":1.0}"}', { type: "Trigger", params: '{"n":1.0}' }],
  ['{"type":"cancel","reason":"Withdrawn."}', { type: "Cancel", reason: "Withdrawn." }],
  ['{"type":"pause"}', { type: "Pause" }],
  ['{"type":"resume"}', { type: "Resume" }],
  [
    '{"type":"outcome","node":3,"nodeId":"c","attempt":2,"beganAtMs":5,"outcome":{"type":"completed","output":"null"}}',
    { type: "Outcome", node: 3, nodeId: "c", attempt: 2, beganAtMs: 5, outcome: { type: "completed", output: "null" } },
  ],
  // Of an older instance.
  [
    '{"type":"outcome","node":3,"attempt":2,"beganAtMs":5,"outcome":{"type":"completed","output":"null"}}',
    { type: "Outcome", node: 3, attempt: 2, beganAtMs: 5, outcome: { type: "completed", output: "null" } },
  ],
];

describe("a stored command", () => {
  test.each(BODIES)("is written as ever, and read: %s", async (text, body) => {
    expect(packBody(body)).toBe(text);
    expect(await readBody(text, JSON_HERE)).toEqual(body);
    if (body.type !== "Outcome") expect(await packCommand(body, JSON_HERE)).toBe(text);
  });
  test("is the same text where it is large, and made in a thread", async () => {
    const large: CommandBody = { type: "Trigger", params: `{"x":"${"y".repeat(LONG_JSON)}"}` };
    const packed = packCommand(large, JSON_HERE);
    expect(packed).toBeInstanceOf(Promise);
    expect(await packed).toBe(packBody(large));
    expect(await readBody(await packed, JSON_HERE)).toEqual(large);
  });
  test.each(['{"type":7}', "{}", "null", "7"])("of another form is none of ours: %s", (text) => {
    expect(() => readBody(text, JSON_HERE)).toThrow(UnreadableCommand);
  });
  test.each(['{"type":"Trigger","params":null}', '{"type":"dance"}', '{"type":"constructor"}'])(
    "of a kind that is not known is a newer version's: %s",
    (text) => expect(() => readBody(text, JSON_HERE)).toThrow(UnknownForm),
  );
});

const RECEIPTS: readonly (readonly [string, Receipt])[] = [
  ['{"type":"done"}', { type: "accepted" }],
  ['{"type":"done","changed":false,"status":"PAUSED"}', { type: "accepted", changed: false, status: "PAUSED" }],
  [
    '{"type":"rejected","rejection":{"code":"already_finished","status":"FAILED"}}',
    { type: "rejected", code: "already_finished", status: "FAILED" },
  ],
  ['{"type":"unknown"}', { type: "unknown" }],
];

test.each(RECEIPTS)("a receipt is written as ever, and read: %s", (text, receipt) => {
  expect(packReceipt(receipt)).toBe(text);
  expect(readReceipt(text)).toEqual(receipt);
});

test("a receipt of a newer version says that there is one, and no more", () => {
  expect(readReceipt('{"type":"changed","nodes":3}')).toBeNull();
});
