import assert from "node:assert/strict";
import { acceptanceTests, assertSameBytes, mustDo } from "./acceptance.ts";
import { startIstgt } from "./harness/istgt.ts";
import { randomBytes } from "./harness/random_bytes.ts";
import { withTarget } from "./harness/target.ts";

const product = /DLT8000/;
acceptanceTests({ name: "istgt", start: () => startIstgt(), product });
acceptanceTests({
  name: "istgt with a growing image",
  start: () => startIstgt({ growingImage: true }),
  product,
});

Deno.test("istgt: setblk 4096 writes fixed blocks, and says so when it pads the last one", () =>
  withTarget(startIstgt(), async (target) => {
    const whole = randomBytes(64 * 4096, 1);
    const ragged = randomBytes(10 * 4096 + 1, 2);
    await mustDo(target, ["setblk", "4096"]);
    await mustDo(target, ["write", "-", "--block-size", "64k"], { stdin: whole });
    const { stderr } = await mustDo(target, ["write", "-", "--block-size", "64k"], {
      stdin: ragged,
    });
    assert.match(stderr, /pad|fill|zero/i);

    await mustDo(target, ["rewind"]);
    const first = await mustDo(target, ["read", "-", "--block-size", "64k", "--read-ahead", "4"]);
    assertSameBytes(first.stdoutBytes, whole);
    const second = await mustDo(target, ["read", "-", "--block-size", "64k"]);
    const padded = new Uint8Array(11 * 4096);
    padded.set(ragged);
    assertSameBytes(second.stdoutBytes, padded);
    await mustDo(target, ["setblk", "0"]);
  }));
