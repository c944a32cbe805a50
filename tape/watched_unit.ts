/**
 * Keeps blocks from going to the drive while a setting that the caller relies on may be gone: a key that the drive has
 * forgotten would let data be written in the clear.
 *
 * @module
 */

import type { LogicalUnit, ScsiCommand, ScsiResult } from "../scsi/logical_unit.ts";
import { decodeSense, type Sense } from "../scsi/sense.ts";
import { SenseKey } from "../scsi/sense_codes.ts";
import { Status } from "../scsi/status.ts";
import { TapeOpcode } from "./commands.ts";
import type { TapeError } from "./errors.ts";

/** Commands that carry blocks to the tape, and all that carry any. */
export const WRITING: ReadonlySet<number> = new Set<number>([TapeOpcode.Write6, 0x8a]);
export const CARRYING: ReadonlySet<number> = new Set<number>([
  TapeOpcode.Read6,
  TapeOpcode.Write6,
  0x0f,
  0x88,
  0x8a,
]);

/** A setting that has to be in force for blocks to go through. */
export interface Reliance {
  /** Operation codes that must not go through without it. */
  readonly guards: ReadonlySet<number>;
  /** Makes sure that it is in force, on a drive that `wasReset` perhaps; what it throws is told to whoever sends a block. */
  readonly ensure: (wasReset: boolean) => Promise<void>;
}

const REQUEST_SENSE = 0x03;

/** Unit attentions after which a drive may have other settings: another medium, a reset, changed parameters, cleared commands; IBM's own of a changed key. */
const SUSPICIOUS: readonly number[] = [0x28, 0x29, 0x2a, 0x2f, 0xee];

/**
 * A logical unit between the driver and the real one, there only as long as something is relied on.
 *
 * A drive tells one command alone that it was reset, and executes those behind it: so nothing is sent behind a WRITE before that is answered, whatever the
 * write-behind depth. A tape that this host itself unloads or loads need not be announced to it.
 */
export class WatchedUnit implements LogicalUnit {
  readonly name: string;
  readonly #unit: LogicalUnit;
  readonly #suspected: (sense?: Sense) => void;
  readonly #missing: (opcode: number) => TapeError | undefined;
  /** Settles when all that had to wait for a WRITE is answered. */
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /**
   * @param suspected Called when a setting may be gone, with what the drive has said.
   * @param missing Why a command must not go through.
   */
  constructor(
    unit: LogicalUnit,
    suspected: (sense?: Sense) => void,
    missing: (opcode: number) => TapeError | undefined,
  ) {
    this.#unit = unit;
    this.name = unit.name;
    this.#suspected = suspected;
    this.#missing = missing;
  }

  execute(command: ScsiCommand): Promise<ScsiResult> {
    if (this.#waiting === 0 && !WRITING.has(command.cdb[0])) return this.#send(command);
    this.#waiting++;
    const result = this.#tail.then(() => this.#send(command));
    this.#tail = result.then(() => this.#waiting--, () => this.#waiting--);
    return result;
  }

  async #send(command: ScsiCommand): Promise<ScsiResult> {
    const missing = this.#missing(command.cdb[0]);
    if (missing !== undefined) throw missing;
    try {
      const result = await this.#unit.execute(command);
      const isExchange = command.cdb[0] === TapeOpcode.LoadUnload;
      const sense = senseOf(command, result);
      if (isExchange || isSuspicious(sense)) this.#suspected(sense);
      return result;
    } catch (error) {
      this.#suspected();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#unit.close();
  }
}

/** What the drive has to say, with a command that it refuses or in answer to REQUEST SENSE. */
function senseOf({ cdb, dataIn }: ScsiCommand, result: ScsiResult): Sense | undefined {
  const { status, sense, dataInLength } = result;
  if (status === Status.CheckCondition) return decodeSense(sense);
  const isAsked = status === Status.Good && cdb[0] === REQUEST_SENSE;
  return isAsked && dataIn ? decodeSense(dataIn.subarray(0, dataInLength)) : undefined;
}

/** A refusal without a reason may have had any. */
function isSuspicious(sense: Sense | undefined): boolean {
  if (sense === undefined) return false;
  const { format, key, asc } = sense;
  return format === "none" || key === SenseKey.UnitAttention && SUSPICIOUS.includes(asc);
}
