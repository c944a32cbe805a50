/** A device that keeps which commands it was given, how often, and whether their data was right. */

import type { DeviceServer, Task, TaskResult } from "../../../sim/device_server.ts";
import type { Clock } from "../../../transport/clock.ts";

const READ = 0xc0;
const WRITE = 0xc1;
const EXCHANGE = 0xc5;
const [LENGTH, ID, STATUS, DELAY, READ_LENGTH] = [4, 8, 12, 13, 28];
/** Units of the delay in a CDB. */
const DELAY_MS = 10;

export const SENSE: Uint8Array = Uint8Array.of(
  0x70,
  0,
  0x03,
  0,
  0,
  0,
  0,
  10,
  ...new Array(10).fill(0),
);

/** What a command does. */
export interface CommandPlan {
  readonly id: number;
  /** Bytes that the CDB asks for, which need not be those that the initiator expects. */
  readonly writeLength: number;
  readonly readLength: number;
  readonly status: number;
  readonly delayMs: number;
}

/** The CDB of a command, longer than a header holds where it goes in both directions. */
export function cdbOf({ id, writeLength, readLength, status, delayMs }: CommandPlan): Uint8Array {
  const isExchange = writeLength > 0 && readLength > 0;
  const cdb = new Uint8Array(isExchange ? 32 : 16);
  const view = new DataView(cdb.buffer);
  cdb[0] = isExchange ? EXCHANGE : writeLength > 0 ? WRITE : READ;
  view.setUint32(LENGTH, writeLength > 0 ? writeLength : readLength);
  view.setUint32(ID, id);
  cdb[STATUS] = status;
  view.setUint16(DELAY, delayMs / DELAY_MS);
  if (isExchange) view.setUint32(READ_LENGTH, readLength);
  return cdb;
}

/** The data of a command, which no other has. */
export function dataOf(id: number, length: number): Uint8Array {
  const data = new Uint8Array(length);
  for (let i = 0, value = Math.imul(id, 0x9e3779b1); i < length; i++) {
    value = (Math.imul(value, 1664525) + 1013904223) | 0;
    data[i] = value >>> 24;
  }
  return data;
}

/** One execution. */
export interface Execution {
  readonly id: number;
  /** Whether the Data-Out was what belongs to the command, as far as the CDB asks for it. */
  readonly isIntact: boolean;
  /** The bytes of Data-Out that came. */
  readonly received: number;
}

export class WitnessedDevice implements DeviceServer {
  readonly deviceType = 1;
  /** In the order of the execution. */
  readonly log: Execution[] = [];
  readonly counts = new Map<number, number>();
  readonly #clock: Clock;
  readonly #cancels = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  executions(id: number): number {
    return this.counts.get(id) ?? 0;
  }

  dataOutLength(cdb: Uint8Array): number {
    return cdb[0] === WRITE || cdb[0] === EXCHANGE
      ? new DataView(cdb.buffer, cdb.byteOffset).getUint32(LENGTH)
      : 0;
  }

  execute({ cdb, dataOut }: Task): TaskResult | Promise<TaskResult> {
    const view = new DataView(cdb.buffer, cdb.byteOffset);
    const id = view.getUint32(ID);
    const expected = dataOf(id, dataOut.length);
    const isIntact = dataOut.every((byte, i) => byte === expected[i]);
    this.log.push({ id, isIntact, received: dataOut.length });
    this.counts.set(id, this.executions(id) + 1);
    const result = this.#result(cdb, view, id);
    const delayMs = view.getUint16(DELAY) * DELAY_MS;
    return delayMs === 0 ? result : new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#cancels.delete(end);
        resolve(result);
      };
      const cancel = this.#clock.schedule(end, delayMs);
      this.#cancels.add(end);
    });
  }

  nexusEstablished(): void {}

  nexusLost(): void {}

  reset(): void {}

  close(): Promise<void> {
    for (const end of this.#cancels) end();
    return Promise.resolve();
  }

  #result(cdb: Uint8Array, view: DataView, id: number): TaskResult {
    const status = cdb[STATUS];
    const length = cdb[0] === EXCHANGE
      ? view.getUint32(READ_LENGTH)
      : cdb[0] === READ
      ? view.getUint32(LENGTH)
      : 0;
    const dataIn = length > 0 ? { dataIn: dataOf(id, length) } : {};
    return { status, ...dataIn, ...(status === 2 && { sense: SENSE }) };
  }
}
