/** The tapes of a walk: what a command reaches by an address, what is really on it, and what goes wrong with it. */

import type { Task } from "../../../sim/device_server.ts";
import { SimulatedDrive, type SimulatedDriveOptions } from "../../../sim/tape/drive.ts";
import type { DriveQuirks } from "../../../sim/tape/drive_quirks.ts";
import { MemoryMedium, type MemoryMediumOptions } from "../../../sim/tape/memory_medium.ts";
import type { TapeObject } from "../../../sim/tape/tape_object.ts";
import { openTape, type OpenTapeOptions, type TapeDrive } from "../../../mod.ts";
import { type LoopbackTarget, loopbackTarget } from "../../../sim/target/loopback_target.ts";
import type { RecoverableLogicalUnit } from "../../../scsi/logical_unit.ts";
import { TapeDrive as Drive } from "../../../tape/tape_drive.ts";
import type { Dialer } from "../../../transport/byte_stream.ts";
import { TransportError } from "../../../transport/errors.ts";
import type { Random } from "../../scsi/random.ts";
import { FaultyLink } from "../../tape/faulty_link.ts";
import type { ModelObject } from "../../tape/tape_model.ts";

/** A record that cannot be read. */
export const DAMAGED: Uint8Array = new Uint8Array(0);

const WRITE = 0x0a;

/** What is in an address and must never be told. */
export const SECRET = "hunter2hunter2";

/** What the cartridge is. */
export interface Cartridge {
  readonly capacityBytes?: number;
  readonly writeProtected?: boolean;
  readonly worm?: boolean;
}

/** One thing that goes wrong with a tape. */
export type TapeFault =
  /** The connection breaks: at this command of a link, or after so many bytes of a network. */
  | { readonly kind: "cut"; readonly at: number }
  /** A command gets no answer, executed or not. */
  | { readonly kind: "timeout"; readonly at: number }
  /** The drive is reset, or loses its power, before this command behind the opening: nobody knows what was before that. */
  | { readonly kind: "reset" | "power"; readonly at: number }
  /** One of the commands of this operation code is answered so. */
  | {
    readonly kind: "answer";
    readonly opcode: number;
    readonly at: number;
    readonly sense?: { key: number; asc: number; ascq: number; deferred?: boolean };
    readonly status?: number;
    readonly execute?: boolean;
  }
  /** What one of the WRITEs brings is not what comes to the tape. */
  | { readonly kind: "corrupt"; readonly at: number }
  /** A place on the tape. */
  | { readonly kind: "bad"; readonly on: "read" | "write"; readonly object: number };

/** A tape that commands use. */
export interface WalkTape {
  readonly kind: "link" | "network" | "image";
  readonly address: string;
  readonly cartridge: Cartridge;
  /** Whether the drive calls good what is not on the tape yet, and may lose some of it. */
  readonly isBuffered: boolean;
  /** Connections that are open. */
  readonly sessions: number;
  /** Hears of every command of the drive. */
  onCommand: () => void;
  open(options: OpenTapeOptions): Promise<TapeDrive>;
  /** What is on the tape, and the object before which it stands. */
  look(): Promise<{ objects: ModelObject[]; at: number }>;
  arm(fault: TapeFault): void;
  /** Nothing goes wrong any more. */
  disarm(): void;
  /** Between commands. */
  losePower(): void;
  end(): Promise<void>;
}

export function modelObject(object: TapeObject): ModelObject {
  if (object.kind === "filemark") return "filemark";
  return object.kind === "damaged" ? DAMAGED : object.data;
}

/** A drive whose commands are counted, and answered as a fault wants it. */
class WatchedDrive {
  readonly drive: SimulatedDrive;
  onCommand: () => void = () => {};
  sessions = 0;
  /** Whether a command has it to itself. */
  isOpened = false;
  #faults: { fault: TapeFault; left: number }[] = [];

  constructor(drive: SimulatedDrive, lose: { reset(): void; power(): void }) {
    this.drive = drive;
    const { execute, nexusEstablished, nexusLost } = drive;
    drive.execute = (task) => {
      this.onCommand();
      this.#strike(task.cdb[0], lose);
      return execute.call(drive, this.#corrupted(task));
    };
    drive.nexusEstablished = (nexus) => (this.sessions++, nexusEstablished.call(drive, nexus));
    drive.nexusLost = (nexus) => (this.sessions--, nexusLost.call(drive, nexus));
  }

  arm(fault: TapeFault): void {
    if (fault.kind === "bad") this.drive.addBadBlock({ object: fault.object, on: fault.on });
    else this.#faults.push({ fault, left: fault.at });
  }

  disarm(): void {
    this.isOpened = false;
    this.#faults = [];
    this.drive.clearBadBlocks();
  }

  look() {
    const objects = this.drive.objects().map(modelObject);
    return Promise.resolve({ objects, at: this.drive.position!.object });
  }

  #corrupted(task: Task): Task {
    const entry = this.#faults.find(({ fault }) => fault.kind === "corrupt");
    if (entry === undefined || task.cdb[0] !== WRITE || --entry.left !== 0) return task;
    const dataOut = new Uint8Array(task.dataOut);
    dataOut[dataOut.length >> 1] ^= 1;
    return { ...task, dataOut };
  }

  #strike(opcode: number, lose: { reset(): void; power(): void }): void {
    for (const entry of this.#faults) {
      const { fault } = entry;
      if (fault.kind === "corrupt") continue;
      if (fault.kind === "answer" && fault.opcode !== opcode) continue;
      if (fault.kind !== "answer" && !this.isOpened) continue;
      if (--entry.left !== 0) continue;
      if (fault.kind === "reset") lose.reset();
      else if (fault.kind === "power") lose.power();
      else if (fault.kind === "answer") {
        const { sense, status, execute } = fault;
        this.drive.inject({ opcode, sense, status, execute });
      }
    }
  }
}

function medium(cartridge: Cartridge): MemoryMedium {
  const options: MemoryMediumOptions = { ...cartridge };
  return new MemoryMedium(
    cartridge.capacityBytes === undefined ? options : {
      ...options,
      earlyWarningBytes: Math.floor(cartridge.capacityBytes / 4),
    },
  );
}

/** A drive behind a link of commands. */
export class LinkTape implements WalkTape {
  readonly kind = "link";
  readonly isBuffered = false;
  readonly address: string;
  readonly cartridge: Cartridge;
  readonly #link: FaultyLink;
  readonly #watched: WatchedDrive;
  sessions = 0;

  constructor(name: string, cartridge: Cartridge, random: Random, quirks: DriveQuirks = {}) {
    this.address = `iscsi://ann%${SECRET}@drive/iqn.2026-03.com.example:${name}/0`;
    this.cartridge = cartridge;
    this.#link = new FaultyLink(random, { medium: medium(cartridge), quirks });
    this.#watched = new WatchedDrive(this.#link.sim.drive, {
      reset: () => this.#link.reset(),
      power: () => this.#link.powerCycle(),
    });
  }

  set onCommand(listener: () => void) {
    this.#watched.onCommand = listener;
  }

  async open(options: OpenTapeOptions): Promise<TapeDrive> {
    this.#link.nexusLost = false;
    this.sessions++;
    const link = this.#link;
    const unit: RecoverableLogicalUnit = {
      name: "link",
      get nexusLost() {
        return link.nexusLost;
      },
      execute: (command) => link.execute(command),
      reestablish: () => link.reestablish(),
      close: () => Promise.resolve(void this.sessions--),
    };
    try {
      const drive = await Drive.open(unit, { sleep: () => Promise.resolve(), ...options });
      this.#watched.isOpened = true;
      return drive;
    } catch (error) {
      await unit.close();
      throw error;
    }
  }

  look() {
    return this.#watched.look();
  }

  arm(fault: TapeFault): void {
    if (fault.kind === "cut") this.#link.left = fault.at;
    else if (fault.kind === "timeout") this.#link.untilTimeout = fault.at;
    else this.#watched.arm(fault);
  }

  losePower(): void {
    this.#link.powerCycle();
  }

  disarm(): void {
    this.#link.left = this.#link.untilTimeout = Infinity;
    this.#watched.disarm();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

/** A drive behind a network in memory. */
export class NetworkTape implements WalkTape {
  readonly kind = "network";
  readonly isBuffered: boolean;
  readonly address: string;
  readonly cartridge: Cartridge;
  readonly #watched: WatchedDrive;
  readonly #target: LoopbackTarget;
  /** Bytes until connections break. */
  #left = Infinity;

  private constructor(address: string, parts: {
    cartridge: Cartridge;
    watched: WatchedDrive;
    target: LoopbackTarget;
    isBuffered: boolean;
  }) {
    this.address = address;
    this.isBuffered = parts.isBuffered;
    this.cartridge = parts.cartridge;
    this.#watched = parts.watched;
    this.#target = parts.target;
  }

  static async create(
    name: string,
    cartridge: Cartridge,
    options: SimulatedDriveOptions = {},
  ): Promise<NetworkTape> {
    const drive = new SimulatedDrive({ medium: medium(cartridge), ...options });
    const watched = new WatchedDrive(drive, {
      reset: () => drive.reset(),
      power: () => drive.powerCycle(),
    });
    const targetName = `iqn.2026-03.com.example:${name}`;
    const target = await loopbackTarget({
      targetName,
      units: [{ lun: 0, device: drive }],
      chap: { accounts: [{ name: "ann", secret: SECRET }] },
    });
    const address = `iscsi://ann%${SECRET}@simulator/${targetName}/0`;
    return new NetworkTape(address, {
      cartridge,
      watched,
      target,
      isBuffered: (options.bufferBytes ?? 0) > 0,
    });
  }

  get sessions(): number {
    return this.#watched.sessions;
  }

  set onCommand(listener: () => void) {
    this.#watched.onCommand = listener;
  }

  async open(options: OpenTapeOptions): Promise<TapeDrive> {
    const drive = await openTape(this.address, {
      sleep: () => Promise.resolve(),
      ...options,
      dial: this.#dial,
      reconnect: { delayMs: 1 },
    });
    this.#watched.isOpened = true;
    return drive;
  }

  look() {
    return this.#watched.look();
  }

  arm(fault: TapeFault): void {
    if (fault.kind === "cut") this.#left = fault.at * 100;
    else this.#watched.arm(fault);
  }

  disarm(): void {
    this.#left = Infinity;
    this.#watched.disarm();
  }

  losePower(): void {
    this.#watched.drive.powerCycle();
  }

  async end(): Promise<void> {
    await this.#target.close();
  }

  readonly #dial: Dialer = async (address, options) => {
    const stream = await this.#target.dial(address, options);
    return {
      read: async (into) => {
        const length = await stream.read(into);
        this.#left -= length ?? 0;
        if (this.#left > 0) return length;
        this.#left = Infinity;
        stream.close();
        throw new TransportError("the connection broke", { op: "read", reason: "reset" });
      },
      write: (chunks) => stream.write(chunks),
      close: () => stream.close(),
    };
  };
}
