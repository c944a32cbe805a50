/** A simulated drive with one initiator at it, for tests: commands in, decoded answers out. */

import { decodeSense, type Sense } from "../../../scsi/sense.ts";
import type { Nexus, TaskResult } from "../../../sim/device_server.ts";
import { SimulatedDrive, type SimulatedDriveOptions } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import type { Medium } from "../../../sim/tape/medium.ts";

const GOOD = 0x00;

export interface Answer {
  status: number;
  data: Uint8Array;
  sense: Sense;
}

export function nexus(name: string): Nexus {
  return { initiatorName: `iqn.2026-01.com.example:${name}`, isid: "400000000001" };
}

/** A number for a record, `undefined` for a filemark. */
export type Layout = readonly (number | undefined)[];

/** A tape of records of these lengths, each filled with its object number. */
export function tapeOf(layout: Layout, medium: Medium = new MemoryMedium()): Medium {
  const [partition] = medium.partitions;
  layout.forEach((length, object) => {
    if (length === undefined) partition.appendFilemarks(1);
    else partition.appendRecord(new Uint8Array(length).fill(object));
  });
  return medium;
}

export class DriveBench {
  readonly drive: SimulatedDrive;
  readonly nexus = nexus("first");

  constructor(options: SimulatedDriveOptions = {}) {
    this.drive = new SimulatedDrive({
      unitAttentions: { newNexus: [] },
      medium: new MemoryMedium(),
      ...options,
    });
    this.drive.nexusEstablished(this.nexus);
  }

  run(
    cdb: readonly number[],
    dataOut: Uint8Array = new Uint8Array(0),
    from: Nexus = this.nexus,
  ): Answer {
    const padded = new Uint8Array(16);
    padded.set(cdb);
    const task = { cdb: padded, dataOut, nexus: from };
    // Without `timing` everything is done at once.
    const { status, dataIn, sense } = this.drive.execute(task) as TaskResult;
    return {
      status,
      data: dataIn ?? new Uint8Array(0),
      sense: decodeSense(sense ?? new Uint8Array(0)),
    };
  }

  /** Runs a command that has to succeed. */
  ok(cdb: readonly number[], dataOut?: Uint8Array): Uint8Array {
    const { status, data, sense } = this.run(cdb, dataOut);
    if (status === GOOD) return data;
    throw new Error(`Command ${cdb} failed: ${sense.key}/${sense.asc}/${sense.ascq}`);
  }

  /** Where READ POSITION (long form) says the tape stands. */
  position(): { object: number; file: number; flags: number } {
    const data = this.ok([0x34, 0x06]);
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    return {
      object: Number(view.getBigUint64(8)),
      file: Number(view.getBigUint64(16)),
      flags: data[0],
    };
  }

  locate(object: number): void {
    this.ok([0x2b, 0, 0, ...u32(object)]);
  }

  setBlockBytes(bytes: number): void {
    this.ok([0x15, 0x10, 0, 0, 12], new Uint8Array([0, 0, 0x10, 8, 0, 0, 0, 0, 0, ...u24(bytes)]));
  }

  /** D_SENSE of the control page. */
  setDescriptorSense(): void {
    const page = [0x0a, 0x0a, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    this.ok([0x15, 0x10, 0, 0, 16], new Uint8Array([0, 0, 0x10, 0, ...page]));
  }
}

export function u24(value: number): number[] {
  return [(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
}

export function u32(value: number): number[] {
  return [(value >>> 24) & 0xff, ...u24(value)];
}

export function u64(value: number): number[] {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
  return [...bytes];
}

export function read(length: number, options: { fixed?: boolean; sili?: boolean } = {}): number[] {
  const { fixed = false, sili = false } = options;
  return [0x08, (fixed ? 1 : 0) | (sili ? 2 : 0), ...u24(length)];
}

export function write(length: number, options: { fixed?: boolean } = {}): number[] {
  return [0x0a, options.fixed ? 1 : 0, ...u24(length)];
}

export function writeFilemarks(count: number, immediate = false): number[] {
  return [0x10, immediate ? 1 : 0, ...u24(count)];
}

export function space(code: number, count: number): number[] {
  return [0x11, code, ...u24(count)];
}

/** What an answer says, in the words of the tables: `GOOD`, or key/ASC ASCQ, flags and INFORMATION. */
export function summary({ status, sense }: Answer): string {
  if (status !== 0x02) return status === GOOD ? "GOOD" : `status ${status.toString(16)}`;
  const flags = [
    sense.filemark && "FM",
    sense.endOfMedium && "EOM",
    sense.incorrectLength && "ILI",
  ].filter((flag) => flag !== false);
  const code = [sense.asc, sense.ascq].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const info = sense.informationValid ? ` ${sense.information}` : "";
  return [`${sense.key.toString(16)}/${code}`, ...flags].join(" ") + info;
}
