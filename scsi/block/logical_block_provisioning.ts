/**
 * Logical block provisioning, vital product data page B2h of a disk: which commands give blocks back, and what those
 * read as afterwards (SBC-4 §6.6). On a tape drive the page of the same number holds something else.
 *
 * @module
 */

import { checkedField } from "../cdb_field.ts";
import {
  decodeDesignators,
  type Designator,
  type DesignatorInput,
  encodeDesignators,
} from "../designator.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { readVpdPage } from "../vpd.ts";

/** How blocks come by their room on the medium: not told (or all have it), from the start, or as they are written. */
export type ProvisioningType = "full" | "resource" | "thin" | "reserved";

/** What unmapped blocks read as. */
export type UnmappedContent = "unknown" | "zeros" | "initialization-pattern" | "reserved";

/** How a disk manages the room that blocks take. */
export interface LogicalBlockProvisioning {
  /** Thresholds are counted in 2^this blocks; 0 when there are none. */
  readonly thresholdExponent: number;
  /** UNMAP is there (LBPU). */
  readonly unmap: boolean;
  /** WRITE SAME(16) takes the UNMAP bit (LBPWS). */
  readonly writeSame16Unmaps: boolean;
  /** WRITE SAME(10) takes the UNMAP bit (LBPWS10). */
  readonly writeSame10Unmaps: boolean;
  /** What unmapped blocks read as (LBPRZ). */
  readonly unmappedContent: UnmappedContent;
  /** Blocks can be anchored (ANC_SUP). */
  readonly anchors: boolean;
  /** Percentage of the blocks that always have room; 0 when not told. */
  readonly minimumPercentage: number;
  /** How blocks come by their room. */
  readonly type: ProvisioningType;
  /** Percentage at which an administrator's threshold lies; 0 when there is none. */
  readonly thresholdPercentage: number;
  /** The name of the pool that the room comes from, where it has one (DP). */
  readonly group?: Designator;
}

/** Page code of the logical block provisioning. */
export const LOGICAL_BLOCK_PROVISIONING_PAGE = 0xb2;

// Offsets in the body of the page: four less than in the standard, which counts the header.
const THRESHOLD_EXPONENT = 0;
const FLAGS = 1;
const TYPE = 2;
const THRESHOLD_PERCENTAGE = 3;
const GROUP = 4;

const LBPU = 0x80;
const LBPWS = 0x40;
const LBPWS10 = 0x20;
const ANC_SUP = 0x02;
const DP = 0x01;

const TYPES: readonly ProvisioningType[] = ["full", "resource", "thin"];

/** The code of each; any with its low bit set means zeros. */
const CONTENTS: Readonly<Record<UnmappedContent, number>> = {
  unknown: 0,
  zeros: 1,
  "initialization-pattern": 2,
  reserved: 4,
};

function contentOf(lbprz: number): UnmappedContent {
  if ((lbprz & 1) !== 0) return "zeros";
  if (lbprz === CONTENTS.unknown) return "unknown";
  return lbprz === CONTENTS["initialization-pattern"] ? "initialization-pattern" : "reserved";
}

/** Decodes the body of page B2h; fields beyond the end of a short one are empty. Never throws. */
export function decodeLogicalBlockProvisioning(body: Uint8Array): LogicalBlockProvisioning {
  const bytes = new Uint8Array(GROUP);
  bytes.set(body.subarray(0, GROUP));
  const flags = bytes[FLAGS];
  const [group] = (flags & DP) === 0 ? [] : decodeDesignators(body.subarray(GROUP));
  return {
    thresholdExponent: bytes[THRESHOLD_EXPONENT],
    unmap: (flags & LBPU) !== 0,
    writeSame16Unmaps: (flags & LBPWS) !== 0,
    writeSame10Unmaps: (flags & LBPWS10) !== 0,
    unmappedContent: contentOf((flags >> 2) & 0x07),
    anchors: (flags & ANC_SUP) !== 0,
    minimumPercentage: bytes[TYPE] >> 3,
    type: TYPES[bytes[TYPE] & 0x07] ?? "reserved",
    thresholdPercentage: bytes[THRESHOLD_PERCENTAGE],
    ...(group && { group }),
  };
}

/** What {@link encodeLogicalBlockProvisioning} puts into the page; what is left out is empty. */
export interface LogicalBlockProvisioningInput
  extends Partial<Omit<LogicalBlockProvisioning, "group" | "type" | "unmappedContent">> {
  /** What unmapped blocks read as. @default "unknown" */
  readonly unmappedContent?: Exclude<UnmappedContent, "reserved">;
  /** How blocks come by their room. @default "full" */
  readonly type?: Exclude<ProvisioningType, "reserved">;
  /** The name of the pool that the room comes from. @default none */
  readonly group?: DesignatorInput;
}

function flagsOf(input: LogicalBlockProvisioningInput): number {
  const { unmap, writeSame16Unmaps, writeSame10Unmaps, anchors, group } = input;
  return (unmap ? LBPU : 0) | (writeSame16Unmaps ? LBPWS : 0) | (writeSame10Unmaps ? LBPWS10 : 0) |
    (CONTENTS[input.unmappedContent ?? "unknown"] << 2) | (anchors ? ANC_SUP : 0) |
    (group ? DP : 0);
}

/**
 * Encodes the body of page B2h: 4 bytes, and the pool's name where there is one. The array is the caller's.
 *
 * @throws {RangeError} when a value does not fit.
 */
export function encodeLogicalBlockProvisioning(input: LogicalBlockProvisioningInput): Uint8Array {
  const { thresholdExponent = 0, minimumPercentage = 0, thresholdPercentage = 0 } = input;
  const { type = "full", group } = input;
  const name = group ? encodeDesignators([group]) : new Uint8Array(0);
  const bytes = new Uint8Array(GROUP + name.length);
  bytes[THRESHOLD_EXPONENT] = checkedField("thresholdExponent", thresholdExponent, 0xff);
  bytes[FLAGS] = flagsOf(input);
  bytes[TYPE] = (checkedField("minimumPercentage", minimumPercentage, 0x1f) << 3) |
    TYPES.indexOf(type);
  bytes[THRESHOLD_PERCENTAGE] = checkedField("thresholdPercentage", thresholdPercentage, 0xff);
  bytes.set(name, GROUP);
  return bytes;
}

/** How a disk manages its room; `undefined` when it does not have the page. Errors as {@link readVpdPage}. */
export async function readLogicalBlockProvisioning(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<LogicalBlockProvisioning | undefined> {
  const body = await readVpdPage(unit, LOGICAL_BLOCK_PROVISIONING_PAGE, options);
  return body && decodeLogicalBlockProvisioning(body);
}
