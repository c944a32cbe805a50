import assert from "node:assert/strict";
import { formatDuration, Progress } from "../../../cli/transfer/progress.ts";

/** A terminal or a file, and a clock that a test moves. */
function bench(isTerminal: boolean) {
  const state = { text: "", time: 1000 };
  const output = { isTerminal, columns: 80, write: (text: string) => void (state.text += text) };
  return { state, output, now: () => state.time };
}

Deno.test("Progress shows bytes, the rate now, the mean rate and the time left", () => {
  const { state, output, now } = bench(true);
  const progress = new Progress(output, now, { totalBytes: 10_000_000 });
  state.time += 1000;
  progress.add(1_000_000);
  assert.equal(state.text, "\r1 record, 1.0 MB, 1.0 MB/s now, 1.0 MB/s mean, 0:09 left\x1b[K");
});

Deno.test("Progress takes the rate now from the last second only", () => {
  const { state, output, now } = bench(true);
  const progress = new Progress(output, now);
  for (let second = 0; second < 4; second++) {
    state.time += 1000;
    state.text = "";
    progress.add(second < 3 ? 1_000_000 : 5_000_000);
  }
  assert.equal(state.text, "\r4 records, 8.0 MB, 5.0 MB/s now, 2.0 MB/s mean\x1b[K");
});

Deno.test("Progress on a terminal draws five times a second at most", () => {
  const { state, output, now } = bench(true);
  const progress = new Progress(output, now);
  for (let count = 0; count < 1000; count++) {
    state.time += 1;
    progress.add(100);
  }
  assert.equal(state.text.split("\r").length - 1, 5);
});

Deno.test("Progress is silent off a terminal", () => {
  const { state, output, now } = bench(false);
  const progress = new Progress(output, now);
  state.time += 100_000;
  progress.add(1);
  progress.clear();
  assert.equal(state.text, "");
});

Deno.test("Progress off a terminal writes lines when asked to", () => {
  const { state, output, now } = bench(false);
  const progress = new Progress(output, now, { shown: true });
  state.time += 5000;
  progress.add(5_000_000);
  assert.equal(state.text, "1 record, 5.0 MB, 1.0 MB/s now, 1.0 MB/s mean\n");
});

Deno.test("Progress.clear() takes away a line that was drawn, once", () => {
  const { state, output, now } = bench(true);
  const progress = new Progress(output, now);
  progress.clear();
  assert.equal(state.text, "");
  state.time += 1000;
  progress.add(1);
  state.text = "";
  progress.clear();
  progress.clear();
  assert.equal(state.text, "\r\x1b[K");
});

Deno.test("Progress fits its line to the terminal", () => {
  const { state, output, now } = bench(true);
  const progress = new Progress({ ...output, columns: 20 }, now);
  state.time += 1000;
  progress.add(1);
  assert.equal(state.text.replace("\r", "").replace("\x1b[K", "").length, 19);
});

Deno.test("formatDuration() gives hours only where there are some", () => {
  assert.deepEqual([0, 7400, 754_000, 3_723_000].map(formatDuration), [
    "0:00",
    "0:07",
    "12:34",
    "1:02:03",
  ]);
});
