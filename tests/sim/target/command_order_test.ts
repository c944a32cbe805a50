import assert from "node:assert/strict";
import { CommandOrder } from "../../../sim/target/requests/command_order.ts";

Deno.test("CommandOrder delivers in order across the wrap of the numbers", () => {
  const order = new CommandOrder<string>(0xfffffffe, 4);
  assert.equal(order.maxCmdSn, 1);
  for (const [cmdSn, name] of [[0, "c"], [0xffffffff, "b"], [1, "d"]] as const) {
    assert.ok(order.accepts(cmdSn));
    order.arrive(cmdSn, name);
    assert.ok(!order.accepts(cmdSn), "twice");
    assert.equal(order.next(), undefined);
  }
  order.arrive(0xfffffffe, "a");
  assert.deepEqual([order.next(), order.next(), order.next(), order.next()], ["a", "b", "c", "d"]);
  assert.equal(order.expCmdSn, 2);
});

Deno.test("CommandOrder never takes back what it has announced", () => {
  const order = new CommandOrder<string>(10, 2);
  const announced: number[] = [];
  for (let cmdSn = 10; cmdSn < 12; cmdSn++) {
    order.arrive(cmdSn, "a");
    order.next();
    order.hold();
    announced.push(order.maxCmdSn);
  }
  assert.deepEqual(announced, [11, 11]);
  assert.ok(!order.accepts(12), "the window is closed");
  order.release();
  assert.ok(order.accepts(12));
  assert.ok(!order.accepts(13));
});

Deno.test("CommandOrder gives up only numbers that are missing", () => {
  const order = new CommandOrder<string>(10, 8);
  order.arrive(11, "b");
  assert.ok(!order.giveUp(11, 13), "it is there");
  assert.ok(!order.giveUp(9, 13), "it was there");
  assert.ok(!order.giveUp(13, 13), "it has not been sent");
  assert.ok(order.giveUp(10, 13));
  assert.equal(order.next(), "b");
  assert.equal(order.next(), undefined);
  assert.equal(order.expCmdSn, 12);
});
