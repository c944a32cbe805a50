import { formatBytes, formatCount, formatRate, megabytesPerSecond } from "../byte_size.ts";

/** What a transfer moved. */
export interface TransferReport {
  readonly records: number;
  readonly bytes: number;
  readonly seconds: number;
  /** 10^6 bytes a second. */
  readonly megabytesPerSecond: number;
}

/** What has been moved up to now: a {@link Progress}, or a part of it that is known to be safe. */
export function transferReport(
  moved: { readonly records: number; readonly bytes: number; readonly elapsedMs: number },
): TransferReport {
  const { records, bytes, elapsedMs } = moved;
  return {
    records,
    bytes,
    seconds: elapsedMs / 1000,
    megabytesPerSecond: megabytesPerSecond(bytes, elapsedMs),
  };
}

/** The same for people: `256 records, 67108864 bytes (67.1 MB), 0.2 s, 398.2 MB/s`. */
export function transferText(report: TransferReport): string {
  const { records, bytes, seconds } = report;
  const rounded = bytes >= 1000 ? ` (${formatBytes(bytes)})` : "";
  return [
    formatCount(records, "record"),
    `${formatCount(bytes, "byte")}${rounded}`,
    `${seconds.toFixed(1)} s`,
    formatRate(bytes, seconds * 1000),
  ].join(", ");
}

/** Filemarks for people: `one filemark`, `3 filemarks`. */
export function filemarksText(count: number): string {
  return count === 1 ? "one filemark" : `${count} filemarks`;
}
