import { createReadStream } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { pack } from "tar-stream";

/** Folders that can be had again and would only make the demonstration longer. */
const LEFT_OUT = new Set(["node_modules", ".git"]);

interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly mtime: Date;
}

/** The regular files below a directory, in the order of their names, up to `maxBytes` in all. */
async function findFiles(directory: string, maxBytes: number): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  let total = 0;
  const walk = async (folder: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) await walk(path);
      if (!entry.isFile()) continue;
      const { size, mtime } = await lstat(path);
      if (total + size > maxBytes) continue;
      total += size;
      found.push({ path, size, mtime });
    }
  };
  await walk(directory);
  return found;
}

/** A tar archive of a directory as a stream of bytes. */
export async function* archiveDirectory(
  directory: string,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  const archive = pack();
  const filling = fill(archive, directory, await findFiles(directory, maxBytes));
  for await (const chunk of archive) yield chunk as Uint8Array;
  await filling;
}

async function fill(
  archive: ReturnType<typeof pack>,
  directory: string,
  files: readonly FoundFile[],
): Promise<void> {
  for (const { path, size, mtime } of files) {
    await new Promise<void>((resolve, reject) => {
      const entry = archive.entry(
        { name: relative(directory, path), size, mtime },
        (error) => error ? reject(error) : resolve(),
      );
      const content = createReadStream(path, { end: Math.max(size - 1, 0) });
      content.on("error", (error) => archive.destroy(error));
      if (size === 0) entry.end(undefined);
      else content.pipe(entry);
    });
  }
  archive.finalize();
}
