import { ok } from "node:assert/strict";
import { readFields } from "../../scsi/bit_field.ts";
import { UnexpectedResponseError } from "../../scsi/errors.ts";
import { decodeLogPage } from "../../scsi/log_pages.ts";
import { decodeAttributes } from "../../scsi/medium_attributes.ts";
import * as status from "../../scsi/stream/encryption_status.ts";
import { DEVICE_CONFIGURATION_PAGE } from "../../scsi/stream/mode_page_fields.ts";
import { decodePartitionValues, nameLogPage } from "../../scsi/stream/named_log_page.ts";
import * as vpd from "../../scsi/stream/stream_vpd.ts";
import { decodeOperationSupport } from "../../scsi/supported_operations.ts";
import { decodeTimestamp } from "../../scsi/timestamp.ts";
import { decodeExtendedInquiry } from "../../scsi/vital/extended_inquiry.ts";
import { decodeModePagePolicies } from "../../scsi/vital/mode_page_policy.ts";
import { decodePortProtocolData, decodeScsiPorts } from "../../scsi/vital/scsi_ports.ts";
import { decodeSegmentOrder } from "../../tape/access_order.ts";
import { decodeDensities } from "../../tape/density.ts";
import { Random, seed } from "./random.ts";

const ROUNDS = 2000;

/** Mostly small numbers, so that lengths fit now and then and the walks go deep. */
function plausible(random: Random): Uint8Array {
  const bytes = random.bytes(random.below(120));
  for (let i = 0; i < bytes.length; i++) if (random.below(4) > 0) bytes[i] = random.below(10);
  return bytes;
}

const DECODERS: Record<string, (bytes: Uint8Array) => unknown> = {
  "nameLogPage(decodeLogPage)": (bytes) => nameLogPage(decodeLogPage(bytes)),
  decodeAttributes,
  decodeEncryptionStatus: status.decodeEncryptionStatus,
  decodeEncryptionCapabilities: status.decodeEncryptionCapabilities,
  decodeNextBlockStatus: status.decodeNextBlockStatus,
  decodeOperationSupport,
  decodeTimestamp,
};

for (const [name, decode] of Object.entries(DECODERS)) {
  Deno.test(`${name} throws nothing but UnexpectedResponseError, whatever a drive sends`, () => {
    const random = new Random(seed());
    for (let round = 0; round < ROUNDS; round++) {
      try {
        decode(plausible(random));
      } catch (error) {
        ok(error instanceof UnexpectedResponseError, String(error));
      }
    }
  });
}

const NEVER_THROW: Record<string, (bytes: Uint8Array) => unknown> = {
  decodePartitionValues,
  decodeStreamCapabilities: vpd.decodeStreamCapabilities,
  decodeSupportedTapeAlerts: vpd.decodeSupportedTapeAlerts,
  decodeElementAddress: vpd.decodeElementAddress,
  decodeBlockProtectionMethods: vpd.decodeBlockProtectionMethods,
  decodeExtendedInquiry,
  decodeModePagePolicies,
  decodeScsiPorts,
  decodePortProtocolData,
  decodeSegmentOrder,
  decodeDensities,
  readFields: (bytes) => readFields(bytes, DEVICE_CONFIGURATION_PAGE.fields),
};

for (const [name, decode] of Object.entries(NEVER_THROW)) {
  Deno.test(`${name}() never throws, and comes to an end, whatever a drive sends`, () => {
    const random = new Random(seed());
    for (let round = 0; round < ROUNDS; round++) decode(plausible(random));
  });
}
