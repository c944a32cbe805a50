/**
 * Executing a command and insisting that it succeeds.
 *
 * @module
 */

import { commandName } from "./command_table.ts";
import { CheckConditionError, ScsiStatusError } from "./errors.ts";
import type { LogicalUnit, ScsiCommand, ScsiResult } from "./logical_unit.ts";
import { decodeSense, type Sense } from "./sense.ts";
import { SenseKey } from "./sense_codes.ts";
import { Status } from "./status.ts";

/** Options of everything that sends commands. */
export interface CommandOptions {
  /** Aborts the command; the promise then rejects with the signal's reason. @default none */
  signal?: AbortSignal;
  /** Milliseconds until the command is aborted. @default the command table's value for the operation code */
  timeoutMs?: number;
}

/** Options of {@link executeChecked} and {@link statusError}. */
export interface ExecuteOptions {
  /** Peripheral device type, which tells apart commands that share an operation code in messages. @default unknown */
  deviceType?: number;
}

/**
 * Whether sense data reports something beside a command that was completed: a current RECOVERED ERROR, or an
 * informational NO SENSE (a failure prediction, SPC-5 §7.5.15 MRIE 4 and 5). Filemark, end of medium, incorrect
 * length and the other conditions of ASC 00h are outcomes that the caller must see, and sense data that says
 * nothing at all proves nothing.
 */
export function isInformational(sense: Sense): boolean {
  if (sense.format === "none" || sense.deferred) return false;
  if (sense.filemark || sense.endOfMedium || sense.incorrectLength) return false;
  if (sense.asc === 0 && sense.ascq !== 0) return false;
  return sense.key === SenseKey.RecoveredError ||
    (sense.key === SenseKey.NoSense && sense.asc !== 0);
}

/** The error that a status other than GOOD amounts to, for whoever executes commands without {@link executeChecked}. */
export function statusError(
  unit: Pick<LogicalUnit, "name">,
  cdb: Uint8Array,
  result: Pick<ScsiResult, "status" | "sense">,
  options: ExecuteOptions = {},
): ScsiStatusError {
  const about = { commandName: commandName(cdb, options), opcode: cdb[0], unitName: unit.name };
  return result.status === Status.CheckCondition
    ? new CheckConditionError({ ...about, sense: decodeSense(result.sense) })
    : new ScsiStatusError({ ...about, status: result.status });
}

function succeeded(result: ScsiResult): boolean {
  if (result.status === Status.Good || result.status === Status.ConditionMet) return true;
  return result.status === Status.CheckCondition && isInformational(decodeSense(result.sense));
}

/**
 * Executes a command and resolves when it succeeded: status GOOD or CONDITION MET, or CHECK CONDITION with sense
 * data that is merely informational (see {@link isInformational}; it is in the result's `sense`). Sends the command
 * once, whatever comes back.
 *
 * @throws {CheckConditionError} when the device answered CHECK CONDITION.
 * @throws {ScsiStatusError} when it answered another status, BUSY for instance.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function executeChecked(
  unit: LogicalUnit,
  command: ScsiCommand,
  options: ExecuteOptions = {},
): Promise<ScsiResult> {
  const result = await unit.execute(command);
  if (succeeded(result)) return result;
  throw statusError(unit, command.cdb, result, options);
}

/**
 * Executes a command that brings data and resolves to the bytes that came, at most `length`. The array is the caller's.
 *
 * @throws {CheckConditionError} when the device answered CHECK CONDITION.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function executeDataIn(
  unit: LogicalUnit,
  cdb: Uint8Array,
  length: number,
  options: CommandOptions & ExecuteOptions = {},
): Promise<Uint8Array> {
  const { signal, timeoutMs, deviceType } = options;
  const dataIn = new Uint8Array(length);
  const { dataInLength } = await executeChecked(
    unit,
    { cdb, dataIn, signal, timeoutMs },
    { deviceType },
  );
  return dataIn.subarray(0, dataInLength);
}
