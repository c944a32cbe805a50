import assert from "node:assert/strict";
import {
  serialAdd,
  serialDistance,
  serialLess,
  serialLessOrEqual,
} from "../../../iscsi/connection/serial_number.ts";

Deno.test("serialAdd() stays within 32 bits", () => {
  assert.equal(serialAdd(0xffffffff, 1), 0);
  assert.equal(serialAdd(0, -1), 0xffffffff);
  assert.equal(serialAdd(0x7fffffff, 1), 0x80000000);
});

Deno.test("Serial numbers are in order across their wrap", () => {
  for (const [a, b] of [[0, 1], [0xffffffff, 0], [0xfffffff0, 5], [0x7fffffff, 0x80000000]]) {
    assert.ok(serialLess(a, b) && serialLessOrEqual(a, b));
    assert.ok(!serialLess(b, a) && !serialLessOrEqual(b, a));
    assert.ok(serialLessOrEqual(a, a) && !serialLess(a, a));
  }
  assert.equal(serialDistance(0xfffffffe, 3), 5);
  assert.equal(serialDistance(3, 0xfffffffe), -5);
});
