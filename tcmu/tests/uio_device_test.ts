import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UioDevice } from "../kernel/uio_device.ts";
import { UioPoller } from "../kernel/uio_poller.ts";
import { openLibc } from "../kernel/libc.ts";
import { TcmuError } from "../tcmu_error.ts";

const BYTES = 8192;

/** A plain file can be mapped as well, and always be read. */
async function withFile(use: (path: string) => Promise<void> | void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tcmu-"));
  try {
    const path = join(folder, "uio0");
    await writeFile(path, new Uint8Array(BYTES).fill(7));
    await use(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

Deno.test("The memory is the device's own, and out of reach once it is closed", () =>
  withFile(async (path) => {
    const device = new UioDevice(path, BYTES, new UioPoller());
    const bytes = new Uint8Array(device.memory);
    assert.equal(bytes[BYTES - 1], 7);
    bytes[BYTES - 1] = 9;
    device.close();
    assert.equal(bytes.length, 0);
    assert.equal(device.memory.byteLength, 0);
    assert.equal((await readFile(path))[BYTES - 1], 9);
  }));

Deno.test("A wait ends when there is something to read, and for good when the device is let go", () =>
  withFile(async (path) => {
    const device = new UioDevice(path, BYTES, new UioPoller());
    assert.equal(await device.wait(), true);
    device.end();
    assert.equal(await device.wait(), false);
    device.close();
  }));

Deno.test("A device from which nothing can be read is gone", () =>
  withFile(async (path) => {
    const device = new UioDevice(path, BYTES, new UioPoller());
    await writeFile(path, new Uint8Array(0));
    assert.equal(await device.wait(), false);
    device.end();
    device.close();
  }));

Deno.test("A device that cannot be opened or mapped is told of, with the reason", () =>
  withFile((path) => {
    const poller = new UioPoller();
    assert.throws(() => new UioDevice(`${path}-not`, BYTES, poller), (error) => {
      assert.ok(error instanceof TcmuError);
      assert.match(error.message, /^Cannot open .*uio0-not: No such file or directory$/);
      return true;
    });
    assert.throws(
      () => new UioDevice(path, 0, poller),
      /^TcmuError: Cannot map .*Invalid argument$/,
    );
  }));

Deno.test("One thread waits for many, each of which can be woken and ended", async () => {
  const libc = openLibc();
  const poller = new UioPoller();
  const files = Array.from({ length: 40 }, () => libc.symbols.eventfd(0, 0));
  poller.join();
  const heard: string[] = [];
  const waits = files.map(async (file, index) => {
    while (await poller.wait(file)) {
      libc.symbols.read(file, new Uint8Array(8), 8n);
      heard.push(`woken ${index}`);
    }
    heard.push(`ended ${index}`);
  });
  libc.symbols.write(files[3], Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 8n);
  while (heard.length < 1) await new Promise((resolve) => setTimeout(resolve, 0));
  poller.end(files[5]);
  await waits[5];
  libc.symbols.write(files[39], Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 8n);
  while (heard.length < 3) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(heard, ["woken 3", "ended 5", "woken 39"]);
  for (const file of files) poller.end(file);
  await Promise.all(waits);
  assert.equal(heard.length, 42);
  poller.leave();
  for (const file of files) libc.symbols.close(file);
  libc.close();
});
