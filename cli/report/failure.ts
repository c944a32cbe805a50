import type { TapePosition } from "../../mod.ts";
import { ChangerError } from "../../changer/errors.ts";
import { InvalidOptionError } from "../../iscsi/errors.ts";
import {
  ScsiStatusError,
  ServiceDeliveryError,
  UnexpectedResponseError,
} from "../../scsi/errors.ts";
import { ImageFormatError, ImageInUseError } from "../../sim/images/errors.ts";
import { MediumStoreError } from "../../sim/tape/medium.ts";
import { TapeError } from "../../tape/errors.ts";
import type { WriteOutcome } from "../../tape/write_ledger.ts";
import { TransportError } from "../../transport/errors.ts";
import { adviceFor } from "./advice.ts";
import { changerMessage } from "./changer_advice.ts";
import { CommandFailure, InterruptedTransfer } from "../command_failure.ts";
import { InterruptedError } from "../host/interruption.ts";
import { positionText } from "./position_text.ts";
import { UsageError } from "../usage_error.ts";
import { LocatedFailure } from "../device/with_drive.ts";

/** What to tell about a failure. */
export interface FailureReport {
  /** 1 bad usage, 2 the operation failed. */
  readonly exitStatus: 1 | 2;
  /** For people: what went wrong, and then what helps. */
  readonly lines: readonly string[];
  /** For programs: with `--json`. */
  readonly document: object;
}

/** Options of {@link describeFailure}. */
export interface DescribeFailureOptions {
  /** Whether to give the stack and all causes. */
  readonly verbose: boolean;
}

/** Errors that are no fault of this program. */
const EXPECTED = [
  ChangerError,
  CommandFailure,
  ImageFormatError,
  ImageInUseError,
  InterruptedError,
  MediumStoreError,
  ScsiStatusError,
  ServiceDeliveryError,
  TapeError,
  TransportError,
  UnexpectedResponseError,
] as const;

const MISUSE = [InvalidOptionError, UsageError] as const;

/** Says what went wrong, where the tape stands, and what to do about it. */
export function describeFailure(error: unknown, options: DescribeFailureOptions): FailureReport {
  const { verbose } = options;
  const { cause, places } = locate(error);
  const isMisuse = MISUSE.some((type) => cause instanceof type);
  const lines = [messageOf(cause), ...hints(places, cause)];
  if (isMisuse) lines.push("tape --help, and tape COMMAND --help, tell how to use it");
  if (verbose) lines.push(...stacks(cause));
  return { exitStatus: isMisuse ? 1 : 2, lines, document: { error: errorDocument(places, cause) } };
}

/** What went wrong, and the tapes that were at work. */
function locate(error: unknown): { cause: unknown; places: readonly LocatedFailure[] } {
  const places: LocatedFailure[] = [];
  let cause = error;
  while (cause instanceof LocatedFailure) {
    places.push(cause);
    cause = cause.cause;
  }
  return { cause, places };
}

function hints(places: readonly LocatedFailure[], cause: unknown): string[] {
  const lines = places.flatMap((place) => whereItStands(place, cause));
  lines.push(...advice(places, cause));
  if (!isExpected(cause)) lines.push("This was not expected: --verbose shows where it happened");
  return lines;
}

function whereItStands(
  { tapeName, position, doubt }: LocatedFailure,
  cause: unknown,
): string[] {
  // Some drives never tell.
  if (position === undefined && !(cause instanceof InterruptedTransfer)) return [];
  const place = position === undefined ? " behind the last of that" : `: ${positionText(position)}`;
  if (doubt === undefined) return [`${tapeName} stands${place}`];
  return [
    `${tapeName} should stand${place}; that is not certain, for ${doubt.attempt} failed: ` +
    messageOf(doubt.error),
  ];
}

/** What is known to help against an error and those underneath. */
function advice(places: readonly LocatedFailure[], error: unknown): string[] {
  if (isOfImage(places, error)) return [IMAGE_ADVICE];
  const found = new Set<string>();
  for (let each = error; each instanceof Error; each = each.cause) {
    const known = adviceFor(each);
    if (known !== undefined) found.add(known);
  }
  return [...found];
}

const IMAGE_ADVICE = "The drive is simulated: look after its image, and the disk that it lies on";

/** Whether a simulated drive reports a fault of its tape or its own. With two drives at work, the last opened is written. */
function isOfImage(places: readonly LocatedFailure[], error: unknown): boolean {
  const told = toldByDrive(error);
  if (told === undefined) return false;
  const { kind, command = "" } = told;
  if (kind !== "medium-error" && kind !== "hardware-error") return false;
  const place = places.at(command.startsWith("WRITE") ? -1 : 0);
  return place?.isSimulated ?? false;
}

/** What the drive has said, which a command may have put into other words. */
function toldByDrive(error: unknown): TapeError | undefined {
  const told = error instanceof CommandFailure ? error.cause : error;
  return told instanceof TapeError ? told : undefined;
}

function isExpected(error: unknown): boolean {
  return [...EXPECTED, ...MISUSE].some((type) => error instanceof type) ||
    systemMessage(error) !== undefined;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ChangerError) return changerMessage(error);
  return systemMessage(error) ?? withSystemWords(error);
}

/** An error's message, with words in the place of what the operating system has said. */
function withSystemWords({ message, cause }: Error): string {
  const words = cause instanceof Error && SYSTEM_MESSAGES[(cause as { code?: string }).code ?? ""];
  if (!words || !message.endsWith(cause.message)) return message;
  return message.slice(0, message.length - cause.message.length) + words;
}

/** The common ones of errno, for people. */
const SYSTEM_MESSAGES: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBADF: "there is no such open descriptor, or not for that",
  EDQUOT: "no space left for this user",
  EEXIST: "it exists already",
  EFBIG: "the file would be too large",
  EIO: "input or output error",
  EISDIR: "it is a directory",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on the device",
  ENOTDIR: "a part of the path is not a directory",
  ENXIO: "it is a socket, which cannot be opened, or a device that is not there",
  EPIPE: "the program that reads it has ended",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
};

/** An error of the operating system, in words; `undefined` for any other error. */
function systemMessage(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path, syscall } = error as { code?: unknown; path?: unknown; syscall?: unknown };
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  const name = path === "" ? '""' : path;
  const what = [syscall ?? "use a file", name].filter((part) => typeof part === "string").join(" ");
  return `Failed to ${what}: ${SYSTEM_MESSAGES[code] ?? code}`;
}

function stacks(error: unknown): string[] {
  const lines: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) {
    lines.push(`${lines.length > 0 ? "Caused by: " : ""}${each.stack ?? each.message}`);
  }
  return lines;
}

/** Everything that the error knows, by the names of its fields. */
function errorDocument(
  places: readonly LocatedFailure[],
  cause: unknown,
): Record<string, unknown> {
  const told = toldByDrive(cause);
  const fields: Record<string, unknown> = cause instanceof Error ? { ...told, ...cause } : {};
  const [position, destinationPosition] = places.map(certainPosition);
  delete fields.cause;
  return {
    ...fields,
    ...(told?.writes && { writes: withoutData(told.writes) }),
    name: nameOf(cause),
    message: messageOf(cause),
    position: places[0]?.doubt === undefined ? position ?? fields.position : undefined,
    destinationPosition,
    advice: advice(places, cause),
  };
}

/** Deno has classes of its own for what its system calls fail with; the code says the same everywhere. */
function nameOf(cause: unknown): string {
  return cause instanceof Error && systemMessage(cause) === undefined ? cause.name : "Error";
}

function certainPosition({ position, doubt }: LocatedFailure): TapePosition | undefined {
  return doubt === undefined ? position : undefined;
}

/** What was to be written is the user's own: a document that ends up in a log tells how much it was. */
function withoutData(writes: WriteOutcome): unknown {
  const unwritten = writes.unwritten.map(({ number, data }) => ({ number, bytes: data.length }));
  return { ...writes, unwritten };
}
