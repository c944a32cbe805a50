/**
 * Who a simulated device says it is: identity, densities and limits of real products, as data.
 *
 * @module
 */

import type { BlockLimits } from "./tape/block_limits.ts";
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
  };
}

function readOnly(density: DensityFacts): DensityFacts {
  return { ...density, writable: false };
}

function ibm(
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
  },
  "ibm-ult3580-td5": ibm("ULT3580-TD5", "H991", [
    LTO_DENSITIES[5],
    LTO_DENSITIES[4],
    readOnly(LTO_DENSITIES[3]),
  ]),
  "ibm-ult3580-td6": ibm("ULT3580-TD6", "KAJ9", [
    LTO_DENSITIES[6],
    LTO_DENSITIES[5],
    readOnly(LTO_DENSITIES[4]),
  ]),
  "ibm-ult3580-td7": ibm("ULT3580-TD7", "KAJ9", [
    LTO_DENSITIES[7],
    LTO_DENSITIES[6],
    readOnly(LTO_DENSITIES[5]),
  ]),
  "ibm-ult3580-td8": ibm("ULT3580-TD8", "N9M1", [LTO_DENSITIES[8], LTO_DENSITIES[7]]),
  "ibm-ult3580-td9": ibm("ULT3580-TD9", "Q3F5", [LTO_DENSITIES[9], LTO_DENSITIES[8]]),
  "hp-ultrium-5": {
    vendor: "HP",
    product: "Ultrium 5-SCSI",
    revision: "I6RZ",
    version: 6,
    versionDescriptors: MODERN_STANDARDS,
    blockLimits: { granularityExponent: 0, minBytes: 1, maxBytes: 0xffffff },
    densities: [LTO_DENSITIES[5], LTO_DENSITIES[4], readOnly(LTO_DENSITIES[3])].map((density) => ({
      ...density,
      mediumType: 0,
    })),
    modePages: STANDARD_MODE_PAGES,
  },
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
      },
    ],
    modePages: STANDARD_MODE_PAGES.filter(({ page }) => page !== 0x1d),
  },
};
