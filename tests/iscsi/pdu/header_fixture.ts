/** The form of the PDU fixtures: headers written by hand from the layouts of RFC 7143 §11. */

import type { Pdu } from "../../../iscsi/pdu/pdu.ts";

/** One kind of PDU in three values of its fields. */
export interface HeaderFixture {
  /** The standard's name. */
  readonly name: string;
  /** Distinct values in every field. */
  readonly pdu: Pdu;
  /** The header of `pdu`. */
  readonly bytes: Uint8Array;
  /** The header with every field 0. */
  readonly zero: Uint8Array;
  /** The header with every bit of every field set, and no other. */
  readonly full: Uint8Array;
  /** The greatest value of the number fields that are not 32 bits wide. */
  readonly limits?: Readonly<Record<string, number>>;
}

/** Bytes from hexadecimal digits; spaces and line ends separate at will. */
export function hex(digits: string): Uint8Array {
  const pairs = digits.replace(/\s/g, "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/** `fixture.pdu` with every field 0. */
export function zeroPdu(fixture: HeaderFixture): Pdu {
  return mapFields(fixture, { flag: false, lun: 0n, octet: 0, number: () => 0 });
}

/** `fixture.pdu` with every field at its greatest value. */
export function fullPdu(fixture: HeaderFixture): Pdu {
  const number = (field: string) => fixture.limits?.[field] ?? 0xffffffff;
  return mapFields(fixture, { flag: true, lun: 0xffffffffffffffffn, octet: 0xff, number });
}

interface Values {
  readonly flag: boolean;
  readonly lun: bigint;
  readonly octet: number;
  readonly number: (field: string) => number;
}

function mapFields(fixture: HeaderFixture, values: Values): Pdu {
  const fields = Object.entries(fixture.pdu).map(([field, value]) => {
    if (field === "opcode") return [field, value];
    if (typeof value === "boolean") return [field, values.flag];
    if (typeof value === "bigint") return [field, values.lun];
    if (typeof value === "number") return [field, values.number(field)];
    return [field, new Uint8Array(value.length).fill(values.octet)];
  });
  return Object.fromEntries(fields) as Pdu;
}
