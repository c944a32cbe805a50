/**
 * The attributes of a medium auxiliary memory by name: what the chip in a cartridge holds(SPC-5, and the
 * host attributes that LTFS adds).
 *
 * @module
 */

/** Who writes an attribute: the drive, the cartridge's maker, or the host. */
export type AttributeOwner = "device" | "medium" | "host";

/** How an attribute's bytes are to be read (SPC-5): a number or raw bytes, ASCII, or text in the medium's code page. */
export type AttributeFormat = "binary" | "ascii" | "text";

/** One attribute that is known by name. */
export interface AttributeFacts {
  /** Its identifier. */
  readonly id: number;
  /** Our name for it: `barcode`. */
  readonly name: string;
  /** Who writes it. */
  readonly owner: AttributeOwner;
  /** How its bytes are to be read. */
  readonly format: AttributeFormat;
  /** Bytes of its value; the most there can be for text. */
  readonly length: number;
  /** What a number counts, where it counts something. */
  readonly unit?: string;
}

type Row = readonly [
  id: number,
  name: string,
  format: AttributeFormat,
  length: number,
  unit?: string,
];

const MIB = "MiB";

const DEVICE: readonly Row[] = [
  [0x0000, "remainingCapacity", "binary", 8, MIB],
  [0x0001, "maximumCapacity", "binary", 8, MIB],
  [0x0002, "tapeAlertFlags", "binary", 8],
  [0x0003, "loadCount", "binary", 8],
  [0x0004, "mamSpaceRemaining", "binary", 8, "bytes"],
  [0x0005, "assigningOrganization", "ascii", 8],
  [0x0006, "formattedDensityCode", "binary", 1],
  [0x0007, "initializationCount", "binary", 2],
  [0x0008, "volumeIdentifier", "ascii", 32],
  [0x0009, "volumeChangeReference", "binary", 4],
  [0x020a, "lastDrive", "ascii", 40],
  [0x020b, "secondLastDrive", "ascii", 40],
  [0x020c, "thirdLastDrive", "ascii", 40],
  [0x020d, "fourthLastDrive", "ascii", 40],
  [0x0220, "writtenInLife", "binary", 8, MIB],
  [0x0221, "readInLife", "binary", 8, MIB],
  [0x0222, "writtenSinceLoad", "binary", 8, MIB],
  [0x0223, "readSinceLoad", "binary", 8, MIB],
  [0x0224, "firstEncryptedBlock", "binary", 8],
  [0x0225, "firstUnencryptedBlock", "binary", 8],
  [0x0340, "mediumUsageHistory", "binary", 90],
  [0x0341, "partitionUsageHistory", "binary", 60],
];

const MEDIUM: readonly Row[] = [
  [0x0400, "mediumManufacturer", "ascii", 8],
  [0x0401, "mediumSerialNumber", "ascii", 32],
  [0x0402, "mediumLength", "binary", 4, "m"],
  [0x0403, "mediumWidth", "binary", 4, "0.1 mm"],
  [0x0404, "mediumAssigningOrganization", "ascii", 8],
  [0x0405, "mediumDensityCode", "binary", 1],
  [0x0406, "mediumManufactureDate", "ascii", 8],
  [0x0407, "mamCapacity", "binary", 8, "bytes"],
  [0x0408, "mediumType", "binary", 1],
  [0x0409, "mediumTypeInformation", "binary", 2],
  [0x040a, "numericMediumSerialNumber", "ascii", 32],
  [0x1010, "optimizationNeeded", "binary", 1],
  [0x1011, "optimizationVersion", "binary", 1],
];

const HOST: readonly Row[] = [
  [0x0800, "applicationVendor", "ascii", 8],
  [0x0801, "applicationName", "ascii", 32],
  [0x0802, "applicationVersion", "ascii", 8],
  [0x0803, "userMediumTextLabel", "text", 160],
  [0x0804, "dateLastWritten", "ascii", 12],
  [0x0805, "textLocalization", "binary", 1],
  [0x0806, "barcode", "ascii", 32],
  [0x0807, "owningHost", "text", 80],
  [0x0808, "mediaPool", "text", 160],
  [0x0809, "partitionLabel", "ascii", 16],
  [0x080a, "loadUnloadAtPartition", "binary", 1],
  [0x080b, "applicationFormatVersion", "ascii", 16],
  [0x080c, "volumeCoherency", "binary", 1023],
  [0x0820, "mediumGuid", "binary", 36],
  [0x0821, "mediaPoolGuid", "binary", 36],
  [0x1623, "volumeLocked", "binary", 1],
];

function facts(owner: AttributeOwner, rows: readonly Row[]): AttributeFacts[] {
  return rows.map(([id, name, format, length, unit]) => ({
    id,
    name,
    owner,
    format,
    length,
    ...(unit !== undefined && { unit }),
  }));
}

/** Every attribute that has a name here, by ascending identifier within its owner. Frozen. */
export const ATTRIBUTE_TABLE: readonly AttributeFacts[] = Object.freeze([
  ...facts("device", DEVICE),
  ...facts("medium", MEDIUM),
  ...facts("host", HOST),
]);

const BY_ID: ReadonlyMap<number, AttributeFacts> = new Map(
  ATTRIBUTE_TABLE.map((each) => [each.id, each]),
);
const BY_NAME: ReadonlyMap<string, AttributeFacts> = new Map(
  ATTRIBUTE_TABLE.map((each) => [each.name, each]),
);

/** What is known of an attribute, by its identifier or its name; `undefined` for one that is not in the table. */
export function attributeFacts(which: number | string): AttributeFacts | undefined {
  return typeof which === "number" ? BY_ID.get(which) : BY_NAME.get(which);
}
