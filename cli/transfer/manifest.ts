import { CommandFailure } from "../command_failure.ts";
import type { FileFacts } from "./file_tally.ts";

/** One file on tape, as a manifest tells it. */
export interface ManifestFile {
  /** What it was called where it came from; `-` was standard input. */
  readonly name: string;
  /** Number of its first object in its partition, when the drive told. */
  readonly position?: number;
  readonly partition: number;
  readonly records: number;
  /** Bytes of the file. */
  readonly bytes: number;
  /** Zero bytes that fill up its last block in fixed-block mode; they are not part of the file. */
  readonly paddingBytes: number;
  /** Of the file, 64 hex digits. */
  readonly sha256: string;
  /** Of the file with its `paddingBytes`, where there are any. */
  readonly paddedSha256?: string;
}

/** One file on tape, as far as was asked for: a manifest wants the rest, too. */
export type CountedFile =
  & Omit<ManifestFile, "partition" | "sha256">
  & Partial<Pick<ManifestFile, "partition" | "sha256">>;

/** Whether a manifest can have the file. */
export function isDescribed(file: CountedFile): file is ManifestFile {
  return file.partition !== undefined && file.sha256 !== undefined;
}

/** What a write put on tape. */
export interface Manifest {
  readonly format: "uiscsi-tape-manifest";
  readonly version: 1;
  readonly files: readonly ManifestFile[];
}

/** A manifest as text. */
export function manifestText(files: readonly ManifestFile[]): string {
  const manifest: Manifest = { format: "uiscsi-tape-manifest", version: 1, files };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/**
 * Reads a manifest.
 *
 * @throws {CommandFailure} when the text is none.
 */
export function parseManifest(text: string, path: string): Manifest {
  const refuse = (why: string) => new CommandFailure(`Reading the manifest ${path}: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse("it is no JSON document");
  }
  const { format, version, files } = (value ?? {}) as Partial<Manifest>;
  if (format !== "uiscsi-tape-manifest") throw refuse("it is no manifest of tape write");
  if (version !== 1) throw refuse(`version ${version} is unknown here`);
  if (!Array.isArray(files) || !files.every(isFile)) throw refuse("its list of files is damaged");
  return value as Manifest;
}

function isFile(value: unknown): value is ManifestFile {
  const { name, position, partition, records, bytes, paddingBytes, sha256, paddedSha256 } =
    (value ?? {}) as Partial<ManifestFile>;
  const isHash = (hash: unknown) => typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash);
  const isCount = (count: unknown) => Number.isSafeInteger(count) && (count as number) >= 0;
  return typeof name === "string" && [partition, records, bytes, paddingBytes].every(isCount) &&
    (position === undefined || isCount(position)) &&
    isHash(sha256) && (paddedSha256 === undefined || isHash(paddedSha256));
}

/** How what was read differs from what a manifest says; `undefined` when it does not. */
export function difference(
  expected: ManifestFile,
  read: FileFacts | undefined,
): string | undefined {
  if (read === undefined) return "it is not there";
  if (read.unreadable.length > 0) return `${read.unreadable.length} of its records are unreadable`;
  const bytes = expected.bytes + expected.paddingBytes;
  if (read.bytes !== bytes) return `it has ${read.bytes} bytes, not ${bytes}`;
  if (read.records !== expected.records) {
    return `it has ${read.records} records, not ${expected.records}`;
  }
  if (read.sha256 !== (expected.paddedSha256 ?? expected.sha256)) {
    return "its bytes differ: the SHA-256 is another one";
  }
  return undefined;
}
