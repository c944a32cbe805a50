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
if (!address || !directory) throw new Error("Usage: backup_directory.ts ADDRESS DIRECTORY");

const drive = await openTape(address, { writeBehind: 4 });
try {
  await drive.space("end-of-data");
  const { file } = await drive.position();
  const archive = pack();
  fill(archive, directory).catch((error) => archive.destroy(error)); // Ends the writing, too.
  const bytes = await writeToTape(drive, archive);
  console.log(`${bytes} bytes written to tape as file ${file}`);
} finally {
  await drive.close();
}

async function writeToTape(drive: TapeDrive, archive: Pack): Promise<number> {
  let bytes = 0;
  const writer = drive.writable({ blockBytes: 256 * 1024, filemark: true }).getWriter();
  try {
    for await (const chunk of archive as AsyncIterable<Uint8Array>) {
      await writer.write(chunk);
      bytes += chunk.length;
    }
    await writer.close(); // Resolves when all of it is on the medium.
    return bytes;
  } catch (error) {
    await writer.abort(error).catch(() => {});
    // Half an archive is a file of its own, so that the next one does not become part of it.
    if (bytes > 0) await drive.writeFilemarks().catch(() => {});
    throw error;
  }
}

async function fill(archive: Pack, directory: string): Promise<void> {
  for (const name of (await readdir(directory, { recursive: true })).sort()) {
    await add(archive, name.replaceAll("\\", "/"), join(directory, name));
  }
  archive.finalize();
}

async function add(archive: Pack, name: string, path: string): Promise<void> {
  const status: Stats = await lstat(path);
  const { size, mode, mtime } = status;
  if (status.isDirectory()) archive.entry({ name, mode, mtime, type: "directory" });
  if (!status.isFile()) return;
  await new Promise<void>((resolve, reject) => {
    const done = (error?: Error | null) => error ? reject(error) : resolve();
    const entry = archive.entry({ name, mode, mtime, size }, done).on("error", reject);
    if (size === 0) return entry.end(undefined);
    createReadStream(path, { end: size - 1 }).on("error", reject).pipe(entry);
  });
}
