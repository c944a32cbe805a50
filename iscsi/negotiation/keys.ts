/**
 * The registry of negotiation keys: RFC 7143 §13 and §12 as a table, used by both roles.
 *
 * @module
 */

/** How two values of a key become one, or that they do not. */
export type KeyRule =
  /** The responder picks the first value of the offered list that it supports. */
  | { readonly kind: "list"; readonly values: readonly string[] }
  /** `Yes` when both sides say so. */
  | { readonly kind: "and" }
  /** `Yes` when one side says so. */
  | { readonly kind: "or" }
  /** The smaller, or the larger, of two numbers. */
  | { readonly kind: "min" | "max"; readonly minimum: number; readonly maximum: number }
  /** A number that one side declares for itself. */
  | { readonly kind: "declared-number"; readonly minimum: number; readonly maximum: number }
  /** A text that one side declares. */
  | { readonly kind: "declared-text"; readonly maxBytes: number }
  /** A step of an authentication method, not a negotiation. */
  | { readonly kind: "authentication" }
  /** A question of the full feature phase. */
  | { readonly kind: "request" }
  /** Gone since RFC 7143 (§13.25), still sent by peers; `answer` is what they get. */
  | { readonly kind: "obsolete"; readonly answer: "No" | "Reject" };

/** One key. */
export interface KeyDefinition {
  /** Its name; keys are case sensitive. */
  readonly name: string;
  /** How its value comes about. */
  readonly rule: KeyRule;
  /** Value that holds without negotiation. */
  readonly default?: string;
  /** LO leading login only, IO any login only, ALL any phase, FFPO full feature phase only. */
  readonly use: "LO" | "IO" | "ALL" | "FFPO";
  /** Session-wide or connection-only. */
  readonly scope: "session" | "connection";
  /** Login stage in which it may be used. */
  readonly stage: "any" | "security" | "operational" | "full-feature";
  /** Who may send it. */
  readonly sender: "both" | "initiator" | "target";
  /** True: has no meaning in discovery sessions. */
  readonly irrelevantInDiscovery: boolean;
  /** Section of RFC 7143. */
  readonly section: string;
}

type Row = Pick<KeyDefinition, "name" | "rule" | "use" | "section"> & Partial<KeyDefinition>;

const YES_OR: KeyRule = { kind: "or" };
const YES_AND: KeyRule = { kind: "and" };
const METHODS: KeyRule = { kind: "list", values: ["KRB5", "SRP", "CHAP", "None"] };
const DIGESTS: KeyRule = { kind: "list", values: ["None", "CRC32C"] };
const REPORTING: KeyRule = { kind: "list", values: ["RFC3720", "ResponseFence", "FastAbort"] };
const NAME: KeyRule = { kind: "declared-text", maxBytes: 223 };
const TEXT: KeyRule = { kind: "declared-text", maxBytes: 255 };
const AUTHENTICATION: KeyRule = { kind: "authentication" };
const LENGTH = { minimum: 512, maximum: 0xffffff };
const COUNT = { minimum: 1, maximum: 65535 };
const SECONDS = { minimum: 0, maximum: 3600 };

const notInDiscovery = { irrelevantInDiscovery: true };
const perConnection: Partial<KeyDefinition> = { scope: "connection" };
const anyStage: Partial<KeyDefinition> = { stage: "any" };
const inSecurity: Partial<KeyDefinition> = { stage: "security", scope: "connection" };

// deno-fmt-ignore
const ROWS: readonly Row[] = [
  { name: "AuthMethod", rule: METHODS, use: "IO", section: "12.1", ...inSecurity },
  { name: "CHAP_A", rule: AUTHENTICATION, use: "IO", section: "12.1.3", ...inSecurity },
  { name: "CHAP_I", rule: AUTHENTICATION, use: "IO", section: "12.1.3", ...inSecurity },
  { name: "CHAP_C", rule: AUTHENTICATION, use: "IO", section: "12.1.3", ...inSecurity },
  { name: "CHAP_N", rule: AUTHENTICATION, use: "IO", section: "12.1.3", ...inSecurity },
  { name: "CHAP_R", rule: AUTHENTICATION, use: "IO", section: "12.1.3", ...inSecurity },
  { name: "HeaderDigest", rule: DIGESTS, default: "None", use: "IO", section: "13.1", ...perConnection },
  { name: "DataDigest", rule: DIGESTS, default: "None", use: "IO", section: "13.1", ...perConnection },
  { name: "MaxConnections", rule: { kind: "min", ...COUNT }, default: "1", use: "LO", section: "13.2", ...notInDiscovery },
  { name: "SendTargets", rule: { kind: "request" }, use: "FFPO", section: "13.3", stage: "full-feature", sender: "initiator" },
  { name: "TargetName", rule: NAME, use: "IO", section: "13.4", ...anyStage },
  { name: "InitiatorName", rule: NAME, use: "IO", section: "13.5", ...anyStage, sender: "initiator" },
  { name: "TargetAlias", rule: TEXT, use: "ALL", section: "13.6", ...anyStage, sender: "target" },
  { name: "InitiatorAlias", rule: TEXT, use: "ALL", section: "13.7", ...anyStage, sender: "initiator" },
  { name: "TargetAddress", rule: TEXT, use: "ALL", section: "13.8", ...anyStage, sender: "target" },
  { name: "TargetPortalGroupTag", rule: { kind: "declared-number", minimum: 0, maximum: 65535 }, use: "IO", section: "13.9", ...anyStage, sender: "target" },
  { name: "InitialR2T", rule: YES_OR, default: "Yes", use: "LO", section: "13.10", ...notInDiscovery },
  { name: "ImmediateData", rule: YES_AND, default: "Yes", use: "LO", section: "13.11", ...notInDiscovery },
  { name: "MaxRecvDataSegmentLength", rule: { kind: "declared-number", ...LENGTH }, default: "8192", use: "ALL", section: "13.12", ...perConnection },
  { name: "MaxBurstLength", rule: { kind: "min", ...LENGTH }, default: "262144", use: "LO", section: "13.13", ...notInDiscovery },
  { name: "FirstBurstLength", rule: { kind: "min", ...LENGTH }, default: "65536", use: "LO", section: "13.14", ...notInDiscovery },
  { name: "DefaultTime2Wait", rule: { kind: "max", ...SECONDS }, default: "2", use: "LO", section: "13.15" },
  { name: "DefaultTime2Retain", rule: { kind: "min", ...SECONDS }, default: "20", use: "LO", section: "13.16" },
  { name: "MaxOutstandingR2T", rule: { kind: "min", ...COUNT }, default: "1", use: "LO", section: "13.17", ...notInDiscovery },
  { name: "DataPDUInOrder", rule: YES_OR, default: "Yes", use: "LO", section: "13.18", ...notInDiscovery },
  { name: "DataSequenceInOrder", rule: YES_OR, default: "Yes", use: "LO", section: "13.19", ...notInDiscovery },
  { name: "ErrorRecoveryLevel", rule: { kind: "min", minimum: 0, maximum: 2 }, default: "0", use: "LO", section: "13.20" },
  { name: "SessionType", rule: TEXT, default: "Normal", use: "LO", section: "13.21", ...anyStage, sender: "initiator" },
  { name: "TaskReporting", rule: REPORTING, default: "RFC3720", use: "LO", section: "13.23", ...notInDiscovery },
  { name: "iSCSIProtocolLevel", rule: { kind: "min", minimum: 0, maximum: 31 }, default: "1", use: "LO", section: "13.24", ...notInDiscovery },
  { name: "IFMarker", rule: { kind: "obsolete", answer: "No" }, use: "IO", section: "13.25", ...perConnection },
  { name: "OFMarker", rule: { kind: "obsolete", answer: "No" }, use: "IO", section: "13.25", ...perConnection },
  { name: "IFMarkInt", rule: { kind: "obsolete", answer: "Reject" }, use: "IO", section: "13.25", ...perConnection },
  { name: "OFMarkInt", rule: { kind: "obsolete", answer: "Reject" }, use: "IO", section: "13.25", ...perConnection },
  { name: "X#NodeArchitecture", rule: TEXT, use: "LO", section: "13.26", ...anyStage },
];

/** Every key of RFC 7143, in the order of its sections. */
export const KEYS: readonly KeyDefinition[] = ROWS.map((row) => ({
  scope: "session",
  stage: "operational",
  sender: "both",
  irrelevantInDiscovery: false,
  ...row,
}));

const BY_NAME: ReadonlyMap<string, KeyDefinition> = new Map(KEYS.map((key) => [key.name, key]));

/** The definition of a key, undefined when RFC 7143 does not define it. */
export function keyDefinition(name: string): KeyDefinition | undefined {
  return BY_NAME.get(name);
}
