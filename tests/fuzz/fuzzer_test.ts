import assert from "node:assert/strict";
import { Random } from "../scsi/random.ts";
import { ascii, type FuzzTarget } from "./fuzz_target.ts";
import { fuzz, FuzzFailure } from "./fuzzer.ts";
import { nextInput } from "./mutation.ts";

const OPTIONS = { seed: 7, inputs: 20_000 };

function target(run: FuzzTarget["run"]): FuzzTarget {
  return { name: "planted", seeds: [ascii("length=0010 and so on")], maxBytes: 40, run };
}

Deno.test("A planted defect is found, and the input that shows it is shortened", async () => {
  const broken = target((input) => {
    if (input.includes(0xff)) throw new TypeError("planted");
  });
  await assert.rejects(fuzz(broken, OPTIONS), (error) => {
    assert.ok(error instanceof FuzzFailure);
    assert.deepEqual(error.input, Uint8Array.of(0xff));
    return true;
  });
});

Deno.test("A planted defect behind a promise is found", async () => {
  const broken = target(async (input) => {
    await null;
    if (input.length === 0) throw new TypeError("planted");
  });
  await assert.rejects(fuzz(broken, OPTIONS), FuzzFailure);
});

Deno.test("An input that takes too long is a defect", async () => {
  const slow = target((input) => {
    const end = performance.now() + (input[0] === 0 ? 12 : 0);
    while (performance.now() < end);
  });
  await assert.rejects(fuzz(slow, { ...OPTIONS, maxMs: 10 }), /It takes \d+ ms/);
});

Deno.test("The same seed makes the same inputs, none longer than allowed", () => {
  const plain = target(() => {});
  const [one, other] = [new Random(3), new Random(3)];
  const seen = new Set<string>();
  for (let count = 0; count < 2000; count++) {
    const input = nextInput(plain, one);
    assert.deepEqual(nextInput(plain, other), input);
    assert.ok(input.length <= plain.maxBytes);
    seen.add(String(input));
  }
  assert.ok(seen.size > 1500, `${seen.size} of 2000 inputs differ`);
});

Deno.test("A target that keeps what it is given is a defect, one that lets go of it is none", async () => {
  const options = { ...OPTIONS, maxGrowthBytes: 8 * 1024 * 1024 };
  const kept: Uint8Array[] = [];
  const keeping = target(() => void kept.push(new Uint8Array(4096)));
  await assert.rejects(fuzz(keeping, options), /Memory has grown/);
  kept.length = 0;
  const lettingGo = target(() => void kept.splice(0, 1, new Uint8Array(4096)));
  await fuzz(lettingGo, options);
});
