/**
 * READ, WRITE, VERIFY, WRITE AND VERIFY and SYNCHRONIZE CACHE of a RAM disk (SBC-4 §5).
 *
 * @module
 */

import { SenseKey } from "../../scsi/sense_codes.ts";
import type { Task } from "../device_server.ts";
import { type Condition, failed, GOOD, invalidField, type Outcome } from "../tape/conditions.ts";
import type { UnitCommand } from "../unit/unit_command.ts";
import {
  LENGTH_BYTE,
  outOfRange,
  type RangeForm,
  rangeOf,
  rangeUsage,
  unfitTransfer,
} from "./block_address.ts";
import type { DiskState } from "./disk_state.ts";

type Command = UnitCommand<DiskState>;

/** What is cached is as good as written here: DPO and FUA change nothing. RDPROTECT and WRPROTECT are refused. */
const DPO_FUA = 0x18;
const DPO = 0x10;
const IMMED = 0x02;
const BYTCHK = 0x06;
const BYTCHK_SHIFT = 1;
/** Compares with what comes; with one block that comes for all. */
const COMPARE = 1;
const COMPARE_ONE = 3;

/** MISCOMPARE DURING VERIFY OPERATION. */
const MISCOMPARE: Condition = { key: SenseKey.Miscompare, asc: 0x1d, ascq: 0x00 };

/** The commands, in each of their forms. */
export const TRANSFER_COMMANDS: readonly Command[] = [
  ...forms([[0x08, 6], [0x28, 10], [0xa8, 12], [0x88, 16]], readCommand),
  ...forms([[0x0a, 6], [0x2a, 10], [0xaa, 12], [0x8a, 16]], writeCommand),
  ...forms([[0x2f, 10], [0xaf, 12], [0x8f, 16]], verifyCommand),
  ...forms([[0x2e, 10], [0xae, 12], [0x8e, 16]], writeAndVerifyCommand),
  ...forms([[0x35, 10], [0x91, 16]], synchronizeCommand),
  ...forms([[0x34, 10], [0x90, 16]], synchronizeCommand).map((command): Command => ({
    ...command,
    // PRE-FETCH: everything is in the cache already.
    access: "read",
  })),
];

function forms(
  codes: readonly (readonly [opcode: number, form: RangeForm])[],
  make: (opcode: number, form: RangeForm) => Command,
): Command[] {
  return codes.map(([opcode, form]) => make(opcode, form));
}

function readCommand(opcode: number, form: RangeForm): Command {
  return {
    opcode,
    usage: rangeUsage(form, DPO_FUA),
    needsReady: true,
    access: "read",
    execute: (state, { cdb }) => {
      const range = rangeOf(cdb, form);
      const refused = unfitTransfer(state, range, LENGTH_BYTE[form]);
      return refused ?? { dataIn: state.store.read(range.lba, range.blocks) };
    },
  };
}

function writeCommand(opcode: number, form: RangeForm): Command {
  return {
    opcode,
    usage: rangeUsage(form, DPO_FUA),
    needsReady: true,
    dataOutLength: (cdb, { store }) => rangeOf(cdb, form).blocks * store.blockBytes,
    execute: (state, task) => write(state, task, form),
  };
}

/** Writes the whole blocks that came: an initiator that announces fewer bytes gets no more than those written. */
function write(state: DiskState, { cdb, dataOut }: Task, form: RangeForm): Outcome {
  const range = rangeOf(cdb, form);
  const refused = unfitTransfer(state, range, LENGTH_BYTE[form]);
  if (refused !== undefined) return refused;
  const protection = state.writeProtection();
  if (protection !== undefined) return failed(protection);
  state.store.write(range.lba, wholeBlocks(state, dataOut));
  return GOOD;
}

function wholeBlocks({ store: { blockBytes } }: DiskState, bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.length - bytes.length % blockBytes);
}

function bytchkOf(cdb: Uint8Array): number {
  return (cdb[1] & BYTCHK) >> BYTCHK_SHIFT;
}

function verifyCommand(opcode: number, form: RangeForm): Command {
  return {
    opcode,
    usage: rangeUsage(form, DPO | BYTCHK),
    needsReady: true,
    access: "read",
    dataOutLength: (cdb, { store }) => {
      const { blocks } = rangeOf(cdb, form);
      const bytchk = bytchkOf(cdb);
      if (bytchk === COMPARE) return blocks * store.blockBytes;
      return bytchk === COMPARE_ONE && blocks > 0 ? store.blockBytes : 0;
    },
    execute: (state, task) => verify(state, task, form),
  };
}

function verify(state: DiskState, { cdb, dataOut }: Task, form: RangeForm): Outcome {
  const range = rangeOf(cdb, form);
  const bytchk = bytchkOf(cdb);
  if (bytchk !== 0 && bytchk !== COMPARE && bytchk !== COMPARE_ONE) return invalidField(1, 2);
  // Without data nothing is transferred, so that any length will do.
  const refused = bytchk === COMPARE
    ? unfitTransfer(state, range, LENGTH_BYTE[form])
    : outOfRange(state, range);
  if (refused !== undefined || bytchk === 0) return refused ?? GOOD;
  const blocks = wholeBlocks(state, dataOut);
  if (bytchk === COMPARE) return compared(state, range.lba, blocks);
  for (let at = 0; at < range.blocks && blocks.length > 0; at++) {
    const outcome = compared(state, range.lba + at, blocks);
    if (outcome.condition !== undefined) return outcome;
  }
  return GOOD;
}

/** INFORMATION is the offset of the first byte that differs. */
export function compared({ store }: DiskState, lba: number, bytes: Uint8Array): Outcome {
  const same = store.compare(lba, bytes);
  return same === true ? GOOD : failed(MISCOMPARE, { information: same });
}

/** What is written here can be read back: nothing is left to be verified. */
function writeAndVerifyCommand(opcode: number, form: RangeForm): Command {
  const command = writeCommand(opcode, form);
  return { ...command, usage: rangeUsage(form, DPO | BYTCHK) };
}

function synchronizeCommand(opcode: number, form: RangeForm): Command {
  return {
    opcode,
    usage: rangeUsage(form, IMMED),
    needsReady: true,
    execute: (state, { cdb }) => outOfRange(state, rangeOf(cdb, form)) ?? GOOD,
  };
}
