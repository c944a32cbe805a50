/**
 * Packs the package for npm: what `deno pack` makes, and the command `tape`, which `deno pack` knows no way to name.
 *
 *     deno task pack [FILE.tgz]
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import { argument } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { extract, pack } from "tar-stream";
import { withoutDeadLinks } from "./packed_links.ts";
import { taskOptions } from "./task_options.ts";

/** One file of a tar archive. */
interface ArchivedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Permission bits. */
  readonly mode?: number;
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** What makes a folder that npm calls a package a command as well, and tells where it runs. */
const ADDED_FACTS = {
  description: "A tape drive over iSCSI, entirely in user space",
  keywords: ["tape", "iscsi", "scsi", "lto", "backup", "vtl"],
  bin: { tape: "./bin/tape.js" },
  engines: { node: ">=22", bun: ">=1.3" },
};

const COMMAND = `#!/usr/bin/env node
import process from "node:process";
import { runProgram } from "../cli/program.js";

// Bun calls itself a recent Node.
if (parseInt(process.versions.node) >= 22) runProgram();
else {
  console.error("tape: It needs Node 22 or later, and this is Node " + process.versions.node);
  process.exitCode = 2;
}
`;

/** The files of an archive, in its order. */
async function filesIn(archive: Uint8Array): Promise<ArchivedFile[]> {
  const files: ArchivedFile[] = [];
  const entries = extract();
  entries.end(gunzipSync(archive));
  for await (const entry of entries) {
    files.push({ name: entry.header.name, bytes: await buffer(entry) });
  }
  return files;
}

async function archiveOf(files: readonly ArchivedFile[]): Promise<Uint8Array> {
  const archive = pack();
  // The same files make the same archive, whenever that is.
  const mtime = new Date(0);
  for (const { name, bytes, mode = 0o644 } of files) {
    archive.entry({ name, mode, mtime }, Buffer.from(bytes));
  }
  archive.finalize();
  return gzipSync(await buffer(archive));
}

function withCommand(files: readonly ArchivedFile[]): ArchivedFile[] {
  const manifest = "package/package.json";
  const facts = files.find(({ name }) => name === manifest);
  assert.ok(facts, "deno pack has made a package.json");
  const all = { ...JSON.parse(new TextDecoder().decode(facts.bytes)), ...ADDED_FACTS };
  return [
    { name: manifest, bytes: new TextEncoder().encode(`${JSON.stringify(all, null, 2)}\n`) },
    ...files.filter((file) => file !== facts),
    { name: "package/bin/tape.js", bytes: new TextEncoder().encode(COMMAND), mode: 0o755 },
  ];
}

/** What the documents lead to, they lead to in the package. */
function withLivingLinks(files: readonly ArchivedFile[]): ArchivedFile[] {
  const names = new Set(files.map(({ name }) => name));
  return files.map((file) => {
    if (!file.name.endsWith(".md")) return file;
    const text = withoutDeadLinks(new TextDecoder().decode(file.bytes), file.name, names);
    return { ...file, bytes: new TextEncoder().encode(text) };
  });
}

/** The archive that `deno pack` makes. */
function denoPacked(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "tape-pack-"));
  try {
    const path = join(folder, "package.tgz");
    execFileSync(process.execPath, ["pack", "--quiet", "--allow-dirty", "-o", path], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "inherit"],
    });
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { version } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
const { path } = taskOptions(
  "pack",
  object({
    path: withDefault(
      argument(string({ metavar: "FILE.tgz" }), { description: message`The package.` }),
      `uiscsi-tape-${version}.tgz`,
    ),
  }),
);
writeFileSync(path, await archiveOf(withLivingLinks(withCommand(await filesIn(denoPacked())))));
console.log(path);
