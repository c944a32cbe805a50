/**
 * Unpacks a tar archive from a tape into a directory. Files are counted from 0, as `tape asf` counts them; nothing that
 * is there already is overwritten.
 *
 *     deno run -A examples/restore_directory.ts sim:backup.tap 0 restored
 *
 * @module
 */

import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import process from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openTape, type TapeDrive } from "@uiscsi/tape";
import { extract } from "tar-stream";

const [address, file, directory] = process.argv.slice(2);
if (!address || !directory) throw new Error("Usage: restore_directory.ts ADDRESS FILE DIRECTORY");

const drive = await openTape(address, { readAhead: 8 });
try {
  await drive.rewind();
  if (Number(file) > 0) await drive.space("filemarks", Number(file));
  console.log(`${await unpack(drive, resolve(directory))} files restored`);
} finally {
  await drive.close();
}

async function unpack(drive: TapeDrive, root: string): Promise<number> {
  let files = 0;
  const archive = extract();
  Readable.from(drive.records()).on("error", (error) => archive.destroy(error)).pipe(archive);
  for await (const entry of archive) {
    const { name, type, mode } = entry.header;
    const path = resolve(root, name);
    // A name with ".." in it must not lead out of the directory.
    if (path !== root && !path.startsWith(root + sep)) throw new Error(`Not restored: ${name}`);
    if (type === "directory") await mkdir(path, { recursive: true });
    if (type === "file") {
      await mkdir(dirname(path), { recursive: true });
      await pipeline(entry, createWriteStream(path, { flags: "wx", mode }));
      files++;
    } else entry.resume();
  }
  return files;
}
