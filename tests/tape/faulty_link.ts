/**
 * A simulated drive at the far end of a link that carries several commands at once, in order, and breaks: what has not arrived by then is never executed, and
 * what has not come back by then is executed without an answer. The drive keeps what is not flushed in a buffer that a reset empties.
 */

import { ServiceDeliveryError } from "../../scsi/errors.ts";
import type { RecoverableLogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { Random } from "../scsi/random.ts";
import { SimUnit, type SimUnitOptions } from "./sim_unit.ts";

const [WRITE_FILEMARKS, WRITE, READ] = [0x10, 0x0a, 0x08];
/** REWIND, READ, SPACE, LOAD UNLOAD, LOCATE: before the tape moves otherwise than by writing, what is buffered is written (SSC-4, synchronize operation). */
const MOTIONS: ReadonlySet<number> = new Set([0x01, READ, 0x11, 0x1b, 0x92]);

export class FaultyLink implements RecoverableLogicalUnit {
  readonly name = "link";
  readonly sim: SimUnit;
  readonly #random: Random;
  nexusLost = false;
  /** Qualifier of the 29h that a new login is told. */
  loginAttention = 0x07;
  /** Commands until the link breaks; infinity for never. */
  left = Infinity;
  cuts = 0;
  /** Commands until one gets no answer although the link stands; infinity for never. */
  untilTimeout = Infinity;
  /** By how much the residual of the next READ is wrong. */
  lie = 0;
  /** Most commands under way at once. */
  mostUnderWay = 0;
  #underWay = 0;
  #era = 0;
  #last: Promise<unknown> = Promise.resolve();
  #durable = 0;

  constructor(random: Random, options: SimUnitOptions = {}) {
    this.#random = random;
    this.sim = new SimUnit(options);
  }

  async execute(command: ScsiCommand): Promise<ScsiResult> {
    if (this.nexusLost) throw lost("not-executed");
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.#underWay);
    const era = this.#era;
    const arriving = this.#last.then(() => this.#hops());
    this.#last = arriving;
    try {
      await arriving;
      this.#check(era);
      const isUnanswered = --this.untilTimeout <= 0;
      if (isUnanswered) this.untilTimeout = Infinity;
      if (isUnanswered && this.#random.below(2) === 0) throw lost("unknown");
      const executed = this.sim.execute(command);
      this.#note(command);
      if (isUnanswered) throw lost("unknown");
      if (--this.left <= 0) this.cut();
      const result = this.#lieAbout(command, await executed);
      await this.#hops(15);
      this.#check(era);
      return result;
    } finally {
      this.#underWay--;
    }
  }

  /** Breaks the link now. */
  cut(): void {
    this.#era++;
    this.cuts++;
    this.nexusLost = true;
    this.left = Infinity;
  }

  /** The drive loses what it has buffered, and its place. */
  reset(): void {
    this.#emptyBuffer();
    this.sim.drive.reset();
  }

  /** The same, and it tells nothing but what many targets tell every new login. */
  powerCycle(): void {
    this.#emptyBuffer();
    this.sim.drive.powerCycle();
  }

  #emptyBuffer(): void {
    const [partition] = this.sim.drive.medium!.partitions;
    partition.truncate(Math.min(this.#durable, partition.objectCount));
  }

  reestablish(): Promise<void> {
    this.nexusLost = false;
    this.sim.drive.raiseUnitAttention(0x29, this.loginAttention);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.sim.close();
  }

  #lieAbout({ cdb }: ScsiCommand, result: ScsiResult): ScsiResult {
    if (cdb[0] !== READ || this.lie === 0) return result;
    const residual = result.residual + this.lie;
    this.lie = 0;
    return { ...result, residual };
  }

  #note({ cdb }: ScsiCommand): void {
    const { status, sense } = this.sim.drive.commands.at(-1)!;
    const isSynchronous = MOTIONS.has(cdb[0]) ||
      (cdb[0] === WRITE_FILEMARKS && (cdb[1] & 1) === 0);
    const count = this.sim.drive.objects().length;
    // With sense key NO SENSE it was done, too: a filemark or the beginning has stopped it, or the end of the tape is near.
    const isDone = status === 0 || (sense !== undefined && (sense[2] & 0x0f) === 0);
    if (isDone && isSynchronous) this.#durable = count;
    const { object } = this.sim.drive.position!;
    // What is written anew was not durable there.
    const isWrite = cdb[0] === WRITE || cdb[0] === WRITE_FILEMARKS;
    if (isDone && isWrite && !isSynchronous) {
      this.#durable = Math.min(this.#durable, Math.max(object - written(cdb), 0));
    }
  }

  async #hops(times = 1): Promise<void> {
    for (let hops = times * this.#random.below(12); hops > 0; hops--) await Promise.resolve();
  }

  #check(era: number): void {
    if (era !== this.#era) throw lost("unknown");
  }
}

function lost(outcome: "unknown" | "not-executed"): ServiceDeliveryError {
  return new ServiceDeliveryError("the connection broke", { outcome });
}

/** Objects that a WRITE in variable mode, or a WRITE FILEMARKS, puts on the tape. */
function written(cdb: Uint8Array): number {
  return cdb[0] === WRITE ? 1 : (cdb[2] << 16) | (cdb[3] << 8) | cdb[4];
}
