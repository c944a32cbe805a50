import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../cli/run.ts";
import { MemoryHost, type MemoryHostOptions, patternBytes } from "./memory_host.ts";

const SECRET = "a secret of twelve";

/** Serves a library over TCP until `use` is done. */
async function serving(
  line: string,
  use: (addresses: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  const files = { accounts: new TextEncoder().encode(`ann:${SECRET}\n`) };
  const host = new MemoryHost({ files });
  const ready = new Promise<void>((resolve) => {
    const open = host.openStdout.bind(host);
    host.openStdout = () => {
      const sink = open();
      return {
        ...sink,
        clear: () => sink.clear(),
        write: (bytes) => sink.write(bytes),
        close: () => {
          resolve();
          return Promise.resolve();
        },
      };
    };
  });
  const serve = run(["serve", "--listen", "127.0.0.1:0", ...line.split(" ")], host);
  await Promise.race([ready, serve]);
  try {
    const lines = host.output.trimEnd().split("\n").map((each) => each.split(" "));
    await use(Object.fromEntries(lines));
  } finally {
    host.interrupt();
    assert.equal(await serve, 0, host.errors);
  }
}

async function tape(line: string, options: MemoryHostOptions = {}): Promise<MemoryHost> {
  const host = new MemoryHost({ env: { TAPE_CHAP_SECRET: SECRET }, ...options });
  assert.equal(await run([...line.split(" "), "--chap-user", "ann"], host), 0, host.errors);
  return host;
}

Deno.test("A cartridge of a served library is loaded, encrypted, written, read, put back, and keeps it all", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tape-library-"));
  const bytes = patternBytes(100_000);
  const key = new TextEncoder().encode("00".repeat(31) + "01");
  const line =
    `--slots 3 --drives 1 --layout target --chap accounts --media ${join(folder, "ARC001L8.tap")}` +
    " --quirk require-unload --personality stk-l700 --personality ibm-ult3580-td8";
  try {
    await serving(line, async ({ changer, ready }) => {
      await tape(`-f ${changer} changer load --barcode ARC001L8`);
      await tape(`-f ${ready} encryption on --key-file key`, { files: { key } });
      await tape(`-f ${ready} write data -b 10k`, { files: { data: bytes } });
      await tape(`-f ${ready} attributes mediaPool=Archive`);
      await tape(`-f ${changer} changer unload --eject ${ready}`);
      assert.match(
        (await tape(`-f ${changer} changer status`)).output,
        /Element 1:Full :VolumeTag=ARC001L8/,
      );
    });
    await serving(line, async ({ changer, ready }) => {
      await tape(`-f ${changer} changer load 1`);
      await tape(`-f ${ready} encryption on --key-file key`, { files: { key } });
      const read = await tape(`-f ${ready} read out`);
      assert.deepEqual(read.sinks.get("out")?.bytes, bytes);
      assert.equal((await tape(`-f ${ready} attributes mediaPool`)).output, "Archive\n");
      assert.match((await tape(`-f ${ready} status`)).output, /^Load count +2$/m);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
