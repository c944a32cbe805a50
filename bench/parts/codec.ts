/**
 * The codec alone: headers to values and back, and a stream cut into PDUs.
 *
 * @module
 */

import { BHS_LENGTH, DATA_SEGMENT_LENGTH } from "../../iscsi/pdu/bhs.ts";
import { type DataIn, decodeDataIn, encodeDataIn } from "../../iscsi/pdu/data_in.ts";
import { PduFramer, type PduSink } from "../../iscsi/pdu/framer.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";
import {
  decodeScsiCommand,
  encodeScsiCommand,
  type ScsiCommand,
  TaskAttribute,
} from "../../iscsi/pdu/scsi_command.ts";
import { writeU24 } from "../../scsi/big_endian.ts";
import { megabytesPerSecond, secondsPerCall, sizeName } from "../figures.ts";
import type { Part, Table } from "../part.ts";

const STAGING_BYTES = 65536;
const SEGMENT_LENGTHS = [0, 512, 65536, 262144];

const COMMAND: ScsiCommand = {
  opcode: Opcode.ScsiCommand,
  immediate: false,
  final: true,
  read: true,
  write: false,
  attributes: TaskAttribute.Simple,
  lun: 0n,
  itt: 7,
  expectedDataTransferLength: 262144,
  cmdSn: 12,
  expStatSn: 9,
  cdb: Uint8Array.of(0x08, 0, 4, 0, 0, 0),
};
const DATA_IN: DataIn = {
  opcode: Opcode.DataIn,
  final: true,
  acknowledge: false,
  overflow: false,
  underflow: false,
  hasStatus: true,
  status: 0,
  lun: 0n,
  itt: 7,
  ttt: 0xffffffff,
  statSn: 9,
  expCmdSn: 13,
  maxCmdSn: 45,
  dataSn: 0,
  bufferOffset: 0,
  residual: 0,
};

/** Rates of the codec. */
export const codec: Part = {
  name: "codec",
  about: "PDU headers, and a stream cut into PDUs",
  measure: async ({ rounds }) => ({
    title: "Codec",
    about:
      "No I/O: bytes in memory, one thread. The framer is handed a stream of Data-In PDUs in " +
      "reads of up to 64 KiB for headers and short data, and as much as it asks for in long data.",
    table: await codecTable(rounds),
  }),
};

async function codecTable(rounds: number): Promise<Table> {
  const bhs = new Uint8Array(BHS_LENGTH);
  const work: [string, () => void][] = [
    ["encode SCSI Command", () => encodeScsiCommand(COMMAND, bhs)],
    ["decode SCSI Command", () => decodeScsiCommand(bhs)],
    ["encode Data-In", () => encodeDataIn(DATA_IN, bhs)],
    ["decode Data-In", () => decodeDataIn(bhs)],
  ];
  const rows: string[][] = [];
  for (const [name, once] of work) {
    const seconds = await secondsPerCall(rounds, (calls) => {
      for (let call = 0; call < calls; call++) once();
    });
    rows.push([name, (seconds * 1e9).toFixed(0), ""]);
  }
  for (const length of SEGMENT_LENGTHS) {
    const seconds = await secondsPerCall(rounds, framing(length));
    const rate = length > 0 ? megabytesPerSecond(length, seconds) : "";
    rows.push([`frame a PDU with ${sizeName(length)} of data`, (seconds * 1e9).toFixed(0), rate]);
  }
  return { columns: ["Work", "ns", "MB/s"], rows };
}

/** Work that takes PDUs with data segments of one length out of a stream. */
function framing(length: number): (calls: number) => void {
  const pdu = new Uint8Array(BHS_LENGTH + length);
  encodeDataIn(DATA_IN, pdu.subarray(0, BHS_LENGTH));
  writeU24(pdu, DATA_SEGMENT_LENGTH, length);
  const record = new Uint8Array(length);
  const sink = new CountingSink(record);
  const framer = new PduFramer(sink, {
    maxDataSegmentLength: 1 << 24,
    stagingBytes: STAGING_BYTES,
  });
  let at = 0;
  return (calls) => {
    for (sink.received = 0; sink.received < calls;) {
      const into = framer.destination();
      for (let filled = 0; filled < into.length;) {
        const count = Math.min(into.length - filled, pdu.length - at);
        into.set(pdu.subarray(at, at + count), filled);
        filled += count;
        at = (at + count) % pdu.length;
      }
      framer.advance(into.length);
    }
  };
}

class CountingSink implements PduSink {
  received = 0;
  readonly #record: Uint8Array;

  constructor(record: Uint8Array) {
    this.#record = record;
  }

  place(): Uint8Array {
    return this.#record;
  }

  receive(): void {
    this.received++;
  }
}
