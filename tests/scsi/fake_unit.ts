import type { LogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import { Status } from "../../scsi/status.ts";

/** An answer of the fake: data, sense, or a status alone. */
export type Answer = Uint8Array | { status: number; sense?: Uint8Array };

/** Bytes from hex digits; spaces are ignored. */
export function hex(digits: string): Uint8Array {
  const pairs = digits.replaceAll(/\s/g, "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/** A logical unit whose answers a function gives; data is cut to the room there is. */
export class FakeUnit implements LogicalUnit {
  readonly name = "fake";
  /** Every command, in order. */
  readonly commands: ScsiCommand[] = [];
  readonly #answer: (cdb: Uint8Array, count: number) => Answer;

  constructor(answer: (cdb: Uint8Array, count: number) => Answer) {
    this.#answer = answer;
  }

  execute(command: ScsiCommand): Promise<ScsiResult> {
    this.commands.push(command);
    const answer = this.#answer(command.cdb, this.commands.length);
    const room = command.dataIn?.length ?? 0;
    if (!(answer instanceof Uint8Array)) {
      const { status, sense = new Uint8Array(0) } = answer;
      return Promise.resolve({ status, sense, dataInLength: 0, residual: room });
    }
    const data = answer.subarray(0, room);
    command.dataIn?.set(data);
    const residual = room - answer.length;
    const sense = new Uint8Array(0);
    return Promise.resolve({ status: Status.Good, sense, dataInLength: data.length, residual });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
