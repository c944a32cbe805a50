import { formatBytes, formatCount } from "../byte_size.ts";
import type { FileFacts } from "../transfer/file_tally.ts";

/** What the drawing tells beside the files. */
export interface TapeMapTitle {
  /** The drive, for people. */
  readonly drive: string;
  /** The device's address. */
  readonly address: string;
}

const WIDTH = 960;
const MARGIN = 32;
const STRIP = WIDTH - 2 * MARGIN;
const ROW_HEIGHT = 34;
const ROW_GAP = 10;
const TOP = 92;
/** A file with next to nothing in it can still be seen. */
const MIN_FILE_WIDTH = 4;
const FILES_A_ROW = 12;
const MAX_ROWS = 16;
/** Files that the list under the drawing has room for. */
const LISTED = 60;
const LINE_HEIGHT = 20;

/** Told apart by people with any colour vision. */
const COLOURS = ["#0072b2", "#56b4e9", "#009e73", "#e69f00", "#cc79a7", "#8c6bb1"];
/** Classes of what is no file; dark where people like it so. */
const STYLE = [
  ".paper { fill: #ffffff }",
  ".track { fill: #eef0f2 }",
  ".ink { fill: #20262e }",
  ".pale { fill: #6a737d }",
  ".unreadable { fill: #d00000 }",
  "@media (prefers-color-scheme: dark) {",
  "  .paper { fill: #0d1117 }",
  "  .track { fill: #262c36 }",
  "  .ink { fill: #e6edf3 }",
  "  .pale { fill: #9198a1 }",
  "  .unreadable { fill: #ff6b6b }",
  "}",
];

type DrawnClass = "ink" | "pale" | "unreadable";

interface Segment {
  readonly row: number;
  readonly x: number;
  readonly width: number;
}

/** The layout of a tape as a picture: its files to scale from left to right, row by row, and a list of them. */
export function tapeMapSvg(files: readonly FileFacts[], title: TapeMapTitle): string {
  const rows = Math.min(MAX_ROWS, Math.max(1, Math.ceil(files.length / FILES_A_ROW)));
  const listed = files.slice(0, LISTED);
  const listTop = TOP + rows * (ROW_HEIGHT + ROW_GAP) + 30;
  const more = files.length > listed.length ? 1 : 0;
  const height = listTop + (listed.length + 1 + more) * LINE_HEIGHT + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
    `viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13" ` +
    `role="img" aria-labelledby="title">`,
    `<title id="title">A tape: ${totals(files)}</title>`,
    ...["<style>", ...STYLE, "</style>"],
    `<rect class="paper" width="100%" height="100%"/>`,
    ...heading(files, title),
    ...strip(files, rows),
    ...list(listed, listTop),
    ...(more > 0
      ? [text(
        MARGIN,
        listTop + (listed.length + 1) * LINE_HEIGHT,
        `and ${files.length - LISTED} more files`,
        "pale",
      )]
      : []),
    "</svg>\n",
  ].join("\n");
}

function totals(files: readonly FileFacts[]): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const records = files.reduce((sum, file) => sum + file.records, 0);
  const bad = files.reduce((sum, file) => sum + file.unreadable.length, 0);
  return [
    formatCount(files.length, "file"),
    formatCount(records, "record"),
    formatBytes(bytes),
    ...(bad > 0 ? [`${bad} unreadable`] : []),
  ].join(" · ");
}

function heading(files: readonly FileFacts[], { drive, address }: TapeMapTitle): string[] {
  return [
    `<text class="ink" x="${MARGIN}" y="38" font-size="19" font-weight="600">${
      escaped(drive)
    }</text>`,
    text(MARGIN, 58, address, "pale"),
    text(MARGIN, 78, totals(files)),
  ];
}

function strip(files: readonly FileFacts[], rows: number): string[] {
  const tracks = Array.from({ length: rows }, (_, row) => {
    const y = rowTop(row);
    return `<rect class="track" x="${MARGIN}" y="${y}" width="${STRIP}" height="${ROW_HEIGHT}" rx="3"/>`;
  });
  const widths = fileWidths(files, STRIP * rows);
  let at = 0;
  const parts = files.flatMap((file, index) => {
    const drawn = fileParts(file, at, widths[index]);
    at += widths[index];
    return drawn;
  });
  return [...tracks, ...parts];
}

/** Widths that add up to at most `room`: to scale, except that none is too thin to be seen. */
function fileWidths(files: readonly FileFacts[], room: number): number[] {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const least = Math.min(MIN_FILE_WIDTH, room / Math.max(1, files.length));
  const spare = room - least * files.length;
  return files.map((file) => least + (bytes === 0 ? 0 : spare * file.bytes / bytes));
}

function fileParts(file: FileFacts, at: number, width: number): string[] {
  const colour = COLOURS[file.file % COLOURS.length];
  const title = `<title>${escaped(fileText(file))}</title>`;
  const body = segments(at, width).map(({ row, x, width }) =>
    `<rect x="${x.toFixed(1)}" y="${rowTop(row)}" width="${width.toFixed(1)}" ` +
    `height="${ROW_HEIGHT}" fill="${colour}">${title}</rect>`
  );
  const bad = file.unreadable.map(({ object }) =>
    tick(at + width * placeOf(object, file), "unreadable", 2.5)
  );
  const mark = file.end === "filemark" ? [tick(at + width - 0.75, "ink", 1.5)] : [];
  return [...body, ...bad, ...mark];
}

/** Where in a file an object lies, 0 to 1. */
function placeOf(object: number | undefined, file: FileFacts): number {
  const objects = file.records + file.unreadable.length;
  if (object === undefined || file.position === undefined) return 0.5;
  return Math.min(1, (object - file.position + 0.5) / Math.max(1, objects));
}

/** A stretch of the tape, cut where the rows end. */
function segments(at: number, width: number): Segment[] {
  const parts: Segment[] = [];
  let from = at;
  const end = at + width;
  while (from < end - 1e-9) {
    const row = Math.floor(from / STRIP + 1e-9);
    const to = Math.min(end, (row + 1) * STRIP);
    parts.push({ row, x: MARGIN + from - row * STRIP, width: to - from });
    from = to;
  }
  return parts;
}

function tick(at: number, drawnAs: DrawnClass, width: number): string {
  const row = Math.floor(at / STRIP);
  const x = MARGIN + at - row * STRIP - width / 2;
  return `<rect class="${drawnAs}" x="${x.toFixed(1)}" y="${rowTop(row) - 3}" width="${width}" ` +
    `height="${ROW_HEIGHT + 6}"/>`;
}

function rowTop(row: number): number {
  return TOP + row * (ROW_HEIGHT + ROW_GAP);
}

const COLUMNS = [56, 130, 230, 340, 480, 760];

function list(files: readonly FileFacts[], top: number): string[] {
  const headings = ["File", "Block", "Records", "Bytes", "Record sizes", "Ends with"];
  const lines = files.map((file, index) => {
    const y = top + (index + 1) * LINE_HEIGHT;
    const colour = COLOURS[file.file % COLOURS.length];
    const swatch = `<rect x="${MARGIN}" y="${
      y - 11
    }" width="13" height="13" rx="2" fill="${colour}"/>`;
    return [swatch, ...cells(file).map((cell, column) => text(COLUMNS[column], y, cell))].join("");
  });
  return [
    headings.map((heading, column) => text(COLUMNS[column], top, heading, "pale")).join(""),
    ...lines,
  ];
}

function cells(file: FileFacts): string[] {
  const { position, records, bytes, end, unreadable } = file;
  const bad = unreadable.length === 0 ? "" : `, ${unreadable.length} unreadable`;
  return [
    String(file.file),
    position === undefined ? "?" : String(position),
    String(records),
    formatBytes(bytes),
    sizes(file),
    `${end.replaceAll("-", " ")}${bad}`,
  ];
}

function sizes({ runs, moreRuns, shortestRecord, longestRecord, records }: FileFacts): string {
  if (records === 0) return "none";
  if (moreRuns || runs.length > 2) return `${shortestRecord} to ${longestRecord}`;
  return runs.map(({ bytes, count }) => `${count} × ${bytes}`).join(", ");
}

function fileText(file: FileFacts): string {
  return `File ${file.file}: ${formatCount(file.records, "record")}, ${formatBytes(file.bytes)}`;
}

function text(x: number, y: number, content: string, drawnAs: DrawnClass = "ink"): string {
  return `<text class="${drawnAs}" x="${x}" y="${y}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
