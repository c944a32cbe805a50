/** Everything that a device answers with, beside sense data: each decoder by the first byte of the input. */

import { decodeBlockCharacteristics } from "../../../scsi/block/block_characteristics.ts";
import { decodeBlockLimits as decodeDiskLimits } from "../../../scsi/block/block_limits.ts";
import { decodeCapacity10, decodeCapacity16 } from "../../../scsi/block/capacity.ts";
import { decodeLogicalBlockProvisioning } from "../../../scsi/block/logical_block_provisioning.ts";
import { decodeUnmap } from "../../../scsi/block/unmap.ts";
import { commandFacts } from "../../../scsi/command_table.ts";
import { decodeDesignators } from "../../../scsi/designator.ts";
import { UnexpectedResponseError } from "../../../scsi/errors.ts";
import { decodeInquiry } from "../../../scsi/inquiry.ts";
import { decodeLogPage } from "../../../scsi/log_pages.ts";
import { decodeModeParameters } from "../../../scsi/mode_parameters.ts";
import { decodeReportLuns } from "../../../scsi/report_luns.ts";
import { decodeFullReservationStatus } from "../../../scsi/reservation/full_reservation_status.ts";
import {
  decodeRegisteredKeys,
  decodeReservationCapabilities,
  decodeReservationReport,
} from "../../../scsi/reservation/reservation_reports.ts";
import { decodeTransportId } from "../../../scsi/reservation/transport_id.ts";
import { decodeSupportedOperations } from "../../../scsi/supported_operations.ts";
import { decodeSerialNumber, decodeVpdPage } from "../../../scsi/vpd.ts";
import { decodeBlockLimits } from "../../../tape/block_limits.ts";
import { decodeDensities } from "../../../tape/density.ts";
import { decodePosition } from "../../../tape/position.ts";
import { concat } from "../../../transport/concat.ts";
import { ascii, type FuzzTarget, orDocumented } from "../fuzz_target.ts";

type Decoder = (bytes: Uint8Array) => unknown;

/** A decoder, what it is for, and whether it may throw an `UnexpectedResponseError`. */
interface Page {
  readonly decode: Decoder;
  readonly isStrict?: boolean;
  readonly seed: Uint8Array;
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const padded = (head: number[], length: number) => concat([bytes(...head), new Uint8Array(length)]);

const PAGES: readonly Page[] = [
  {
    decode: (input) => decodeInquiry(input),
    isStrict: true,
    seed: concat([
      bytes(1, 0x80, 6, 2, 0x5b, 0, 0, 2),
      ascii("IBM     ULT3580-TD9     R3G3serial"),
    ]),
  },
  { decode: decodeVpdPage, seed: bytes(1, 0, 0, 3, 0, 0x80, 0x83) },
  { decode: decodeSerialNumber, seed: ascii("SIM0000001  ") },
  {
    decode: decodeDesignators,
    seed: bytes(1, 3, 0, 8, 0x50, 1, 2, 3, 4, 5, 6, 7, 2, 1, 0, 2, 65, 66),
  },
  {
    decode: (input) => decodeLogPage(input),
    isStrict: true,
    seed: bytes(0x0c, 0, 0, 14, 0, 0, 3, 4, 0, 0, 0, 9, 0, 1, 3, 2, 1, 1),
  },
  {
    decode: (input) => decodeModeParameters(input, 6),
    isStrict: true,
    seed: bytes(0x1b, 0, 0x10, 8, 0x58, 0, 0, 0, 0, 0, 0, 0, 0x0f, 14, ...new Array(14).fill(1)),
  },
  {
    decode: (input) => decodeModeParameters(input, 10),
    isStrict: true,
    seed: bytes(0, 24, 0, 0x10, 0, 0, 0, 8, 0x58, 0, 0, 0, 0, 0, 2, 0, 0x50, 1, 0, 4, 1, 2, 3, 4),
  },
  {
    decode: (input) => decodeReportLuns(input),
    isStrict: true,
    seed: padded([0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 6),
  },
  {
    decode: (input) => decodeSupportedOperations(input),
    isStrict: true,
    seed: padded([0, 0, 0, 20, 8, 0, 0, 0, 0, 2, 0, 6, 0, 10], 20),
  },
  {
    decode: (input) => decodeRegisteredKeys(input),
    isStrict: true,
    seed: padded([0, 0, 0, 1, 0, 0, 0, 16], 16),
  },
  {
    decode: (input) => decodeReservationReport(input),
    isStrict: true,
    seed: padded([0, 0, 0, 1, 0, 0, 0, 16], 16),
  },
  {
    decode: (input) => decodeReservationCapabilities(input),
    isStrict: true,
    seed: bytes(0, 8, 0x1d, 0x80, 0xea, 1, 0, 0),
  },
  {
    decode: (input) => decodeFullReservationStatus(input),
    isStrict: true,
    seed: concat([
      padded([0, 0, 0, 1, 0, 0, 0, 48], 12),
      padded([3, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 24, 0x45, 0, 0, 20], 0),
      ascii("iqn.a:b,i,0x80000000"),
    ]),
  },
  { decode: decodeTransportId, seed: concat([bytes(0x05, 0, 0, 8), ascii("iqn.a:b\0")]) },
  {
    decode: (input) => decodeCapacity10(input),
    isStrict: true,
    seed: bytes(0, 0, 255, 255, 0, 0, 2, 0),
  },
  {
    decode: (input) => decodeCapacity16(input),
    isStrict: true,
    seed: padded([0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 2, 0, 0, 3], 18),
  },
  { decode: decodeDiskLimits, seed: padded([1, 8, 0, 8, 0, 0, 255, 255], 54) },
  { decode: decodeBlockCharacteristics, seed: padded([0, 1, 0, 2], 58) },
  {
    decode: decodeLogicalBlockProvisioning,
    seed: bytes(0, 0xe0, 2, 0, 1, 3, 0, 8, 1, 2, 3, 4, 5, 6),
  },
  { decode: decodeUnmap, seed: padded([0, 22, 0, 16], 20) },
  { decode: decodeBlockLimits, seed: bytes(0, 0x80, 0, 0, 0, 1) },
  { decode: decodeDensities, seed: padded([0, 54, 0, 0, 0x58, 0x58, 0xa0, 0, 0, 52], 46) },
  { decode: (input) => decodePosition(input, 0), seed: padded([0x30, 0, 0, 0, 0, 0, 0, 9], 12) },
  { decode: (input) => decodePosition(input, 6), seed: padded([0x08, 0, 0, 0, 0, 0, 0, 1], 24) },
  {
    decode: (input) => input.length > 1 && commandFacts(input),
    seed: bytes(0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0),
  },
];

export const scsiPagesTarget: FuzzTarget = {
  name: "scsi-pages",
  seeds: PAGES.map(({ seed }, index) => concat([bytes(index), seed])),
  maxBytes: 4096,
  run(input) {
    if (input.length === 0) return;
    const { decode, isStrict } = PAGES[input[0] % PAGES.length];
    const body = input.subarray(1);
    if (isStrict) orDocumented(() => decode(body), UnexpectedResponseError);
    else decode(body);
  },
};
