/**
 * What the options of everything that opens a device may be. Programs without types hand over anything, and an option that is passed over
 * in silence, as a misspelt `exclusive`, costs a tape.
 *
 * @module
 */

import type { MediaChangerOptions, ReadyPollingOptions } from "./changer/options.ts";
import type { LibraryViewOptions, ProbeOptions } from "./changer/library_view.ts";
import type { KeepaliveOptions } from "./iscsi/connection/keepalive.ts";
import { InvalidOptionError } from "./iscsi/errors.ts";
import type { ChapAccount, ChapOptions, OperationalOffers } from "./iscsi/negotiation/login.ts";
import type { ReconnectOptions } from "./iscsi/session/recoverable_unit.ts";
import type { ConnectOptions } from "./iscsi/session/session_options.ts";
import { isBytes, typeName } from "./scsi/bytes.ts";
import type { LoadPollingOptions, TapeDriveOptions } from "./tape/options.ts";

/** One set of options serves the drive, the changer and the connections of a library. */
type DeviceOptions =
  & TapeDriveOptions
  & MediaChangerOptions
  & LibraryViewOptions
  & ConnectOptions
  & { readonly reconnect?: ReconnectOptions; readonly deviceType?: number };

/** Throws unless `value`, given as `option`, is what is expected. */
type Rule = (value: unknown, option: string) => void;

/** A row for each option of a type. */
type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule };

const RESERVATION_KEYS = 1n << 64n;
/** Names of properties are texts: `{ 0x08: … }` has "8". */
const OPERATION_CODE = /^(?:1?\d?\d|2[0-4]\d|25[0-5])$/;

/** How often something is tried: Infinity for as long as it takes. */
const tries = rule(
  "a whole number, 0 or more, or Infinity",
  (value) => isNumber(value) && value >= 0 && (Number.isInteger(value) || value === Infinity),
);
const milliseconds = rule("milliseconds, 0 or more", (value) => isNumber(value) && value >= 0);
const truth = rule("true or false", (value) => typeof value === "boolean");
const text = rule("a string", (value) => typeof value === "string");
const method = rule("a function", (value) => typeof value === "function");
const signal = having("an AbortSignal", "addEventListener", "throwIfAborted");
const secret = rule(
  "a string or a Uint8Array",
  (value) => typeof value === "string" || isBytes(value),
);

const ACCOUNT: Rules<ChapAccount> = { name: text, secret };

const CHAP: Rules<ChapOptions> = {
  ...ACCOUNT,
  target: group(ACCOUNT, ["name", "secret"]),
  required: truth,
  algorithms: rule("an array", Array.isArray),
  allowShortSecrets: truth,
};

const NEGOTIATION: Rules<OperationalOffers> = {
  maxConnections: count(),
  initialR2T: truth,
  immediateData: truth,
  maxReceiveDataSegmentLength: count(),
  maxBurstLength: count(),
  firstBurstLength: count(),
  defaultTime2Wait: count(),
  defaultTime2Retain: count(),
  maxOutstandingR2T: count(),
  dataPduInOrder: truth,
  dataSequenceInOrder: truth,
  errorRecoveryLevel: count(),
  taskReporting: rule("an array", Array.isArray),
  protocolLevel: count(),
};

const READY_POLLING: Rules<ReadyPollingOptions> = { intervalMs: milliseconds, count: tries };
const LOAD_POLLING: Rules<LoadPollingOptions> = { ...READY_POLLING, signal };
const PROBE: Rules<ProbeOptions> = { ...READY_POLLING, slot: count() };

const KEEPALIVE: Rules<KeepaliveOptions> = {
  intervalMs: milliseconds,
  timeoutMs: milliseconds,
  maxMissed: tries,
};

const RECONNECT: Rules<ReconnectOptions> = {
  attempts: tries,
  delayMs: milliseconds,
  withinMs: milliseconds,
  changed: method,
  repeatCommands: truth,
};

const DIGEST = oneOf("none", "prefer-none", "prefer-crc32c", "crc32c");

const OPTIONS: Rules<DeviceOptions> = {
  abortEscalation: oneOf("none", "logical-unit-reset"),
  abortTimeoutMs: milliseconds,
  blockSize: count(),
  chap: group(CHAP, ["name", "secret"]),
  clock: having("a clock", "now", "schedule"),
  closeTimeoutMs: milliseconds,
  compression: truth,
  connections: count(1, 65_535),
  connectTimeoutMs: milliseconds,
  dataDigest: DIGEST,
  deviceType: count(0, 31),
  dial: method,
  exclusive: oneOf("persistent", "reserve"),
  extraKeys: mapOf(text),
  headerDigest: DIGEST,
  hooks: rule("an object of functions", isObject),
  initiatorAlias: text,
  initiatorName: text,
  isid: rule("a Uint8Array of 6 bytes", (value) => isBytes(value) && value.length === 6),
  keepalive: (value, option) => value === false || group(KEEPALIVE)(value, option),
  load: truth,
  loadPolling: group(LOAD_POLLING),
  logger: having("a logger with debug, info, warn and error", "debug", "info", "warn", "error"),
  loginTimeoutMs: milliseconds,
  maxRedirects: tries,
  negotiation: group(NEGOTIATION),
  onNotice: method,
  probe: group(PROBE, ["slot"]),
  randomBytes: method,
  readAhead: count(0, 256),
  readyPolling: group(READY_POLLING),
  reconnect: group(RECONNECT),
  recordBytesHint: count(1),
  recovery: oneOf("resume", "none"),
  requireMedium: truth,
  reservationKey: rule(
    "a bigint of 64 bits, not 0n",
    (value) => typeof value === "bigint" && value > 0n && value < RESERVATION_KEYS,
  ),
  signal,
  sili: truth,
  sleep: method,
  timeouts: mapOf(optional(milliseconds), "an operation code", (key) => OPERATION_CODE.test(key)),
  writeBehind: count(0, 256),
};

/**
 * Checks the options of something that opens a device.
 *
 * @throws {InvalidOptionError} when one is there that nothing has, or is not what it has to be.
 */
export function checkDeviceOptions(options: object): void {
  if (!hasFields(options)) throw wrong(options, "options", "an object");
  checkFields(options, OPTIONS, "");
}

/**
 * Checks that an address or a portal is a text: one from an environment variable that is not set is none.
 *
 * @throws {InvalidOptionError} when it is not.
 */
export function checkText(value: unknown, option: "address" | "portal"): void {
  text(value, option);
}

function rule(expected: string, isRight: (value: unknown) => boolean): Rule {
  return (value, option) => {
    if (!isRight(value)) throw wrong(value, option, expected);
  };
}

function count(least = 0, most = Number.MAX_SAFE_INTEGER): Rule {
  const range = most === Number.MAX_SAFE_INTEGER
    ? `, ${least} or more`
    : ` from ${least} to ${most}`;
  const isRight = (value: unknown) =>
    isNumber(value) && Number.isInteger(value) && value >= least && value <= most;
  return rule(`a whole number${range}`, isRight);
}

function oneOf(...values: readonly string[]): Rule {
  const expected = values.map((value) => `"${value}"`).join(" or ");
  return rule(expected, (value) => typeof value === "string" && values.includes(value));
}

function optional(each: Rule): Rule {
  return (value, option) => {
    if (value !== undefined) each(value, option);
  };
}

/** What is known by its methods, since each realm has classes of its own. */
function having(expected: string, ...methods: readonly string[]): Rule {
  return rule(expected, (value) => {
    return (isObject(value) || typeof value === "function") &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
  });
}

function mapOf(each: Rule, key = "a name", isKey: (key: string) => boolean = () => true): Rule {
  return (value, option) => {
    if (!hasFields(value)) throw wrong(value, option, "an object");
    for (const [name, entry] of Object.entries(value)) {
      const message = `Use the option ${option}: "${name}" is not ${key}`;
      if (!isKey(name)) throw new InvalidOptionError(`${option}.${name}`, message);
      each(entry, `${option}.${name}`);
    }
  };
}

function group(rules: Readonly<Record<string, Rule>>, needed: readonly string[] = []): Rule {
  return (value, option) => {
    if (!hasFields(value)) throw wrong(value, option, "an object");
    for (const name of needed) rules[name](value[name], `${option}.${name}`);
    checkFields(value, rules, `${option}.`);
  };
}

function checkFields(
  fields: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, Rule>>,
  prefix: string,
): void {
  for (const [name, value] of Object.entries(fields)) {
    const option = `${prefix}${name}`;
    if (!Object.hasOwn(rules, name)) {
      throw new InvalidOptionError(option, `Use the option ${option}: there is none of that name`);
    }
    if (value !== undefined) rules[name](value, option);
  }
}

/** Only a number is told, and none of CHAP: anything else may be a secret, which may consist of digits. */
function wrong(value: unknown, option: string, expected: string): InvalidOptionError {
  const mayBeTold = isNumber(value) && !option.startsWith("chap");
  const given = mayBeTold ? String(value) : `of type ${typeName(value)}`;
  return new InvalidOptionError(
    option,
    `Use the option ${option}: it is ${given}, expected ${expected}`,
  );
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Whether a value may be told by its fields: a collection, as an array or a Map, has what it holds elsewhere. */
function hasFields(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !(Symbol.iterator in value);
}
