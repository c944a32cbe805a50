import assert from "node:assert/strict";
import { writeCdb } from "../../tape/commands.ts";
import { RepeatedCdb } from "../../tape/repeated_cdb.ts";

Deno.test("RepeatedCdb gives the CDB that is asked for, and the same array as long as that does not change", () => {
  const cdb = new RepeatedCdb(writeCdb);
  const asked: [boolean, number][] = [[false, 512], [false, 512], [true, 512], [true, 4], [
    false,
    4,
  ]];
  for (const [fixed, length] of asked) {
    assert.deepEqual(cdb.of(fixed, length), writeCdb(fixed, length));
    assert.equal(cdb.of(fixed, length), cdb.of(fixed, length));
  }
});

Deno.test("RepeatedCdb leaves what it gave out before as it was", () => {
  const cdb = new RepeatedCdb(writeCdb);
  const before = cdb.of(false, 512);
  cdb.of(false, 1024);
  assert.deepEqual(before, writeCdb(false, 512));
});
