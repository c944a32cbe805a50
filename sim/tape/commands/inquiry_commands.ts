/**
 * INQUIRY with the vital product data of a tape drive (SPC-5 §6.7, §7.7; SSC-4 §8.5).
 *
 * @module
 */

import { readU16, writeU16, writeU64 } from "../../../scsi/big_endian.ts";
import { type DesignatorInput, encodeDesignators } from "../../../scsi/designator.ts";
import { DeviceType } from "../../../scsi/device_type.ts";
import { encodeInquiry } from "../../../scsi/inquiry.ts";
import { encodeSerialNumber, encodeVpdPage, VpdPage } from "../../../scsi/vpd.ts";
import type { Task } from "../../device_server.ts";
import { invalidField, type Outcome } from "../conditions.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import type { DriveState } from "../drive_state.ts";
import { cutToAllocation } from "./transfer_length.ts";

const EVPD = 0x01;

const TAPE_CAPABILITIES = 0xb0;
const MANUFACTURER_SERIAL = 0xb1;
const TAPE_ALERT_FLAGS_PAGE = 0xb2;
const AUTOMATION_SERIAL = 0xb3;
const ELEMENT_ADDRESS = 0xb4;
const BLOCK_PROTECTION = 0xb5;
const EXTENDED_INQUIRY = 0x86;
const MODE_PAGE_POLICY = 0x87;
/** The last page that SCSI-2 and the first SPC have. */
const LAST_OLD_PAGE = VpdPage.DeviceIdentification;
const LAST_OLD_VERSION = 2;

const WORM_CAPABLE = 0x01;
/** Methods: CRC32C, 4 bytes, for writes, reads and both ways of READ REVERSE and RECOVER BUFFERED DATA alike. */
const CRC32C_METHOD = [0x02, 0x04, 0xc0];
/** What page B5h has before its descriptors. */
const RESERVED = [0, 0, 0, 0];

/** NAA 3h, locally assigned, in the top four bits of eight bytes. */
const NAA_LOCALLY_ASSIGNED = 0x3n << 60n;

/** `undefined` on drives that do not have the page. */
type VpdBody = (drive: DriveState) => Uint8Array | undefined;

const serial: VpdBody = ({ serialNumber }) => encodeSerialNumber(serialNumber);

/** The bodies of the pages, by ascending page code. */
const VPD_BODIES: ReadonlyMap<number, VpdBody> = new Map<number, VpdBody>([
  [VpdPage.SupportedPages, supportedPages],
  [VpdPage.UnitSerialNumber, serial],
  [VpdPage.DeviceIdentification, deviceIdentification],
  [EXTENDED_INQUIRY, extendedInquiry],
  // All mode pages, subpages included, are shared by all initiators.
  [MODE_PAGE_POLICY, () => new Uint8Array([0x3f, 0xff, 0x00, 0x00])],
  [TAPE_CAPABILITIES, ({ personality }) => {
    return new Uint8Array([personality.features.worm ? WORM_CAPABLE : 0, 0]);
  }],
  [MANUFACTURER_SERIAL, serial],
  // Every flag may come up: tests raise them.
  [TAPE_ALERT_FLAGS_PAGE, () => new Uint8Array(8).fill(0xff)],
  [AUTOMATION_SERIAL, serial],
  [ELEMENT_ADDRESS, elementAddress],
  [BLOCK_PROTECTION, blockProtection],
]);

function supportedPages(drive: DriveState): Uint8Array {
  const isThere = (code: number) =>
    code === VpdPage.SupportedPages || vpdBody(drive, code) !== undefined;
  return new Uint8Array([...VPD_BODIES.keys()].filter(isThere));
}

function vpdBody(drive: DriveState, code: number): Uint8Array | undefined {
  const isInVersion = code <= LAST_OLD_PAGE || drive.personality.version > LAST_OLD_VERSION;
  return isInVersion ? VPD_BODIES.get(code)?.(drive) : undefined;
}

/** Unit attentions are cleared one by one as they are told (UASK_SUP 0, LUICLR 1). */
function extendedInquiry(): Uint8Array {
  const body = new Uint8Array(60);
  body[3] = 0x01;
  return body;
}

/** Which element of a library the drive is: what a changer calls it. */
function elementAddress(drive: DriveState): Uint8Array | undefined {
  if (drive.elementAddress === undefined) return undefined;
  const body = new Uint8Array(2);
  writeU16(body, 0, drive.elementAddress);
  return body;
}

function blockProtection({ personality }: DriveState): Uint8Array | undefined {
  if (!personality.features.blockProtection) return undefined;
  return new Uint8Array([...RESERVED, CRC32C_METHOD.length + 1, ...CRC32C_METHOD, 0]);
}

/** INQUIRY. */
export const INQUIRY_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x12,
    usage: [EVPD, 0xff, 0xff, 0xff, CONTROL],
    ignoresUnitAttention: true,
    allowedWhenReserved: true,
    execute: inquiry,
  },
];

function inquiry(drive: DriveState, { cdb }: Task): Outcome {
  const allocationLength = readU16(cdb, 3);
  if ((cdb[1] & EVPD) === 0) {
    if (cdb[2] !== 0) return invalidField(2);
    return { dataIn: cutToAllocation(standardData(drive), allocationLength) };
  }
  const body = vpdBody(drive, cdb[2]);
  if (body === undefined) return invalidField(2);
  const page = encodeVpdPage(DeviceType.Tape, cdb[2], body);
  return { dataIn: cutToAllocation(page, allocationLength) };
}

function standardData({ personality }: DriveState): Uint8Array {
  const { vendor, product, revision, version, versionDescriptors } = personality;
  return encodeInquiry({
    deviceType: DeviceType.Tape,
    removable: true,
    protect: personality.features.blockProtection,
    commandQueuing: true,
    vendor,
    product,
    revision,
    version,
    versionDescriptors,
  });
}

/** The T10 vendor name made of vendor, product and serial number, and a locally assigned NAA made of the same. */
function deviceIdentification({ personality, serialNumber }: DriveState): Uint8Array {
  const { vendor, product } = personality;
  const name = vendor.padEnd(8) + product.padEnd(16) + serialNumber;
  const naa = new Uint8Array(8);
  writeU64(naa, 0, NAA_LOCALLY_ASSIGNED | fnv60(name));
  const designators: DesignatorInput[] = [
    {
      codeSet: "ascii",
      association: "logical-unit",
      type: "t10-vendor",
      data: encodeSerialNumber(name),
    },
    { codeSet: "binary", association: "logical-unit", type: "naa", data: naa },
  ];
  return encodeDesignators(designators);
}

/** FNV-1a over 64 bits, folded to 60: a name that stays the same and that two drives are unlikely to share. */
function fnv60(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const character of text) {
    hash ^= BigInt(character.charCodeAt(0) & 0xff);
    hash = (hash * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return (hash >> 60n) ^ (hash & 0x0fffffffffffffffn);
}
