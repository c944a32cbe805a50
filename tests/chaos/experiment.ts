/** One drive behind one target, one conversation with one fault in it, in virtual time. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { openTape, type OpenTapeOptions } from "../../open_tape.ts";
import { type LoopbackTarget, loopbackTarget } from "../../sim/target/loopback_target.ts";
import type { TargetOffers } from "../../sim/target/target_options.ts";
import { SimulatedDrive } from "../../sim/tape/drive.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import type { Dialer } from "../../transport/byte_stream.ts";
import type { Fault } from "./fault.ts";
import { FaultyWire } from "./faulty_wire.ts";
import type { Digests } from "./pdu_splitter.ts";
import { SkippingClock } from "./skipping_clock.ts";

const TARGET_NAME = "iqn.2026-03.com.example:tape";
const HOUR_MS = 3_600_000;
/** The longest command that the drive is given takes under four hours; nothing may wait much longer than that. */
const MAX_HOURS = 12;
/** Turns of the event loop without anything passing after which only time can bring the conversation on. */
const IDLE_TURNS = 4;
/** Turns that a real thing (WebAssembly being compiled) may take. */
const MAX_TURNS = 200_000;

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
      await this.settle(use(this));
    } finally {
      await this.#target.close();
    }
    assert.ok(this.wires.every((wire) => wire.isClosed), "a socket was left open");
    assert.equal(this.clock.pending, 0, "a timer was left");
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
    const wire = new FaultyWire(await this.#target!.dial(address, options), this.fault, digests);
    this.wires.push(wire);
    return wire;
  };

  /** Lets time pass whenever nothing else can happen, until `work` has settled. */
  async settle<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const done = () => isSettled = true;
    work.then(done, done);
    let seen = -1;
    for (let turns = 0, idle = 0; !isSettled; turns++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      assert.ok(turns < MAX_TURNS, `nothing happens any more: ${this.fault}`);
      const activity = this.wires.reduce((sum, wire) => sum + wire.activity, this.wires.length);
      idle = activity === seen ? idle + 1 : 0;
      seen = activity;
      if (isSettled || idle < IDLE_TURNS || this.wires.some((wire) => wire.isAwaitingTarget)) {
        continue;
      }
      if (this.clock.skip()) turns = idle = 0;
      assert.ok(this.clock.now() < MAX_HOURS * HOUR_MS, `it never settles: ${this.fault}`);
    }
    return await work;
  }
}
