import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TapMedium } from "../../../sim/images/tap_medium.ts";

const main = fileURLToPath(new URL("../../../cli/main.ts", import.meta.url));
/** More than any pipe holds, in one record. */
const RECORD_BYTES = 4 * 1024 * 1024;
const PATIENCE_MS = 60_000;

/** Reads until `text` has come. */
async function until(text: string, reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  for (let seen = ""; !seen.includes(text);) {
    const { value, done } = await reader.read();
    assert.ok(!done, `ended before "${text}": ${seen}`);
    seen += decoder.decode(value, { stream: true });
  }
}

Deno.test("read - ends at the second interruption though nobody takes what it has read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tape-stalled-"));
  const path = join(folder, "tape.tap");
  const medium = TapMedium.open(path);
  medium.partitions[0].appendRecord(new Uint8Array(RECORD_BYTES));
  medium.close();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", main, "-f", `sim:${path}`, "read", "-"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // What hears no interruption ends by nothing else.
  const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const [output, errors] = [child.stdout.getReader(), child.stderr.getReader()];
  try {
    await output.read();
    child.kill("SIGINT");
    await until("interrupt again to give up at once", errors);
    child.kill("SIGINT");
    await until("Interrupted: the command was given up", errors);
    assert.equal((await child.status).code, 2);
  } finally {
    clearTimeout(patience);
    await Promise.allSettled([output.cancel(), errors.cancel(), child.status]);
    await rm(folder, { recursive: true });
  }
});
