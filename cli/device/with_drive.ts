import type { OpenTapeOptions, TapeDrive, TapePosition } from "../../mod.ts";
import type { CommandContext } from "../command.ts";
import { connectionSettings } from "./connection_settings.ts";
import { simulatedImage } from "./simulated_image.ts";
import { noticeTeller } from "../report/drive_notices.ts";
import { UsageError } from "../usage_error.ts";

/** Options of `openTape` that a command sets itself. */
export type DriveOptions = Pick<
  OpenTapeOptions,
  "exclusive" | "readAhead" | "recordBytesHint" | "requireMedium"
>;

/** Options of {@link withDrive}. */
export interface WithDriveOptions extends DriveOptions {
  /** What messages call its tape, where there are two. @default "The tape" */
  readonly tapeName?: string;
  /** Whether the drive must have a key that it writes with. @default false */
  readonly encrypted?: boolean;
}

/** Why a tape may stand elsewhere than is told. */
export interface PlaceDoubt {
  /** What would have made it certain. */
  readonly attempt: "asking where it stands" | "closing the drive";
  /** What that has met. */
  readonly error: Error;
}

/** Options of {@link LocatedFailure}. */
export interface LocatedFailureOptions {
  /** @default "The tape" */
  readonly tapeName?: string;
  /** @default false */
  readonly isSimulated?: boolean;
  /** @default nothing */
  readonly doubt?: PlaceDoubt;
}

/**
 * An operation on a drive failed, and this is where the tape stands now. `cause` is what went wrong; with two drives at
 * work, that of the one opened first is the failure of the other one.
 */
export class LocatedFailure extends Error {
  override name = "LocatedFailure";
  /** Where the tape stands, if the drive could tell. */
  readonly position: TapePosition | undefined;
  /** Why it may stand elsewhere after all. */
  readonly doubt: PlaceDoubt | undefined;
  /** What messages call the tape. */
  readonly tapeName: string;
  /** Whether the tape is an image in a simulated drive. */
  readonly isSimulated: boolean;

  constructor(
    cause: unknown,
    position: TapePosition | undefined,
    { tapeName = "The tape", isSimulated = false, doubt }: LocatedFailureOptions = {},
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.position = position;
    this.doubt = doubt;
    this.tapeName = tapeName;
    this.isSimulated = isSimulated;
  }
}

/** The address of the device that the command line or the environment names. @throws {UsageError} when neither does. */
export function deviceAddress(context: CommandContext): string {
  const address = context.options.device ?? context.host.env.TAPE;
  if (address === undefined || address === "") {
    throw new UsageError("No device given: use -f DEVICE or set TAPE in the environment");
  }
  return address;
}

/**
 * Opens the drive, uses it, closes it whatever happens.
 *
 * @throws {LocatedFailure} when `use` threw.
 */
export async function withDrive<T>(
  context: CommandContext,
  use: (drive: TapeDrive) => Promise<T>,
  options: WithDriveOptions = {},
): Promise<T> {
  const { tapeName, encrypted = false, ...driveOptions } = options;
  const address = deviceAddress(context);
  const { host, interruption, devices } = context;
  const { signal } = interruption;
  const settings = await connectionSettings({ options: context.options, host, signal, address });
  const timeouts = driveTimeouts(context.options.timeoutMs);
  const onNotice = noticeTeller(context.reporter);
  const drive = await devices.openTape(address, {
    ...settings,
    ...timeouts,
    ...driveOptions,
    onNotice,
  });
  try {
    if (encrypted) await drive.encryption.require({ signal });
    const result = await use(drive);
    await drive.close();
    return result;
  } catch (error) {
    const { position, doubt }: Place = signal.aborted ? {} : await placeAfter(error, drive);
    throw new LocatedFailure(error, position, {
      tapeName,
      isSimulated: simulatedImage(address) !== undefined,
      doubt: await closeAfter(error, drive) ?? doubt,
    });
  }
}

/** The same time for every command, and for the tape to become ready. */
function driveTimeouts(
  timeoutMs: number | undefined,
): Pick<OpenTapeOptions, "timeouts" | "loadPolling"> {
  if (timeoutMs === undefined) return {};
  const loadPolling = { intervalMs: 1000, count: Math.ceil(timeoutMs / 1000) };
  return { timeouts: commandTimeouts(timeoutMs), loadPolling };
}

/** The same time for each of the operation codes. */
export function commandTimeouts(timeoutMs: number): Record<number, number> {
  return Object.fromEntries(Array.from({ length: 256 }, (_, code) => [code, timeoutMs]));
}

/** Where the tape stands, or `undefined` when the drive cannot tell. Never throws. */
export async function positionIfKnown(drive: TapeDrive): Promise<TapePosition | undefined> {
  return (await placeAfter(undefined, drive)).position;
}

/** What the drive says of where the tape stands. */
interface Place {
  readonly position?: TapePosition;
  readonly doubt?: PlaceDoubt;
}

/** It is here that a drive tells what the READs ahead have met, and only once. */
async function placeAfter(failure: unknown, drive: TapeDrive): Promise<Place> {
  try {
    const position = await drive.position();
    return position.known ? { position } : {};
  } catch (error) {
    return { doubt: doubtOf("asking where it stands", error, failure) };
  }
}

/** Closing the drive brings the tape to where it should stand. */
async function closeAfter(failure: unknown, drive: TapeDrive): Promise<PlaceDoubt | undefined> {
  try {
    await drive.close();
    return undefined;
  } catch (error) {
    return doubtOf("closing the drive", error, failure);
  }
}

/** None where it was this that had failed. */
function doubtOf(
  attempt: PlaceDoubt["attempt"],
  error: unknown,
  failure: unknown,
): PlaceDoubt | undefined {
  if (error === failure) return undefined;
  return { attempt, error: error instanceof Error ? error : new Error(String(error)) };
}
