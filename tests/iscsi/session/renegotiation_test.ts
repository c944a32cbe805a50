import assert from "node:assert/strict";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { ScriptedTarget } from "./scripted_target.ts";

const READ = [0x08, 0, 0, 0x10, 0, 0];
const SMALL = 512;
const LARGE = 2048;

function loggedIn(connections = 1, level = 0): ScriptedTarget {
  const offers = {
    errorRecoveryLevel: level,
    maxConnections: connections,
    maxReceiveDataSegmentLength: SMALL,
  };
  return ScriptedTarget.loggedIn({
    connections,
    answers: [["ErrorRecoveryLevel", String(level)], ["MaxConnections", String(connections)]],
    login: { offers },
  });
}

/** A declaration, and what became of it. */
function declaring(target: ScriptedTarget, length: number, timeoutMs = 30_000) {
  const declared: { outcome: "pending" | "done" | { error: unknown } } = { outcome: "pending" };
  target.initiator.renegotiate(length, timeoutMs, {
    completed: () => declared.outcome = "done",
    failed: (error) => declared.outcome = { error },
  }, target.now);
  return declared;
}

Deno.test("A declaration waits for no turn of its connection: no other can take it", () => {
  const target = loggedIn(2);
  const peer = target.join(1, 500);
  target.command(READ, { dataIn: new Uint8Array(4096), timeoutMs: 3_600_000 });
  target.only(Opcode.ScsiCommand);
  const declared = declaring(target, LARGE);
  for (const each of [target, peer]) {
    const { pdu } = each.only(Opcode.TextRequest);
    each.textResponse(pdu.itt, { final: true }, "");
  }
  assert.equal(declared.outcome, "done");
});
