import assert from "node:assert/strict";
import { mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescriptorSource } from "../../../cli/host/file_descriptor.ts";
import { descriptorFile } from "../../../cli/host/output_file.ts";
import { OutputSink } from "../../../cli/host/output_sink.ts";

async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "tape-cli-"));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

Deno.test("DescriptorSource reads a file from its beginning to its end and knows its size", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "in");
    await writeFile(path, "hello tape");
    const source = await DescriptorSource.open(path);
    try {
      const into = new Uint8Array(6);
      assert.equal(source.sizeBytes, 10);
      assert.equal(await source.read(into), 6);
      assert.equal(new TextDecoder().decode(into), "hello ");
      assert.equal(await source.read(into), 4);
      assert.equal(await source.read(into), 0);
    } finally {
      await source.close();
      await source.close();
    }
  }));

Deno.test("DescriptorSource reads into a buffer of more than the system reads at a time", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "in");
    await writeFile(path, "hello tape");
    const source = await DescriptorSource.open(path);
    // The memory is never touched, but for the beginning.
    assert.equal(await source.read(new Uint8Array(2 ** 32)), 10);
    await source.close();
  }));

Deno.test("DescriptorSource.cancel() ends every later read", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "in");
    await writeFile(path, "hello tape");
    const source = await DescriptorSource.open(path);
    source.cancel();
    assert.equal(await source.read(new Uint8Array(6)), 0);
    await source.close();
  }));

Deno.test("DescriptorSource.open() refuses a directory and a missing file with the system's code", () =>
  withDirectory(async (directory) => {
    await assert.rejects(DescriptorSource.open(directory), { code: "EISDIR" });
    await assert.rejects(DescriptorSource.open(join(directory, "none")), { code: "ENOENT" });
  }));

Deno.test("OutputSink leaves a file as it is until it is cleared", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "out");
    await writeFile(path, "old contents");
    const untouched = await OutputSink.open(path);
    await untouched.close();
    assert.equal(await readFile(path, "utf8"), "old contents");
    const sink = await OutputSink.open(path);
    await sink.clear();
    await sink.write(new TextEncoder().encode("new"));
    await sink.close();
    assert.equal(await readFile(path, "utf8"), "new");
  }));

Deno.test("OutputSink.sync() stores a file, has nothing to store of one that was not made, and names the one that it cannot store", () =>
  withDirectory(async (directory) => {
    const missing = await OutputSink.open(join(directory, "missing"));
    await missing.sync();
    await missing.close();
    const path = join(directory, "out");
    const sink = await OutputSink.open(path);
    await sink.write(new TextEncoder().encode("new"));
    await sink.sync();
    await sink.close();
    assert.equal(await readFile(path, "utf8"), "new");
    const sync = () => Promise.reject(new Error("EIO"));
    const broken = new OutputSink({ ...descriptorFile(NaN), sync }, path);
    await assert.rejects(broken.sync(), { path, syscall: "write" });
  }));

Deno.test("OutputSink makes a missing file", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "out");
    const sink = await OutputSink.open(path);
    await sink.clear();
    await sink.close();
    assert.equal(await readFile(path, "utf8"), "");
  }));

Deno.test("OutputSink makes no file of which nothing is wanted", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "out");
    const sink = await OutputSink.open(path);
    await sink.close();
    assert.deepEqual(await readdir(directory), []);
    const written = await OutputSink.open(path);
    await written.write(new TextEncoder().encode("new"));
    await written.close();
    assert.equal(await readFile(path, "utf8"), "new");
  }));

Deno.test("OutputSink makes the file that a link to nowhere names", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "out");
    await symlink("there", path);
    const sink = await OutputSink.open(path);
    await sink.write(new TextEncoder().encode("new"));
    await sink.close();
    assert.equal(await readFile(join(directory, "there"), "utf8"), "new");
  }));

Deno.test("OutputSink.open() names the path that it cannot open", () =>
  withDirectory(async (directory) => {
    await assert.rejects(OutputSink.open(directory), { code: "EISDIR", path: directory });
    const path = join(directory, "none/out");
    await assert.rejects(OutputSink.open(path), { code: "ENOENT", syscall: "open", path });
  }));

Deno.test("An error of a descriptor says what was done to which file", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "file");
    await writeFile(path, "contents");
    const [reading, writing] = [await open(path, "r"), await open(path, "a")];
    const name = "standard output";
    const facts = (syscall: string) => ({ code: "EBADF", syscall, path: name });
    try {
      const sink = new OutputSink(descriptorFile(reading.fd), name);
      await assert.rejects(sink.write(new Uint8Array(1)), facts("write"));
      const source = new DescriptorSource(writing.fd, { owned: false, name });
      await assert.rejects(source.read(new Uint8Array(1)), facts("read"));
    } finally {
      await reading.close();
      await writing.close();
    }
  }));
