import { formatBytes, formatCount } from "../byte_size.ts";
import type { FileFacts, RecordRun } from "../transfer/file_tally.ts";
import { columns } from "./reporter.ts";

/** Runs of records that a line has room for. */
const SHOWN_RUNS = 4;

const HEADINGS = ["FILE", "BLOCK", "RECORDS", "BYTES", "RECORD SIZES", "ENDS WITH"];

/** The files of a tape as a table, one a line, and what they come to. */
export function tapeMapText(files: readonly FileFacts[]): string {
  if (files.length === 0) return "The tape holds no data from here on";
  const rows = files.map((file) => [
    String(file.file),
    file.position === undefined ? "?" : String(file.position),
    String(file.records),
    String(file.bytes),
    sizesText(file),
    endText(file),
  ]);
  return [columns([HEADINGS, ...rows]), totalText(files)].join("\n");
}

/** `256 x 262144, 1 x 1000`; of very mixed ones the range. */
function sizesText({ runs, moreRuns, shortestRecord, longestRecord, records }: FileFacts): string {
  if (records === 0) return "none";
  if (moreRuns || runs.length > SHOWN_RUNS) return `mixed, ${shortestRecord} to ${longestRecord}`;
  return runs.map(runText).join(", ");
}

function runText({ bytes, count }: RecordRun): string {
  return `${count} x ${bytes}`;
}

function endText({ end, unreadable }: FileFacts): string {
  const bad = unreadable.length === 0 ? "" : `, ${unreadable.length} unreadable`;
  return `${end.replaceAll("-", " ")}${bad}`;
}

function totalText(files: readonly FileFacts[]): string {
  const records = files.reduce((sum, file) => sum + file.records, 0);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const bad = files.reduce((sum, file) => sum + file.unreadable.length, 0);
  const parts = [
    formatCount(files.length, "file"),
    formatCount(records, "record"),
    `${formatCount(bytes, "byte")}${bytes >= 1000 ? ` (${formatBytes(bytes)})` : ""}`,
  ];
  if (bad > 0) parts.push(`${bad} unreadable`);
  return parts.join(", ");
}
