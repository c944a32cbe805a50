import assert from "node:assert/strict";
import { OperationQueue } from "../../tape/operation_queue.ts";

/** A queue, and operations that the test ends. */
function fixture() {
  const queue = new OperationQueue();
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const run = (name: string, signal?: AbortSignal): Promise<string> =>
    queue.run(() => {
      begun.push(name);
      const end = Promise.withResolvers<string>();
      ends.set(name, end);
      return end.promise;
    }, signal);
  const end = async (name: string, result: Promise<string>) => {
    ends.get(name)!.resolve(name);
    assert.equal(await result, name);
  };
  return { queue, begun, ends, run, end };
}

Deno.test("an operation begins at once when no other is under way", async () => {
  const { begun, run, end } = fixture();
  const first = run("first");
  assert.deepEqual(begun, ["first"]);
  await end("first", first);
  const second = run("second");
  assert.deepEqual(begun, ["first", "second"]);
  await end("second", second);
});

Deno.test("operations begin one after another, in the order of the calls, whether those before them fail or not", async () => {
  const { begun, ends, run, end } = fixture();
  const results = ["first", "second", "third"].map((name) => run(name));
  assert.deepEqual(begun, ["first"]);
  ends.get("first")!.reject(new Error("broken"));
  await assert.rejects(results[0], /broken/);
  await Promise.resolve();
  assert.deepEqual(begun, ["first", "second"]);
  await end("second", results[1]);
  await Promise.resolve();
  assert.deepEqual(begun, ["first", "second", "third"]);
  await end("third", results[2]);
});

Deno.test("an operation that is called off before its turn does not let those behind it overtake", async () => {
  const { begun, run, end } = fixture();
  const calledOff = new AbortController();
  const first = run("first");
  const second = run("second", calledOff.signal);
  calledOff.abort(new Error("enough"));
  await assert.rejects(second, /enough/);
  const third = run("third");
  await Promise.resolve();
  assert.deepEqual(begun, ["first"]);
  await end("first", first);
  await begins("third", begun);
  await end("third", third);
  assert.deepEqual(begun, ["first", "third"]);
});

Deno.test("an operation is not begun with a signal that has aborted", async () => {
  const { begun, run } = fixture();
  await assert.rejects(run("first", AbortSignal.abort(new Error("enough"))), /enough/);
  assert.deepEqual(begun, []);
});

Deno.test("an operation that throws before its promise is there rejects, and the next goes on", async () => {
  const { queue, begun, run, end } = fixture();
  await assert.rejects(
    queue.run(() => {
      throw new Error("refused");
    }),
    /refused/,
  );
  const next = run("next");
  assert.deepEqual(begun, ["next"]);
  await end("next", next);
});

Deno.test("what an operation itself calls waits until it has ended", async () => {
  const { queue, begun, run, end } = fixture();
  const outer = Promise.withResolvers<void>();
  let inner: Promise<string> | undefined;
  const result = queue.run(() => {
    inner = run("inner");
    return outer.promise;
  });
  const later = run("later");
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  assert.deepEqual(begun, []);
  outer.resolve();
  await result;
  await begins("later", begun);
  await end("later", later);
  await begins("inner", begun);
  await end("inner", inner!);
});

/** Lets promises settle until an operation has begun. */
async function begins(name: string, begun: readonly string[]): Promise<void> {
  for (let turn = 0; turn < 10 && !begun.includes(name); turn++) await Promise.resolve();
  assert.ok(begun.includes(name));
}
