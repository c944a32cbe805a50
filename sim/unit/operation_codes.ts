/**
 * REPORT SUPPORTED OPERATION CODES (SPC-5 §6.35).
 *
 * @module
 */

import { readU16, readU32, writeU16, writeU32 } from "../../scsi/big_endian.ts";
import { commandFacts } from "../../scsi/command_table.ts";
import { encodeSupportedOperations } from "../../scsi/supported_operations.ts";
import type { Task } from "../device_server.ts";
import { invalidField, type Outcome } from "../tape/conditions.ts";
import { cdbLength, CONTROL, type SharedCommand, type UnitCommand } from "./unit_command.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";

const RCTD = 0x80;
const REPORTING_OPTIONS = 0x07;

const TIMEOUTS_LENGTH = 12;
const CTDP = 0x80;
const NOT_SUPPORTED = 0x01;
const SUPPORTED = 0x03;

type Row = Pick<UnitCommand<never>, "opcode" | "serviceAction" | "usage">;

/** The command, for units of one type that have `commands`, to which it may be added. */
export function operationCodesCommand(
  commands: readonly Row[],
  deviceType: number,
): SharedCommand<unknown> {
  return {
    opcode: 0xa3,
    serviceAction: 0x0c,
    usage: [0x1f, RCTD | REPORTING_OPTIONS, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, CONTROL],
    access: "allowed",
    allowedWhenReserved: true,
    execute: (_unit, task) => report(commands, task, deviceType),
  };
}

function report(commands: readonly Row[], { cdb }: Task, deviceType: number): Outcome {
  const withTimeouts = (cdb[2] & RCTD) !== 0;
  const option = cdb[2] & REPORTING_OPTIONS;
  const allocationLength = readU32(cdb, 6);
  if (option > 3) return invalidField(2, 2);
  if (option === 0) {
    return {
      dataIn: cutToAllocation(allCommands(commands, withTimeouts, deviceType), allocationLength),
    };
  }
  const known = commands.filter(({ opcode }) => opcode === cdb[3]);
  const hasServiceActions = known.some(({ serviceAction }) => serviceAction !== undefined);
  if (option === 1 && hasServiceActions) return invalidField(2, 2);
  if (option === 2 && known.length > 0 && !hasServiceActions) return invalidField(2, 2);
  const action = readU16(cdb, 4);
  const command = known.find(({ serviceAction }) => (serviceAction ?? action) === action);
  return {
    dataIn: cutToAllocation(oneCommand(command, withTimeouts, deviceType), allocationLength),
  };
}

function allCommands(commands: readonly Row[], timeouts: boolean, deviceType: number): Uint8Array {
  const operations = commands.map((command) => ({
    opcode: command.opcode,
    serviceAction: command.serviceAction,
    cdbLength: cdbLength(command),
    recommendedSeconds: recommendedSeconds(command, deviceType),
  }));
  return encodeSupportedOperations(operations, { timeouts });
}

function oneCommand(
  command: Row | undefined,
  withTimeouts: boolean,
  deviceType: number,
): Uint8Array {
  if (command === undefined) return new Uint8Array([0, NOT_SUPPORTED, 0, 0]);
  const length = cdbLength(command);
  const data = new Uint8Array(4 + length + (withTimeouts ? TIMEOUTS_LENGTH : 0));
  data[1] = SUPPORTED;
  writeU16(data, 2, length);
  data[4] = command.opcode;
  data.set(command.usage, 5);
  if (command.serviceAction !== undefined) {
    data[5] = (data[5] & ~0x1f) | command.serviceAction;
  }
  if (withTimeouts) {
    data[1] |= CTDP;
    writeTimeouts(data, 4 + length, command, deviceType);
  }
  return data;
}

/** The command timeouts descriptor (SPC-5 §6.35.4); the nominal time is not told. */
function writeTimeouts(data: Uint8Array, at: number, command: Row, deviceType: number): void {
  writeU16(data, at, TIMEOUTS_LENGTH - 2);
  writeU32(data, at + 8, recommendedSeconds(command, deviceType));
}

function recommendedSeconds({ opcode, serviceAction = 0 }: Row, deviceType: number): number {
  const cdb = new Uint8Array([opcode, serviceAction]);
  return Math.ceil(commandFacts(cdb, { deviceType }).timeoutMs / 1000);
}
