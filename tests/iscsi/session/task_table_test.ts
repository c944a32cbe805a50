import assert from "node:assert/strict";
import { ProtocolError } from "../../../iscsi/errors.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { TaskTable } from "../../../iscsi/session/requests/task_table.ts";
import { ScriptedTarget } from "./scripted_target.ts";

const REWIND = [0x01, 0, 0, 0, 0, 0];

Deno.test("Tags go on at 0 behind fffffffeh, and leave out the reserved one and those in use", () => {
  const table = new TaskTable<string>(0xfffffffd);
  table.set(0, "long command");
  const tags = Array.from({ length: 5 }, () => table.allocate());
  assert.deepEqual(tags, [0xfffffffd, 0xfffffffe, 1, 2, 3]);
});

Deno.test("A tag that was never given out is told from one that is over, past the wrap too", () => {
  const table = new TaskTable<string>(0xfffffffe);
  assert.equal(table.wasUsed(0xfffffffe), false);
  assert.equal(table.wasUsed(0), false);
  table.allocate();
  table.allocate();
  for (const used of [0xfffffffe, 0]) assert.equal(table.wasUsed(used), true);
  for (const never of [1, 0xfffffffd, 0x80000000, RESERVED_TAG]) {
    assert.equal(table.wasUsed(never), false, never.toString(16));
  }
});

Deno.test("Entries stay in the order in which their tags were set, and those that are deleted are gone", () => {
  const table = new TaskTable<string>();
  for (const [itt, entry] of [[7, "a"], [3, "b"], [5, "c"]] as const) table.set(itt, entry);
  table.set(7, "a again");
  table.delete(3);
  table.delete(4);
  assert.deepEqual([...table.values()], ["a again", "c"]);
  assert.deepEqual([7, 3, 5].map((itt) => table.get(itt)), ["a again", undefined, "c"]);
  table.clear();
  assert.deepEqual([table.size, table.get(7), [...table.values()]], [0, undefined, []]);
});

Deno.test("Commands complete while their tags wrap around", () => {
  const target = ScriptedTarget.loggedIn({ initialTag: 0xfffffffd });
  const commands = Array.from({ length: 6 }, () => target.command(REWIND));
  const tags = target.sent().map(({ pdu }) => pdu.itt);
  assert.deepEqual(tags, [0xfffffffe, 0, 1, 2, 3, 4]);
  for (const itt of tags) target.respond(itt);
  for (const { outcome } of commands) assert.ok(outcome && "result" in outcome);
});

Deno.test("A response with a tag from before the first is a ProtocolError", () => {
  const target = ScriptedTarget.loggedIn();
  target.command(REWIND);
  target.only(Opcode.ScsiCommand);
  target.respond(0xfffffff0);
  assert.ok(target.closedWith?.error instanceof ProtocolError);
});
