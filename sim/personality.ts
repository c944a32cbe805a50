/**
 * Who a simulated device says it is: identity, densities and limits of real products, as data.
 *
 * @module
 */

import type { BlockLimits } from "./tape/block_limits.ts";
import type { MotionFacts } from "./tape/drive_timing.ts";
import { type ModePageDefinition, STANDARD_MODE_PAGES } from "./tape/mode_page_table.ts";

/** A density that a drive knows (SSC-4 §7.8.3). */
export interface DensityFacts {
  /** Density code. */
  readonly code: number;
  /** Up to 8 characters. */
  readonly name: string;
  /** Up to 20 characters. */
  readonly description: string;
  /** Assigning organization, up to 8 characters. */
  readonly organization: string;
  /** Bits per millimetre of a track. */
  readonly bitsPerMm: number;
  /** Width of the medium in tenths of a millimetre. */
  readonly mediaWidth: number;
  /** Number of tracks. */
  readonly tracks: number;
  /** Native capacity in units of 10^6 bytes. */
  readonly capacityMegabytes: number;
  /** Whether this drive writes it; otherwise it only reads it. */
  readonly writable: boolean;
  /** MEDIUM TYPE of the mode parameter header with such a cartridge loaded. */
  readonly mediumType: number;
  /** The same with a cartridge that is written once. */
  readonly wormMediumType: number;
}

/** What a model of drive can do beside reading and writing. */
export interface DriveFeatures {
  /** Most partitions that FORMAT MEDIUM makes, 1 to 4. */
  readonly maxPartitions: number;
  /** Cartridges that are written once. */
  readonly worm: boolean;
  /** Encryption by SECURITY PROTOCOL IN and OUT, AES-256-GCM. */
  readonly encryption: boolean;
  /** The memory of the cartridge: READ and WRITE ATTRIBUTE. */
  readonly cartridgeMemory: boolean;
  /** Logical block protection with CRC32C. */
  readonly blockProtection: boolean;
  /** Append-only mode, and ALLOW OVERWRITE. */
  readonly appendOnly: boolean;
  /** Recommended access order. */
  readonly accessOrder: boolean;
  /** READ REVERSE, which no LTO drive has. */
  readonly readReverse: boolean;
  /** Commands that name the object they begin with: READ (16), WRITE (16) and the like, which no LTO drive has. */
  readonly explicitAddress: boolean;
  /** Codes of the log pages, ascending. */
  readonly logPages: readonly number[];
}

/** A model of tape drive. */
export interface TapePersonality {
  /** T10 vendor identification, up to 8 characters. */
  readonly vendor: string;
  /** Product identification, up to 16 characters. */
  readonly product: string;
  /** Product revision level, up to 4 characters. */
  readonly revision: string;
  /** VERSION of the INQUIRY data: 2 for SCSI-2, 6 for SPC-4. */
  readonly version: number;
  /** Version descriptors (SPC-5 §6.7.2), at most 8. */
  readonly versionDescriptors: readonly number[];
  /** Which record lengths it takes. */
  readonly blockLimits: BlockLimits;
  /** The densities it knows; the first is its own. */
  readonly densities: readonly DensityFacts[];
  /** Its mode pages, in any order. */
  readonly modePages: readonly ModePageDefinition[];
  /** What else it can do. */
  readonly features: DriveFeatures;
  /** How long it takes to move the tape, where it is to take time. */
  readonly motion: MotionFacts;
}

const LTO_DENSITIES = {
  3: lto(0x44, "U-316", "Ultrium 3/16T", 9638, 704, 400_000, 0x38),
  4: lto(0x46, "U-416", "Ultrium 4/16T", 12725, 896, 800_000, 0x48),
  5: lto(0x58, "U-516", "Ultrium 5/16T", 15142, 1280, 1_500_000, 0x58),
  6: lto(0x5a, "U-616", "Ultrium 6/16T", 15142, 2176, 2_500_000, 0x68),
  7: lto(0x5c, "U-732", "Ultrium 7/32T", 19107, 3584, 6_000_000, 0x78),
  8: lto(0x5e, "U-832", "Ultrium 8/32T", 20669, 6656, 12_000_000, 0x88),
  9: lto(0x60, "U-932", "Ultrium 9/32T", 23031, 8960, 18_000_000, 0x98),
} as const satisfies Readonly<Record<number, DensityFacts>>;

// SAM-5, SPC-4, SSC-4, iSCSI.
const MODERN_STANDARDS = [0x00a0, 0x0460, 0x0520, 0x0960];

function lto(
  code: number,
  name: string,
  description: string,
  bitsPerMm: number,
  tracks: number,
  capacityMegabytes: number,
  mediumType: number,
): DensityFacts {
  const organization = "LTO-CVE";
  const mediaWidth = 127;
  const writable = true;
  return {
    code,
    name,
    description,
    organization,
    bitsPerMm,
    mediaWidth,
    tracks,
    capacityMegabytes,
    writable,
    mediumType,
    wormMediumType: mediumType | 0x04,
  };
}

const ALL_LOG_PAGES = [
  ...[
    0x00,
    0x02,
    0x03,
    0x0c,
    0x0d,
    0x11,
    0x12,
    0x14,
    0x16,
    0x17,
    0x1b,
    0x2e,
    0x30,
    0x31,
    0x32,
    0x37,
  ],
];

function features(generation: 5 | 6 | 7 | 8 | 9): DriveFeatures {
  return {
    maxPartitions: generation === 5 ? 2 : 4,
    worm: true,
    encryption: true,
    cartridgeMemory: true,
    blockProtection: true,
    appendOnly: true,
    accessOrder: generation === 9,
    readReverse: false,
    explicitAddress: false,
    // The capacity of a partition is in page 17h from LTO-6 on; 31h has it up to then.
    logPages: generation >= 7 ? ALL_LOG_PAGES.filter((page) => page !== 0x31) : ALL_LOG_PAGES,
  };
}

/** Wraps and native rate are the format's; winding from end to end takes about 1.5 min in all of them. */
const LTO_MOTION = {
  5: ltoMotion(80, 140, 12_000),
  6: ltoMotion(136, 160, 12_000),
  7: ltoMotion(112, 300, 15_000),
  8: ltoMotion(208, 360, 15_000),
  9: ltoMotion(280, 400, 17_000),
} as const satisfies Readonly<Record<number, MotionFacts>>;

function ltoMotion(wraps: number, megabytesPerSecond: number, loadMs: number): MotionFacts {
  const bytesPerMs = megabytesPerSecond * 1000;
  return { windMs: 90_000, wraps, settleMs: 2000, loadMs, unloadMs: 17_000, bytesPerMs };
}

function readOnly(density: DensityFacts): DensityFacts {
  return { ...density, writable: false };
}

function ibm(
  generation: 5 | 6 | 7 | 8 | 9,
  product: string,
  revision: string,
  densities: readonly DensityFacts[],
): TapePersonality {
  return {
    vendor: "IBM",
    product,
    revision,
    version: 6,
    versionDescriptors: MODERN_STANDARDS,
    blockLimits: { granularityExponent: 0, minBytes: 1, maxBytes: 8_388_608 },
    densities,
    modePages: STANDARD_MODE_PAGES,
    features: features(generation),
    motion: LTO_MOTION[generation],
  };
}

function hp(
  generation: 5 | 6,
  product: string,
  revision: string,
  densities: readonly DensityFacts[],
): TapePersonality {
  return {
    ...ibm(generation, product, revision, densities),
    vendor: "HP",
    blockLimits: { granularityExponent: 0, minBytes: 1, maxBytes: 0xffffff },
    densities: densities.map((density) => ({ ...density, mediumType: 0, wormMediumType: 1 })),
  };
}

/** Names of the {@link tapePersonalities}. */
export type TapePersonalityName =
  | "generic"
  | "ibm-ult3580-td5"
  | "ibm-ult3580-td6"
  | "ibm-ult3580-td7"
  | "ibm-ult3580-td8"
  | "ibm-ult3580-td9"
  | "hp-ultrium-5"
  | "hp-ultrium-6"
  | "quantum-dlt8000";

/** The models by name. `generic` is nobody's; the others carry the identity of the product they are named after. */
export const tapePersonalities: Readonly<Record<TapePersonalityName, TapePersonality>> = {
  generic: {
    vendor: "UISCSI",
    product: "Virtual Tape",
    revision: "0100",
    version: 6,
    versionDescriptors: MODERN_STANDARDS,
    blockLimits: { granularityExponent: 0, minBytes: 1, maxBytes: 0xffffff },
    densities: [LTO_DENSITIES[8], LTO_DENSITIES[7]],
    modePages: STANDARD_MODE_PAGES,
    features: { ...features(9), readReverse: true, explicitAddress: true, logPages: ALL_LOG_PAGES },
    motion: LTO_MOTION[8],
  },
  "ibm-ult3580-td5": ibm(5, "ULT3580-TD5", "H991", [
    LTO_DENSITIES[5],
    LTO_DENSITIES[4],
    readOnly(LTO_DENSITIES[3]),
  ]),
  "ibm-ult3580-td6": ibm(6, "ULT3580-TD6", "KAJ9", [
    LTO_DENSITIES[6],
    LTO_DENSITIES[5],
    readOnly(LTO_DENSITIES[4]),
  ]),
  "ibm-ult3580-td7": ibm(7, "ULT3580-TD7", "KAJ9", [
    LTO_DENSITIES[7],
    LTO_DENSITIES[6],
    readOnly(LTO_DENSITIES[5]),
  ]),
  "ibm-ult3580-td8": ibm(8, "ULT3580-TD8", "N9M1", [LTO_DENSITIES[8], LTO_DENSITIES[7]]),
  "ibm-ult3580-td9": ibm(9, "ULT3580-TD9", "Q3F5", [LTO_DENSITIES[9], LTO_DENSITIES[8]]),
  "hp-ultrium-5": hp(5, "Ultrium 5-SCSI", "I6RZ", [
    LTO_DENSITIES[5],
    LTO_DENSITIES[4],
    readOnly(LTO_DENSITIES[3]),
  ]),
  "hp-ultrium-6": hp(6, "Ultrium 6-SCSI", "J2AW", [
    LTO_DENSITIES[6],
    LTO_DENSITIES[5],
    readOnly(LTO_DENSITIES[4]),
  ]),
  "quantum-dlt8000": {
    vendor: "QUANTUM",
    product: "DLT8000",
    revision: "0250",
    version: 2,
    versionDescriptors: [],
    blockLimits: { granularityExponent: 0, minBytes: 4, maxBytes: 0xfffff8 },
    densities: [
      {
        code: 0x41,
        name: "DLT8000",
        description: "DLT 40/80",
        organization: "QUANTUM",
        bitsPerMm: 3858,
        mediaWidth: 127,
        tracks: 208,
        capacityMegabytes: 40_000,
        writable: true,
        mediumType: 0,
        wormMediumType: 0,
      },
    ],
    modePages: STANDARD_MODE_PAGES.filter(({ page, subpage }) => page !== 0x1d && !subpage),
    features: {
      maxPartitions: 1,
      worm: false,
      encryption: false,
      cartridgeMemory: false,
      blockProtection: false,
      appendOnly: false,
      accessOrder: false,
      readReverse: false,
      explicitAddress: false,
      logPages: [0x00, 0x02, 0x03, 0x0c, 0x2e, 0x32],
    },
    motion: {
      windMs: 120_000,
      wraps: 52,
      settleMs: 4000,
      loadMs: 40_000,
      unloadMs: 15_000,
      bytesPerMs: 6000,
    },
  },
};
