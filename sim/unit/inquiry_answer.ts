/**
 * INQUIRY with the vital product data that every simulated unit has (SPC-5 §6.7, §7.7).
 *
 * @module
 */

import { readU16, writeU64 } from "../../scsi/big_endian.ts";
import { encodeDesignators } from "../../scsi/designator.ts";
import { encodeInquiry } from "../../scsi/inquiry.ts";
import { encodeSerialNumber, encodeVpdPage, VpdPage } from "../../scsi/vpd.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";
import { invalidField, type Outcome } from "../tape/conditions.ts";
import { CONTROL, type UnitCommand } from "./unit_command.ts";
import type { UnitIdentity, UnitState } from "./unit_state.ts";

const EVPD = 0x01;
/** NAA 3h, locally assigned, in the top four bits of eight bytes. */
const NAA_LOCALLY_ASSIGNED = 0x3n << 60n;

/** What differs from one kind of unit to another. */
export interface InquiryFacts<State> {
  /** Whether the medium can be taken out. */
  readonly removable: (state: State) => boolean;
  /** Version descriptors (SPC-5 §6.7.2). */
  readonly versionDescriptors: readonly number[];
  /** Bodies of further vital product data pages, by page code. */
  readonly pages?: Readonly<Record<number, (state: State) => Uint8Array>>;
}

/** The command for units of one kind. */
export function inquiryCommand<State extends UnitState>(
  facts: InquiryFacts<State>,
): UnitCommand<State> {
  const bodies = bodiesOf(facts);
  return {
    opcode: 0x12,
    usage: [EVPD, 0xff, 0xff, 0xff, CONTROL],
    ignoresUnitAttention: true,
    access: "allowed",
    allowedWhenReserved: true,
    execute: (state, { cdb }) => answer(state, cdb, facts, bodies),
  };
}

type Bodies<State> = ReadonlyMap<number, (state: State) => Uint8Array>;

/** By ascending page code, as page 00h lists them. */
function bodiesOf<State extends UnitState>({ pages = {} }: InquiryFacts<State>): Bodies<State> {
  const more = Object.entries(pages).map(([code, body]) => [Number(code), body] as const);
  const bodies: Bodies<State> = new Map<number, (state: State) => Uint8Array>([
    [VpdPage.SupportedPages, () => new Uint8Array(bodies.keys())],
    [VpdPage.UnitSerialNumber, ({ identity }) => encodeSerialNumber(identity.serialNumber)],
    [VpdPage.DeviceIdentification, ({ identity }) => deviceIdentification(identity)],
    ...more.sort(([a], [b]) => a - b),
  ]);
  return bodies;
}

function answer<State extends UnitState>(
  state: State,
  cdb: Uint8Array,
  facts: InquiryFacts<State>,
  bodies: Bodies<State>,
): Outcome {
  const allocationLength = readU16(cdb, 3);
  if ((cdb[1] & EVPD) === 0) {
    if (cdb[2] !== 0) return invalidField(2);
    return { dataIn: cutToAllocation(standardData(state, facts), allocationLength) };
  }
  const body = bodies.get(cdb[2]);
  if (body === undefined) return invalidField(2);
  const page = encodeVpdPage(state.deviceType, cdb[2], body(state));
  return { dataIn: cutToAllocation(page, allocationLength) };
}

function standardData<State extends UnitState>(
  state: State,
  { removable, versionDescriptors }: InquiryFacts<State>,
): Uint8Array {
  const { deviceType, identity: { vendor, product, revision } } = state;
  return encodeInquiry({
    deviceType,
    removable: removable(state),
    commandQueuing: true,
    vendor,
    product,
    revision,
    versionDescriptors,
  });
}

/** The T10 vendor name made of vendor, product and serial number. */
export function vendorName({ vendor, product, serialNumber }: UnitIdentity): string {
  return vendor.padEnd(8) + product.padEnd(16) + serialNumber;
}

/** That name, and a locally assigned NAA made of it. */
function deviceIdentification(identity: UnitIdentity): Uint8Array {
  const name = vendorName(identity);
  const naa = new Uint8Array(8);
  writeU64(naa, 0, NAA_LOCALLY_ASSIGNED | fnv60(name));
  const association = "logical-unit";
  return encodeDesignators([
    { codeSet: "ascii", association, type: "t10-vendor", data: encodeSerialNumber(name) },
    { codeSet: "binary", association, type: "naa", data: naa },
  ]);
}

/** FNV-1a over 64 bits, folded to 60: a name that stays the same and that two units are unlikely to share. */
function fnv60(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const character of text) {
    hash ^= BigInt(character.charCodeAt(0) & 0xff);
    hash = (hash * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return (hash >> 60n) ^ (hash & 0x0fffffffffffffffn);
}
