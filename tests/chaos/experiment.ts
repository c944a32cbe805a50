/** One drive behind one target, one conversation with one fault in it, in virtual time. */

import assert from "node:assert/strict";
import { openTape, type OpenTapeOptions } from "../../open_tape.ts";
import { type LoopbackTarget, loopbackTarget } from "../../sim/target/loopback_target.ts";
import type { TargetOffers } from "../../sim/target/target_options.ts";
import { SimulatedDrive } from "../../sim/tape/drive.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import type { Dialer } from "../../transport/byte_stream.ts";
import { transportFailure } from "../../transport/errors.ts";
import type { Fault } from "./fault.ts";
import { FaultyWire } from "./faulty_wire.ts";
import type { Digests } from "./pdu_splitter.ts";
import { MAX_HOURS, settle } from "./settle.ts";
import { SkippingClock } from "./skipping_clock.ts";

/** Each of the strikes of a fault that comes back may cost the time of a command. */
const MAX_REPEATED_HOURS = 4 * MAX_HOURS;
const TARGET_NAME = "iqn.2026-03.com.example:tape";

/** The reason of an application that does not want to wait any longer. */
export class CalledOff extends Error {
  override name = "CalledOff";
}

/** How a conversation is set up. */
export interface Setup {
  /** Digests that both sides agree on. @default none */
  readonly digests?: Digests;
  /** What the target wants. */
  readonly negotiation?: TargetOffers;
  /** Options of the drive, read-ahead for instance. */
  readonly drive?: Partial<OpenTapeOptions>;
}

/** What a conversation takes place on. */
export class Experiment {
  readonly fault: Fault;
  readonly clock: SkippingClock = new SkippingClock();
  readonly drive: SimulatedDrive;
  readonly wires: FaultyWire[] = [];
  readonly #setup: Setup;
  #target: LoopbackTarget | undefined;
  #isGone = false;

  constructor(fault: Fault, setup: Setup) {
    this.fault = fault;
    this.#setup = setup;
    this.drive = new SimulatedDrive({ medium: new MemoryMedium(), commandLogLength: 1 });
  }

  /** Starts the target, runs `use` to its end in virtual time, ends the target, and looks for what is left over. */
  async run(use: (experiment: Experiment) => Promise<void>): Promise<void> {
    const { negotiation } = this.#setup;
    this.#target = await loopbackTarget({
      targetName: TARGET_NAME,
      units: [{ lun: 0, device: this.drive }],
      clock: this.clock,
      negotiation: { defaultTime2Wait: 1, ...negotiation },
    });
    try {
      const hours = this.fault.isRepeated ? MAX_REPEATED_HOURS : MAX_HOURS;
      await settle(use(this), this.clock, this.wires, String(this.fault), hours);
      assert.ok(this.wires.every((wire) => wire.isClosed), "a socket was left open");
    } finally {
      await this.#target.close();
    }
    assert.equal(this.clock.pending, 0, "a timer was left");
  }

  /** A signal that aborts when the fault strikes. */
  nextSignal(): AbortSignal {
    const controller = new AbortController();
    this.fault.onStrike = () => controller.abort(new CalledOff());
    return controller.signal;
  }

  /** The target is gone: connections break, and no new ones come about. */
  vanish(): void {
    this.#isGone = true;
    for (const wire of this.wires) wire.close();
  }

  /** The target can be reached again. */
  comeBack(): void {
    this.#isGone = false;
  }

  /** Opens the drive over wires on which the fault may strike. */
  open(): Promise<TapeDrive> {
    const { digests = { header: false, data: false }, drive } = this.#setup;
    return openTape(`iscsi://simulator/${TARGET_NAME}/0`, {
      clock: this.clock,
      sleep: this.clock.sleep,
      dial: this.#dial,
      headerDigest: digests.header ? "crc32c" : "none",
      dataDigest: digests.data ? "crc32c" : "none",
      randomBytes: (length) => new Uint8Array(length).fill(9),
      recordBytesHint: 2048,
      ...drive,
    });
  }

  readonly #dial: Dialer = async (address, options) => {
    const { digests = { header: false, data: false } } = this.#setup;
    if (this.#isGone) throw transportFailure({ op: "dial", reason: "refused", address });
    const wire = new FaultyWire(await this.#target!.dial(address, options), this.fault, digests);
    this.wires.push(wire);
    return wire;
  };
}
