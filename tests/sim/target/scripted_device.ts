import type { DeviceServer, Nexus, Task, TaskResult } from "../../../sim/device_server.ts";

/** The CDB of a made-up command: what it does is in its bytes. */
export const Command = {
  /** Gives `length` bytes. */
  read: (length: number): Uint8Array => cdb(0xc0, length),
  /** Takes `length` bytes. */
  write: (length: number): Uint8Array => cdb(0xc1, length),
  /** Is answered when the test says so. */
  wait: (): Uint8Array => cdb(0xc2, 0),
  /** Gives `length` bytes, and CHECK CONDITION. */
  shortRead: (length: number): Uint8Array => cdb(0xc3, length),
  /** Takes `writeLength` bytes and gives `readLength`, which are {@link exchanged}. The CDB is longer than a header holds. */
  exchange: (writeLength: number, readLength: number): Uint8Array => {
    const bytes = new Uint8Array(32);
    bytes.set(cdb(0xc5, writeLength));
    new DataView(bytes.buffer).setUint32(28, readLength);
    return bytes;
  },
  /** Throws. */
  fail: (): Uint8Array => cdb(0xc4, 0),
};

export const SENSE: Uint8Array = Uint8Array.of(
  0x70,
  0,
  0x20,
  0,
  0,
  0,
  0,
  10,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
);

/** What {@link Command.exchange} gives for what it takes. */
export function exchanged(dataOut: Uint8Array, readLength: number): Uint8Array {
  return Uint8Array.from(
    { length: readLength },
    (_, i) => (dataOut[i % dataOut.length] ^ 0xff) + i,
  );
}

function cdb(opcode: number, length: number): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes[0] = opcode;
  new DataView(bytes.buffer).setUint32(4, length);
  return bytes;
}

function lengthOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4);
}

/** A device whose commands a test makes up, and which keeps what it was told. */
export class ScriptedDevice implements DeviceServer {
  readonly deviceType = 1;
  /** What was called, in order: `write 10`, `nexus+ iqn...`, `reset`. */
  readonly log: string[] = [];
  readonly written: Uint8Array[] = [];
  readonly answers: ((result: TaskResult) => void)[] = [];
  data: Uint8Array = new Uint8Array(0);
  closed = 0;

  dataOutLength(bytes: Uint8Array): number {
    return bytes[0] === 0xc1 || bytes[0] === 0xc5 ? lengthOf(bytes) : 0;
  }

  execute({ cdb, dataOut }: Task): TaskResult | Promise<TaskResult> {
    const length = lengthOf(cdb);
    switch (cdb[0]) {
      case 0xc0:
        this.log.push(`read ${length}`);
        return { status: 0, dataIn: this.data.subarray(0, length) };
      case 0xc1:
        this.log.push(`write ${dataOut.length}`);
        this.written.push(dataOut.slice());
        return { status: 0 };
      case 0xc2:
        this.log.push("wait");
        return new Promise((resolve) => this.answers.push(resolve));
      case 0xc3:
        this.log.push(`shortRead ${length}`);
        return { status: 2, dataIn: this.data.subarray(0, length), sense: SENSE };
      case 0xc5: {
        this.log.push(`exchange ${dataOut.length}`);
        this.written.push(dataOut.slice());
        const readLength = new DataView(cdb.buffer, cdb.byteOffset).getUint32(28);
        return { status: 0, dataIn: exchanged(dataOut, readLength) };
      }
      case 0xc4:
        throw new Error("The device broke");
      default:
        this.log.push(`command ${cdb[0].toString(16)}`);
        return { status: 0 };
    }
  }

  nexusEstablished(nexus: Nexus): void {
    this.log.push(`nexus+ ${nexus.isid}`);
  }

  nexusLost(nexus: Nexus): void {
    this.log.push(`nexus- ${nexus.isid}`);
  }

  reset(): void {
    this.log.push("reset");
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}
