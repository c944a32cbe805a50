/**
 * The way of one host to a simulated drive: commands arrive in their order, answers come when they like; it breaks, leaves commands without an answer, and
 * lets go of what is called off, executed or not.
 */

import { ServiceDeliveryError } from "../../scsi/errors.ts";
import type { RecoverableLogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { Nexus, TaskResult } from "../../sim/device_server.ts";
import type { SimulatedDrive } from "../../sim/tape/drive.ts";
import type { Random } from "../scsi/random.ts";
import type { FeatureSetting } from "./feature_setting.ts";

const READ = 0x08;
const SPACE_ONE = Uint8Array.of(0x11, 0, 0, 0, 1, 0);
const DATA_PROTECT = 0x07;
const [READ_POSITION, LONG_FORM, NO_FORM] = [0x34, 0x06, 0x1f];
/** INQUIRY and REPORT LUNS. */
const UNTOLD: ReadonlySet<number> = new Set([0x12, 0xa0]);
const NO_BYTES = new Uint8Array(0);

/** What the drive makes of some commands. */
type LinkHabits = Pick<FeatureSetting, "hasShortPosition" | "passesSealed">;

export class FeatureLink implements RecoverableLogicalUnit {
  readonly name = "link";
  nexusLost = false;
  isClosed = false;
  /** Operation codes of commands that came after the link was closed. */
  readonly late: number[] = [];
  /** Commands until the link breaks; infinity for never. */
  left = Infinity;
  /** Commands until one gets no answer although the link stands; infinity for never. */
  untilTimeout = Infinity;
  /** What is done to the drive amid an operation, before one of the next commands. */
  interruption: { left: number; readonly act: () => void } | undefined;
  /** Commands that the drive has executed, of those that are told what has happened to it. */
  executed = 0;
  /** Commands that got no answer although the link stood. */
  unanswered = 0;
  /** By how much the residual of the next READ is wrong. */
  lie = 0;
  /** Qualifier of the 29h that the next login is told beside its own: of what happened to the drive meanwhile. */
  meanwhile: number | undefined;
  /** Where the tape stood when the link was closed. */
  closedAt: SimulatedDrive["position"];
  readonly #random: Random;
  readonly #drive: SimulatedDrive;
  #nexus = newNexus();
  #era = 0;
  #last: Promise<unknown> = Promise.resolve();

  readonly #habits: LinkHabits;

  constructor(random: Random, drive: SimulatedDrive, habits: LinkHabits) {
    this.#random = random;
    this.#habits = habits;
    this.#drive = drive;
    drive.nexusEstablished(this.#nexus);
  }

  async execute(command: ScsiCommand): Promise<ScsiResult> {
    const { signal } = command;
    signal?.throwIfAborted();
    if (this.isClosed) this.late.push(command.cdb[0]);
    if (this.nexusLost || this.isClosed) throw lost("not-executed");
    const era = this.#era;
    const arriving = this.#last.then(() => this.#hops());
    this.#last = arriving;
    const answering = arriving.then(() => this.#answer(command, era));
    return await unlessCalledOff(answering, signal);
  }

  async #answer(command: ScsiCommand, era: number): Promise<ScsiResult> {
    this.#check(era);
    if (command.signal?.aborted && this.#random.below(2) === 0) throw lost("unknown");
    const isUnanswered = --this.untilTimeout <= 0;
    if (isUnanswered) {
      this.untilTimeout = Infinity;
      this.unanswered++;
    }
    if (isUnanswered && this.#random.below(2) === 0) throw lost("unknown");
    const result = this.#perform(command);
    if (isUnanswered) throw lost("unknown");
    if (--this.left <= 0) this.cut();
    await this.#hops(15);
    this.#check(era);
    return result;
  }

  #perform({ cdb, dataIn, dataOut }: ScsiCommand): ScsiResult {
    this.#interrupt();
    if (!UNTOLD.has(cdb[0])) this.executed++;
    const task = { cdb: this.#known(cdb), dataOut: dataOut ?? NO_BYTES, nexus: this.#nexus };
    const answer = this.#drive.execute(task) as TaskResult;
    if (cdb[0] === READ && this.#habits.passesSealed) this.#passSealed(answer);
    const came = answer.dataIn ?? NO_BYTES;
    const dataInLength = Math.min(came.length, dataIn?.length ?? 0);
    dataIn?.set(came.subarray(0, dataInLength));
    let residual = dataOut === undefined ? (dataIn?.length ?? 0) - came.length : 0;
    if (cdb[0] === READ) {
      residual += this.lie;
      this.lie = 0;
    }
    return { status: answer.status, sense: answer.sense ?? NO_BYTES, dataInLength, residual };
  }

  /** As the drive takes it: a form that it does not have is one that nobody has. */
  #known(cdb: Uint8Array): Uint8Array {
    const isUnknown = this.#habits.hasShortPosition && cdb[0] === READ_POSITION &&
      cdb[1] === LONG_FORM;
    return isUnknown ? Uint8Array.from(cdb, (byte, at) => at === 1 ? NO_FORM : byte) : cdb;
  }

  #passSealed({ sense }: TaskResult): void {
    const isSealed = sense !== undefined && (sense[2] & 0x0f) === DATA_PROTECT;
    if (isSealed) this.#drive.execute({ cdb: SPACE_ONE, dataOut: NO_BYTES, nexus: this.#nexus });
  }

  #interrupt(): void {
    const { interruption } = this;
    if (interruption === undefined || --interruption.left > 0) return;
    this.interruption = undefined;
    interruption.act();
  }

  /** Breaks the link now. */
  cut(): void {
    if (this.nexusLost || this.isClosed) return;
    this.#era++;
    this.nexusLost = true;
    this.left = Infinity;
    this.#drive.nexusLost(this.#nexus);
  }

  /** Whether nothing is about to go wrong. */
  get isCalm(): boolean {
    const isCertain = this.left === Infinity && this.untilTimeout === Infinity && this.lie === 0;
    return isCertain && !this.nexusLost && this.interruption === undefined;
  }

  /** All goes well from here on. */
  heal(): void {
    this.left = this.untilTimeout = Infinity;
    this.lie = 0;
    this.interruption = undefined;
  }

  async reestablish(signal?: AbortSignal): Promise<void> {
    await this.#hops();
    signal?.throwIfAborted();
    if (this.isClosed) throw lost("not-executed");
    if (!this.nexusLost) return;
    this.nexusLost = false;
    this.#nexus = newNexus();
    this.#drive.nexusEstablished(this.#nexus);
    if (this.meanwhile !== undefined) this.#drive.raiseUnitAttention(0x29, this.meanwhile);
    this.meanwhile = undefined;
  }

  close(): Promise<void> {
    if (!this.nexusLost && !this.isClosed) this.#drive.nexusLost(this.#nexus);
    if (!this.isClosed) this.closedAt = this.#drive.position;
    this.isClosed = true;
    return Promise.resolve();
  }

  async #hops(times = 1): Promise<void> {
    for (let hops = times * this.#random.below(12); hops > 0; hops--) await Promise.resolve();
  }

  #check(era: number): void {
    if (era !== this.#era) throw lost("unknown");
  }
}

/** The same initiator port each time. */
function newNexus(): Nexus {
  return { initiatorName: "iqn.test:initiator", isid: "000000000000" };
}

function lost(outcome: "unknown" | "not-executed"): ServiceDeliveryError {
  return new ServiceDeliveryError("the connection broke", { outcome });
}

/** What is answered after that nobody hears. */
function unlessCalledOff<T>(answering: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answering;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    answering.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
