/**
 * What one side wants, as texts for the keys of RFC 7143 §13: options in, checked values out.
 *
 * @module
 */

import { InvalidOptionError } from "../errors.ts";
import { isLegalOffer } from "./agreement.ts";
import { type KeyDefinition, keyDefinition } from "./keys.ts";
import type { DigestPreference, OperationalOffers } from "./login_options.ts";
import { formatBoolean } from "./text_values.ts";

/** Options from which the values of one side come. */
export interface OwnValueOptions {
  /** Digest over headers. @default "prefer-none" */
  readonly headerDigest?: DigestPreference;
  /** Digest over data. @default "prefer-none" */
  readonly dataDigest?: DigestPreference;
  /** Operational parameters. @default {} */
  readonly offers?: OperationalOffers;
  /** Values of further keys, or of known ones as they are. @default {} */
  readonly extraKeys?: Readonly<Record<string, string>>;
}

/** The key behind each field of {@link OperationalOffers}. */
const KEY_OF_FIELD: Readonly<Record<keyof OperationalOffers, string>> = {
  maxConnections: "MaxConnections",
  initialR2T: "InitialR2T",
  immediateData: "ImmediateData",
  maxReceiveDataSegmentLength: "MaxRecvDataSegmentLength",
  maxBurstLength: "MaxBurstLength",
  firstBurstLength: "FirstBurstLength",
  defaultTime2Wait: "DefaultTime2Wait",
  defaultTime2Retain: "DefaultTime2Retain",
  maxOutstandingR2T: "MaxOutstandingR2T",
  dataPduInOrder: "DataPDUInOrder",
  dataSequenceInOrder: "DataSequenceInOrder",
  errorRecoveryLevel: "ErrorRecoveryLevel",
  taskReporting: "TaskReporting",
  protocolLevel: "iSCSIProtocolLevel",
};

const PREFERRED: OperationalOffers = {
  maxConnections: 1,
  initialR2T: false,
  immediateData: true,
  maxReceiveDataSegmentLength: 262144,
  maxBurstLength: 16776192,
  defaultTime2Wait: 2,
  defaultTime2Retain: 20,
  maxOutstandingR2T: 8,
  dataPduInOrder: true,
  dataSequenceInOrder: true,
  errorRecoveryLevel: 0,
};

const FIRST_BURST_LENGTH = 262144;

const DIGESTS: Readonly<Record<DigestPreference, string>> = {
  "none": "None",
  "prefer-none": "None,CRC32C",
  "prefer-crc32c": "CRC32C,None",
  "crc32c": "CRC32C",
};

/**
 * The values that one side wants, by key: keys of RFC 7143 first, then the unknown ones of `extraKeys`.
 *
 * @throws {InvalidOptionError} when a value is not legal for its key.
 */
export function ownValues(options: OwnValueOptions): ReadonlyMap<string, string> {
  const { headerDigest = "prefer-none", dataDigest = "prefer-none", extraKeys = {} } = options;
  const values = new Map<string, string>([
    ["HeaderDigest", DIGESTS[headerDigest]],
    ["DataDigest", DIGESTS[dataDigest]],
  ]);
  for (const [field, value] of Object.entries(withPreferences(options.offers ?? {}))) {
    const key = KEY_OF_FIELD[field as keyof OperationalOffers];
    if (key === undefined || value === undefined) continue;
    values.set(key, legalValue(`offers.${field}`, keyDefinition(key)!, format(value)));
  }
  for (const [key, value] of Object.entries(extraKeys)) {
    const option = `extraKeys.${key}`;
    const definition = keyDefinition(key);
    values.set(key, definition ? legalValue(option, definition, value) : vendor(key, value));
  }
  checkTogether(values);
  return values;
}

function withPreferences(offers: OperationalOffers): OperationalOffers {
  const given = Object.fromEntries(
    Object.entries(offers).filter(([, value]) => value !== undefined),
  );
  const merged: OperationalOffers = { ...PREFERRED, ...given };
  const firstBurstLength = Math.min(FIRST_BURST_LENGTH, merged.maxBurstLength!);
  return { ...merged, firstBurstLength: merged.firstBurstLength ?? firstBurstLength };
}

function format(value: boolean | number | readonly string[]): string {
  if (typeof value === "boolean") return formatBoolean(value);
  return typeof value === "number" ? String(value) : value.join(",");
}

function legalValue(option: string, definition: KeyDefinition, value: string): string {
  const negotiable = definition.name !== "AuthMethod" && isLegalOffer(definition.rule, value);
  if (!negotiable) {
    const name = definition.name;
    throw new InvalidOptionError(option, `Cannot offer ${name}: ${value} is not legal for it`);
  }
  return value;
}

/** A key that RFC 7143 leaves to vendors and later standards (§13.22). */
function vendor(key: string, value: string): string {
  if (/^[!-<>-~]{1,63}$/.test(key) && !value.includes("\0") && value.length <= 8192) return value;
  throw new InvalidOptionError(
    `extraKeys.${key}`,
    "Cannot offer a further key: its name or value is malformed",
  );
}

function checkTogether(values: ReadonlyMap<string, string>): void {
  if (Number(values.get("FirstBurstLength")) > Number(values.get("MaxBurstLength"))) {
    throw new InvalidOptionError(
      "offers.firstBurstLength",
      "Cannot offer FirstBurstLength: it exceeds MaxBurstLength",
    );
  }
  const reporting = values.get("TaskReporting")?.split(",");
  if (reporting && !["RFC3720", "ResponseFence"].every((value) => reporting.includes(value))) {
    throw new InvalidOptionError(
      "offers.taskReporting",
      "Cannot offer TaskReporting: RFC3720 and ResponseFence must be among the values",
    );
  }
}
