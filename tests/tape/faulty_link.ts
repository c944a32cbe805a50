/**
 * A simulated drive at the far end of a link that carries several commands at once, in order, and breaks: what has not arrived by then is never executed, and
 * what has not come back by then is executed without an answer. The drive keeps what is not flushed in a buffer that a reset empties.
 */

import { ServiceDeliveryError } from "../../scsi/errors.ts";
import type { RecoverableLogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { Random } from "../scsi/random.ts";
import { SimUnit, type SimUnitOptions } from "./sim_unit.ts";

const [REWIND, WRITE_FILEMARKS, LOAD_UNLOAD, WRITE] = [0x01, 0x10, 0x1b, 0x0a];

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
      const executed = this.sim.execute(command);
      this.#note(command);
      if (--this.left <= 0) this.cut();
      const result = await executed;
      await this.#hops(5);
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
    const [partition] = this.sim.drive.medium!.partitions;
    partition.truncate(Math.min(this.#durable, partition.objectCount));
    this.sim.drive.reset();
  }

  reestablish(): Promise<void> {
    this.nexusLost = false;
    this.sim.drive.raiseUnitAttention(0x29, this.loginAttention);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.sim.close();
  }

  #note({ cdb }: ScsiCommand): void {
    const { status } = this.sim.drive.commands.at(-1)!;
    const isSynchronous = cdb[0] === REWIND || cdb[0] === LOAD_UNLOAD ||
      (cdb[0] === WRITE_FILEMARKS && (cdb[1] & 1) === 0);
    const count = this.sim.drive.objects().length;
    if (status === 0 && isSynchronous) this.#durable = count;
    if (status === 0 && cdb[0] === WRITE) this.#durable = Math.min(this.#durable, count - 1);
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
