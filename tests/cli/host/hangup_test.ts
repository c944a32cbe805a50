import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TapMedium } from "../../../sim/images/tap_medium.ts";

const main = fileURLToPath(new URL("../../../cli/main.ts", import.meta.url));
/** More than any pipe holds, in each record. */
const RECORD_BYTES = 1024 * 1024;
const RECORDS = 3;
const PATIENCE_MS = 60_000;

interface Outcome {
  readonly code: number;
  readonly bytes: number;
  readonly errors: string;
}

/** Waits until a program has said something. */
async function hear(output: ReadableStream<Uint8Array>, words: string): Promise<void> {
  let said = "";
  for await (const text of output.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (said.includes(words)) return;
  }
}

/**
 * Runs `tape read -`, and sends SIGHUP twice before anybody takes more than the first bytes of what it reads; no more are taken before it says that it
 * has heard, where it does.
 */
async function hangUp(program: string, args: readonly string[], words = ""): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "tape-hangup-"));
  const path = join(folder, "tape.tap");
  const medium = TapMedium.open(path);
  for (let count = 0; count < RECORDS; count++) {
    medium.partitions[0].appendRecord(new Uint8Array(RECORD_BYTES));
  }
  medium.close();
  const child = new Deno.Command(program, {
    args: [...args, main, "-f", `sim:${path}`, "read", "-"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // What hears no interruption ends by nothing else.
  const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const [heard, kept] = child.stderr.tee();
  const errors = new Response(kept).text();
  const output = child.stdout.getReader();
  try {
    let { value } = await output.read();
    child.kill("SIGHUP");
    child.kill("SIGHUP");
    if (words !== "") await hear(heard, words);
    let bytes = 0;
    for (; value !== undefined; { value } = await output.read()) bytes += value.length;
    return { code: (await child.status).code, bytes, errors: await errors };
  } finally {
    clearTimeout(patience);
    await Promise.allSettled([output.cancel(), errors, child.status]);
    await rm(folder, { recursive: true });
  }
}

Deno.test("A transfer whose terminal is closed ends behind a record, and tells of it", async () => {
  const options = ["run", "-A", "--frozen"];
  const { code, bytes, errors } = await hangUp(Deno.execPath(), options, "Stopping");
  assert.equal(code, 2, errors);
  assert.equal(bytes, RECORD_BYTES);
  assert.match(errors, /^tape: Interrupted: 1 record, 1048576 bytes /m);
  assert.match(errors, /^The tape stands: At block 1 /m);
});

Deno.test("A closed terminal ends nothing that was started with nohup", async () => {
  const ignoring = ["-c", 'trap \'\' HUP; exec "$0" "$@"', Deno.execPath()];
  const { code, bytes, errors } = await hangUp("sh", [...ignoring, "run", "-A", "--frozen"]);
  assert.equal(code, 0, errors);
  assert.equal(bytes, RECORDS * RECORD_BYTES);
});
