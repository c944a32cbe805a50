/** Changes that know what PDUs are: an input stays a conversation, and says something else. */

import { ahsLength, BHS_LENGTH, dataSegmentLength, padded } from "../../iscsi/pdu/bhs.ts";
import { writeU24 } from "../../scsi/big_endian.ts";
import { concat } from "../../transport/concat.ts";
import type { Random } from "../scsi/random.ts";

/** Bytes at the beginning of an input that belong to no PDU. */
const FLAG_BYTES = 1;
/** Four-byte fields: tags, numbers, offsets, counts. */
const FIELDS = [16, 20, 24, 28, 32, 36, 40, 44];
const ODD_VALUES = [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const OPCODES = [
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  0x10,
  0x20,
  0x21,
  0x22,
  0x23,
  0x24,
  0x25,
  0x26,
  0x31,
  0x32,
  0x3f,
];

type PduChange = (pdus: Uint8Array[], random: Random) => void;

const duplicate: PduChange = (pdus, random) => {
  const pdu = pdus[random.below(pdus.length)].slice();
  pdus.splice(random.below(pdus.length + 1), 0, pdu);
};

const drop: PduChange = (pdus, random) => void pdus.splice(random.below(pdus.length), 1);

const swap: PduChange = (pdus, random) => {
  const [one, other] = [random.below(pdus.length), random.below(pdus.length)];
  [pdus[one], pdus[other]] = [pdus[other], pdus[one]];
};

const setFlags: PduChange = (pdus, random) => {
  pdus[random.below(pdus.length)][1 + random.below(3)] ^= 1 << random.below(8);
};

const setOpcode: PduChange = (pdus, random) => {
  pdus[random.below(pdus.length)][0] = OPCODES[random.below(OPCODES.length)];
};

/** A field becomes odd, a little more or less, or what stands in the same place of another PDU. */
const setField: PduChange = (pdus, random) => {
  const view = viewOf(pdus[random.below(pdus.length)]);
  const field = FIELDS[random.below(FIELDS.length)];
  const other = viewOf(pdus[random.below(pdus.length)]).getUint32(field);
  const near = view.getUint32(field) + random.below(5) - 2;
  view.setUint32(
    field,
    [near, other, ODD_VALUES[random.below(ODD_VALUES.length)]][random.below(3)],
  );
};

/** Another data segment with the right length. */
const setData: PduChange = (pdus, random) => {
  const index = random.below(pdus.length);
  const length = random.below(4) === 0 ? random.below(2000) : random.below(8);
  const header = pdus[index].slice(0, BHS_LENGTH + ahsLength(pdus[index]));
  writeU24(header, 5, length);
  pdus[index] = concat([header, new Uint8Array(padded(length)).fill(random.below(256))]);
};

const CHANGES: readonly PduChange[] = [
  duplicate,
  drop,
  swap,
  setFlags,
  setOpcode,
  setField,
  setField,
  setField,
  setData,
];

/** Changes an input that consists of a byte of flags and PDUs without digests; as it is when there are none. */
export function changePdus(input: Uint8Array, random: Random): Uint8Array {
  const pdus = split(input.subarray(FLAG_BYTES));
  if (pdus.length < 2) return input;
  CHANGES[random.below(CHANGES.length)](pdus, random);
  return concat([input.subarray(0, FLAG_BYTES), ...pdus]);
}

/** Whole PDUs; what is behind them is left out. */
function split(wire: Uint8Array): Uint8Array[] {
  const pdus: Uint8Array[] = [];
  for (let at = 0; at + BHS_LENGTH <= wire.length;) {
    const bhs = wire.subarray(at, at + BHS_LENGTH);
    const length = BHS_LENGTH + ahsLength(bhs) + padded(dataSegmentLength(bhs));
    if (at + length > wire.length) break;
    pdus.push(wire.slice(at, at + length));
    at += length;
  }
  return pdus;
}

function viewOf(pdu: Uint8Array): DataView {
  return new DataView(pdu.buffer, pdu.byteOffset, pdu.length);
}
