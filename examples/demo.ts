/**
 * The main job from end to end, with nothing set up: serves a simulated drive on a loopback port, writes a directory
 * and generated data to its tape, reads everything back with read-ahead, and compares.
 *
 *     deno task demo [DIRECTORY]
 *
 * @module
 */

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import process from "node:process";
import { openTape, type TapeDrive } from "../mod.ts";
import { MemoryMedium, serveTarget, SimulatedDrive } from "../sim/mod.ts";
import { archiveDirectory } from "./demo/archive_directory.ts";
import { generatedData } from "./demo/generated_data.ts";
import { Progress } from "./demo/progress.ts";
import { drawLayout, type TapeFileSummary } from "./demo/tape_layout.ts";

const RECORD_BYTES = 256 * 1024;
const GENERATED_FILES: readonly number[] = [128, 96, 32].map((mebibytes) => mebibytes << 20);
const MAX_DIRECTORY_BYTES = 512 * 1024 * 1024;
const READ_AHEAD = 16;

/** What goes into one tape file. */
interface Source {
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

async function writeFile(drive: TapeDrive, source: Source, progress: Progress): Promise<string> {
  const hash = createHash("sha256");
  const writer = drive.writable({ blockBytes: RECORD_BYTES, filemark: true }).getWriter();
  for await (const chunk of source.chunks) {
    hash.update(chunk);
    await writer.write(chunk);
    progress.add(chunk.length);
  }
  await writer.close();
  return hash.digest("hex");
}

async function readFiles(drive: TapeDrive, progress: Progress): Promise<TapeFileSummary[]> {
  const files: TapeFileSummary[] = [];
  await drive.rewind();
  for await (const file of drive.files()) {
    const hash = createHash("sha256");
    const recordBytes: number[] = [];
    for await (const record of file.records()) {
      hash.update(record);
      recordBytes.push(record.length);
      progress.add(record.length);
    }
    files.push({ recordBytes, sha256: hash.digest("hex") });
  }
  return files;
}

async function run(drive: TapeDrive, directory: string): Promise<boolean> {
  const { vendor, product, revision } = drive.info;
  console.log(`drive    ${vendor} ${product} ${revision}`);
  const sources: Source[] = [
    { name: `archive of ${directory}`, chunks: archiveDirectory(directory, MAX_DIRECTORY_BYTES) },
    ...GENERATED_FILES.map((bytes, index) => ({
      name: `generated data, ${bytes >> 20} MiB`,
      chunks: generatedData(bytes, index),
    })),
  ];
  const written: string[] = [];
  const writing = new Progress("write");
  for (const source of sources) written.push(await writeFile(drive, source, writing));
  writing.done();
  const reading = new Progress("read");
  const files = await readFiles(drive, reading);
  reading.done();
  console.log(drawLayout(files, sources.map(({ name }) => name)));
  return written.length === files.length &&
    written.every((sha256, index) => sha256 === files[index].sha256);
}

async function main(): Promise<number> {
  const directory = process.argv[2] ?? process.cwd();
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    console.error(`${directory} is no directory: deno task demo [DIRECTORY]`);
    return 1;
  }
  const target = await serveTarget({
    listen: { hostname: "127.0.0.1", port: 0 },
    targetName: "iqn.2026-03.com.example:demo",
    units: [{ lun: 0, device: new SimulatedDrive({ medium: new MemoryMedium() }) }],
  });
  try {
    console.log(`serving  ${target.urls[0]}`);
    const drive = await openTape(target.urls[0], { readAhead: READ_AHEAD });
    try {
      const same = await run(drive, directory);
      console.log(same ? "verified" : "NOT verified: what was read differs from what was written");
      return same ? 0 : 1;
    } finally {
      await drive.close();
    }
  } finally {
    await target.close();
  }
}

process.exitCode = await main();
