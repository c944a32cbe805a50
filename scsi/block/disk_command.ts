/**
 * Executing commands of disks: under their own names and timeouts, and with every byte accounted for.
 *
 * @module
 */

import { commandFacts } from "../command_table.ts";
import { DeviceType } from "../device_type.ts";
import { UnexpectedResponseError } from "../errors.ts";
import { executeChecked } from "../execute.ts";
import type { LogicalUnit, ScsiCommand, ScsiResult } from "../logical_unit.ts";

const DISK = { deviceType: DeviceType.Disk };

/**
 * Executes a command that a disk gives another meaning, or less time, than a tape does. Errors as
 * {@link executeChecked}.
 */
export function executeOnDisk(unit: LogicalUnit, command: ScsiCommand): Promise<ScsiResult> {
  const timeoutMs = command.timeoutMs ?? commandFacts(command.cdb, DISK).timeoutMs;
  return executeChecked(unit, { ...command, timeoutMs }, DISK);
}

/** Bytes too many or too few, as the result tells; `undefined` when all were moved. */
function mismatch(command: ScsiCommand, result: ScsiResult): string | undefined {
  const { dataIn, dataOut } = command;
  if (dataIn !== undefined && result.dataInLength !== dataIn.length) {
    return `${result.dataInLength} of ${dataIn.length} bytes came`;
  }
  if (result.residual === 0) return undefined;
  const length = (dataIn ?? dataOut)?.length ?? 0;
  return `it moves ${length - result.residual} bytes where ${length} were expected`;
}

/**
 * Executes a command whose buffer must be filled or taken to the last byte. When it is not, the device's block
 * length is not the one that the buffer was measured with.
 *
 * @throws {UnexpectedResponseError} when fewer or more bytes were moved.
 * @throws {CheckConditionError} when the device answered CHECK CONDITION.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function transferWhole(unit: LogicalUnit, command: ScsiCommand): Promise<void> {
  const problem = mismatch(command, await executeOnDisk(unit, command));
  if (problem === undefined) return;
  const { name } = commandFacts(command.cdb, DISK);
  throw new UnexpectedResponseError({ commandName: name, unitName: unit.name, problem });
}
