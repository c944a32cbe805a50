/**
 * A simulated drive of which some commands are answered by a script, for what a drive may say and the simulated one does not.
 */

import type { ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import { encodeSense, type SenseInput } from "../../scsi/sense.ts";
import type { SimUnit } from "./sim_unit.ts";

const NO_BYTES = new Uint8Array(0);

/** GOOD, with data. */
export function good(data: Uint8Array = NO_BYTES): (command: ScsiCommand) => ScsiResult {
  return ({ dataIn }) => {
    const bytes = data.subarray(0, dataIn?.length ?? 0);
    dataIn?.set(bytes);
    const residual = (dataIn?.length ?? 0) - bytes.length;
    return { status: 0, sense: NO_BYTES, dataInLength: bytes.length, residual };
  };
}

/** CHECK CONDITION. */
export function check(sense: SenseInput): (command: ScsiCommand) => ScsiResult {
  return ({ dataIn }) => ({
    status: 2,
    sense: encodeSense(sense),
    dataInLength: 0,
    residual: dataIn?.length ?? 0,
  });
}

/** A drive that does not know a command. */
export const UNKNOWN_COMMAND: (command: ScsiCommand) => ScsiResult = check({
  key: 5,
  asc: 0x20,
  ascq: 0,
});

/** Answers by operation code: once each in turn, the last one from then on. */
export function script(
  unit: SimUnit,
  answers: Readonly<Record<number, readonly ((command: ScsiCommand) => ScsiResult)[]>>,
): ScsiCommand[] {
  const seen: ScsiCommand[] = [];
  const turns = new Map<number, number>();
  unit.intercept = (command) => {
    const [opcode] = command.cdb;
    const own = answers[opcode];
    if (own === undefined) return undefined;
    const turn = turns.get(opcode) ?? 0;
    turns.set(opcode, turn + 1);
    seen.push({ ...command, dataOut: command.dataOut && new Uint8Array(command.dataOut) });
    return Promise.resolve(own[Math.min(turn, own.length - 1)](command));
  };
  return seen;
}
