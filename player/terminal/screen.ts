/**
 * What the player looks like: a snapshot in, lines of text out.
 *
 * @module
 */

import type { PlayerView, TrackView } from "../core/player_view.ts";
import { fitText, printable, textWidth } from "./text_width.ts";

/** Size of a terminal in characters. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** Lines around the playlist. */
const FIXED_ROWS = 15;

const SYMBOLS: Readonly<Record<string, string>> = {
  playing: "▶ Playing",
  paused: "‖ Paused",
  loading: "… Loading",
  stopped: "■ Stopped",
  end: "■ End of the tape",
  error: "✗ Error",
};

/** What the keys do, in full and where there is less room. */
const KEYS = [
  "space play/pause  s stop  n/p next/previous  ,/. ∓10 s  </> ∓1 min  r rewind  t retry  q quit",
  "space play/pause  s stop  n/p next/prev  ,/. ∓10 s  r rewind  t retry  q quit",
];

/** The player as exactly `rows` lines of exactly `columns` columns. */
export function renderScreen(view: PlayerView, size: ScreenSize): string[] {
  const { columns, rows } = size;
  const lines = rows > FIXED_ROWS ? fullScreen(view, size) : smallScreen(view, size);
  const missing = Array<string>(Math.max(0, rows - lines.length)).fill("");
  return [...lines, ...missing].slice(0, rows).map((line) => fitText(printable(line), columns));
}

/** Where there is no room for a playlist: what matters most comes first. */
function smallScreen(view: PlayerView, { columns }: ScreenSize): string[] {
  const track = view.tracks[view.index];
  const [message, more] = complaint(view.failure || track?.problem || "", columns);
  return [
    sides(SYMBOLS[view.status] ?? view.status, position(view), columns),
    track?.name ?? "",
    progress(view.seconds, track?.seconds, columns),
    ...(message === "" ? [] : [message, more]),
    `Tape: ${view.tape}`,
    buffers(view, columns),
    "q quit  space play/pause",
  ];
}

function fullScreen(view: PlayerView, { columns, rows }: ScreenSize): string[] {
  const track = view.tracks[view.index];
  const rule = "─".repeat(Math.max(0, columns));
  const keys = KEYS.find((line) => textWidth(line) <= columns) ?? KEYS[1];
  const head = [
    sides(`Tape player  ${view.drive}`, view.sink, columns),
    sides(
      `Tape: ${view.tape}`,
      `${view.rateNow.toFixed(1)} MB/s now, ${view.rateMean.toFixed(1)} mean`,
      columns,
    ),
    rule,
    sides(SYMBOLS[view.status] ?? view.status, position(view), columns),
    `Artist  ${track?.artist ?? ""}`,
    `Album   ${track?.album ?? ""}`,
    `Title   ${track?.title ?? ""}`,
    `Format  ${track?.format ?? ""}`,
    progress(view.seconds, track?.seconds, columns),
    buffers(view, columns),
    ...complaint(view.failure || track?.problem || "", columns),
    rule,
  ];
  const foot = [rule, keys];
  return [...head, ...playlist(view, rows - FIXED_ROWS, columns), ...foot];
}

/** What is wrong, in two lines, since it also tells what to do. */
function complaint(message: string, columns: number): [string, string] {
  if (message === "") return ["", ""];
  const words = `! ${printable(message)}`.split(" ");
  let first = words.shift() ?? "";
  while (words.length > 0 && textWidth(`${first} ${words[0]}`) <= columns) {
    first += ` ${words.shift()}`;
  }
  return [first, words.length > 0 ? `  ${words.join(" ")}` : ""];
}

/** Track so-and-so of so many. A track is asked for before anyone knows whether there is one. */
function position({ index, tracks, isComplete }: PlayerView): string {
  if (isComplete && tracks.length === 0) return "nothing on the tape";
  if (index >= tracks.length) return `looking for track ${index + 1}`;
  return `track ${index + 1} of ${tracks.length}${isComplete ? "" : " found so far"}`;
}

function progress(seconds: number, total: number | undefined, columns: number): string {
  const text = ` ${clockText(seconds)} / ${total === undefined ? "-:--" : clockText(total)}`;
  return bar(total ? seconds / total : 0, columns - textWidth(text)) + text;
}

function buffers(view: PlayerView, columns: number): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const text = `  Cache ${megabytes(view.cacheBytes)} of ${megabytes(view.maxCacheBytes)} MB`;
  if (view.targetSeconds === 0) return text.trimStart();
  const share = view.bufferedSeconds / view.targetSeconds;
  const seconds = `${view.bufferedSeconds.toFixed(1)} s`;
  const label = share < 1
    ? `Buffer  ${seconds} of ${view.targetSeconds.toFixed(1)} `
    : `Buffer  ${seconds} `;
  return label + bar(share, Math.max(10, columns - textWidth(label) - textWidth(text))) + text;
}

function bar(share: number, columns: number): string {
  const width = Math.max(0, columns - 2);
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${"=".repeat(full)}${" ".repeat(width - full)}]`;
}

/** As many tracks as there is room for, with the present one among them. */
function playlist(view: PlayerView, rows: number, columns: number): string[] {
  const { tracks, index } = view;
  const first = Math.max(0, Math.min(index - Math.floor(rows / 2), tracks.length - rows));
  const lines = tracks.slice(first, first + rows)
    .map((track, at) => trackLine(track, first + at, first + at === index, columns));
  return [...lines, ...Array<string>(rows - lines.length).fill("")];
}

function trackLine(track: TrackView, index: number, isCurrent: boolean, columns: number): string {
  const length = track.seconds === undefined ? "" : clockText(track.seconds);
  const state = track.problem !== "" ? "problem" : track.presence + (track.isVerified ? " ✓" : "");
  const left = `${isCurrent ? ">" : " "}${String(index + 1).padStart(3)}  ${track.name}`;
  const right = `${length.padStart(8)}  ${state.padEnd(10)}`;
  const format = columns >= 100 ? `  ${track.format}` : "";
  return sides(left, `${format}${right}`, columns);
}

/** One text at the left edge and one at the right, which has precedence. */
function sides(left: string, right: string, columns: number): string {
  const end = fitText(printable(right), Math.min(textWidth(printable(right)), columns));
  const room = columns - textWidth(end) - 1;
  return room > 0 ? `${fitText(printable(left), room)} ${end}` : end;
}

/** Minutes and seconds, with hours where there are any. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
