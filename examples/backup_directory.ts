/**
 * Appends a tar archive of a directory to a tape, as a file of its own: records of 256 KiB, then a filemark. GNU tar
 * reads it, too: `tape read - | tar -xf -`.
 *
 *     deno run -A examples/backup_directory.ts sim:backup.tap photos
 *
 * @module
 */

import { createReadStream, type Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { openTape, type TapeDrive } from "@uiscsi/tape";
import { type Pack, pack } from "tar-stream";

const [address, directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("Usage: backup_directory.ts ADDRESS DIRECTORY");

const drive = await openTape(address, { writeBehind: 4 });
try {
  await drive.space("end-of-data");
  const { file } = await drive.position();
  const archive = pack();
  const [bytes] = await Promise.all([writeToTape(drive, archive), fill(archive, directory)]);
  console.log(`${bytes} bytes written to tape as file ${file}`);
} finally {
  await drive.close();
}

async function writeToTape(drive: TapeDrive, archive: Pack): Promise<number> {
  let bytes = 0;
  const writer = drive.writable({ blockBytes: 256 * 1024, filemark: true }).getWriter();
  for await (const chunk of archive as AsyncIterable<Uint8Array>) {
    await writer.write(chunk);
    bytes += chunk.length;
  }
  await writer.close(); // Resolves when all of it is on the medium.
  return bytes;
}

async function fill(archive: Pack, directory: string): Promise<void> {
  try {
    for (const name of (await readdir(directory, { recursive: true })).sort()) {
      await add(archive, name.replaceAll("\\", "/"), join(directory, name));
    }
    archive.finalize();
  } catch (error) {
    archive.destroy(error as Error); // Ends the writing, too.
    throw error;
  }
}

async function add(archive: Pack, name: string, path: string): Promise<void> {
  const status: Stats = await lstat(path);
  const { size, mode, mtime } = status;
  if (status.isDirectory()) archive.entry({ name, mode, mtime, type: "directory" });
  if (!status.isFile()) return;
  await new Promise<void>((resolve, reject) => {
    const entry = archive.entry(
      { name, mode, mtime, size },
      (error) => error ? reject(error) : resolve(),
    );
    if (size === 0) return entry.end(undefined);
    createReadStream(path, { end: size - 1 }).on("error", reject).pipe(entry);
  });
}
