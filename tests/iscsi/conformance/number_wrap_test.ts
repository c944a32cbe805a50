import assert from "node:assert/strict";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { ScriptedTarget } from "../session/scripted_target.ts";
import { REWIND } from "./cdbs.ts";

// A session begins at CmdSN 1, so these play against its core, which can begin anywhere.

for (const initialCmdSn of [0xfffffff0, 0xffffffff, 0x7ffffffe]) {
  Deno.test(`RFC 7143 §4.2.2.1: CmdSN and the window go on past ${initialCmdSn.toString(16)}h, in serial number arithmetic`, () => {
    const target = ScriptedTarget.loggedIn({ initialCmdSn, window: 5 });
    const commands = Array.from({ length: 40 }, () => target.command(REWIND));
    const numbers: number[] = [];
    for (let rounds = 0; rounds < 8; rounds++) {
      const sent = target.sent();
      assert.equal(sent.length, 5, "the window lets five in");
      for (const { pdu } of sent) {
        if (pdu.opcode === Opcode.ScsiCommand) numbers.push(pdu.cmdSn);
        target.respond(pdu.itt);
      }
    }
    assert.deepEqual(numbers, Array.from({ length: 40 }, (_, i) => (initialCmdSn + i) >>> 0));
    for (const { outcome } of commands) {
      assert.ok(outcome && "result" in outcome);
      assert.equal(outcome.result.status, 0);
    }
  });
}
