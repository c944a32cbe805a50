/**
 * What programs without types may hand over as an option, in rules that each layer makes a table of its own options with.
 *
 * @module
 */

import { isBytes, typeName } from "./bytes.ts";

/** What is wrong with a value. Each layer makes an error of its own class of it. */
export interface Complaint {
  /** Name of the option as the caller writes it, with dots for nesting. */
  readonly option: string;
  readonly message: string;
}

/** Says what is wrong with `value`, given as `option`; nothing when it is what is expected. */
export type Rule = (value: unknown, option: string) => Complaint | undefined;

/** A row for each option of a type. */
export type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule };

type RuleTable = Readonly<Record<string, Rule>>;

/** Names of properties are texts: `{ 0x08: … }` has "8". */
const OPERATION_CODE = /^(?:1?\d?\d|2[0-4]\d|25[0-5])$/;

/** A time limit or an interval. */
export const milliseconds: Rule = rule(
  "milliseconds, 0 or more",
  (value) => isNumber(value) && value >= 0,
);
/** How often something is tried: Infinity for as long as it takes. */
export const tries: Rule = rule(
  "a whole number, 0 or more, or Infinity",
  (value) => isNumber(value) && value >= 0 && (Number.isInteger(value) || value === Infinity),
);
/** A boolean: `"false"` is none. */
export const truth: Rule = rule("true or false", (value) => typeof value === "boolean");
/** A string. */
export const text: Rule = rule("a string", (value) => typeof value === "string");
/** A function. */
export const method: Rule = rule("a function", (value) => typeof value === "function");
/** A password or key: its text or its bytes. */
export const secret: Rule = rule(
  "a string or a Uint8Array",
  (value) => typeof value === "string" || isBytes(value),
);
/** An object, whatever is in it. */
export const object: Rule = rule("an object", hasFields);
/** An array, whatever is in it. */
export const array: Rule = rule("an array", Array.isArray);
/** A signal; an AbortController is none. */
export const signal: Rule = having("an AbortSignal", "addEventListener", "throwIfAborted");
/** Where to log. */
export const logger: Rule = having(
  "a logger with debug, info, warn and error",
  "debug",
  "info",
  "warn",
  "error",
);
/** Milliseconds by operation code. */
export const timeouts: Rule = mapOf(
  optional(milliseconds),
  "an operation code",
  (key) => OPERATION_CODE.test(key),
);

/** What `isRight` tells. */
export function rule(expected: string, isRight: (value: unknown) => boolean): Rule {
  return (value, option) => isRight(value) ? undefined : wrong(value, option, expected);
}

/** A whole number. */
export function count(least = 0, most: number = Number.MAX_SAFE_INTEGER): Rule {
  const range = most === Number.MAX_SAFE_INTEGER
    ? `, ${least} or more`
    : ` from ${least} to ${most}`;
  const isRight = (value: unknown) =>
    isNumber(value) && Number.isInteger(value) && value >= least && value <= most;
  return rule(`a whole number${range}`, isRight);
}

/** One of some words. */
export function oneOf(...values: readonly string[]): Rule {
  const expected = values.map((value) => `"${value}"`).join(" or ");
  return rule(expected, (value) => typeof value === "string" && values.includes(value));
}

/** What may be left undefined. */
export function optional(each: Rule): Rule {
  return (value, option) => value === undefined ? undefined : each(value, option);
}

/** What is known by its methods, since each realm has classes of its own. */
export function having(expected: string, ...methods: readonly string[]): Rule {
  return rule(expected, (value) => {
    return (isObject(value) || typeof value === "function") &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
  });
}

/** An object of entries that all obey one rule. */
export function mapOf(
  each: Rule,
  key = "a name",
  isKey: (key: string) => boolean = () => true,
): Rule {
  return (value, option) => {
    if (!hasFields(value)) return wrong(value, option, "an object");
    for (const [name, entry] of Object.entries(value)) {
      const message = `Use the option ${option}: "${name}" is not ${key}`;
      if (!isKey(name)) return { option: `${option}.${name}`, message };
      const complaint = each(entry, `${option}.${name}`);
      if (complaint !== undefined) return complaint;
    }
  };
}

/** An array of values that all obey one rule. */
export function listOf(each: Rule): Rule {
  return (value, option) => {
    if (!Array.isArray(value)) return wrong(value, option, "an array");
    for (const [i, entry] of value.entries()) {
      const complaint = each(entry, `${option}[${i}]`);
      if (complaint !== undefined) return complaint;
    }
  };
}

/** An object with options of its own. */
export function group(rules: RuleTable, needed: readonly string[] = []): Rule {
  const checkNeeded = record(Object.fromEntries(needed.map((name) => [name, rules[name]])));
  return (value, option) =>
    checkNeeded(value, option) ??
      complaintAbout(value as Readonly<Record<string, unknown>>, rules, `${option}.`);
}

/** An object with fields that all have to be there, and maybe others, as an account of a database has: none of these can be misspelt and passed over. */
export function record(rules: RuleTable): Rule {
  return (value, option) => {
    if (!hasFields(value)) return wrong(value, option, "an object");
    for (const [name, check] of Object.entries(rules)) {
      const complaint = check(value[name], `${option}.${name}`);
      if (complaint !== undefined) return complaint;
    }
  };
}

/** The first thing that is wrong with some options, one that there is not included. */
export function complaintAbout(
  fields: Readonly<Record<string, unknown>>,
  rules: RuleTable,
  prefix = "",
): Complaint | undefined {
  for (const [name, value] of Object.entries(fields)) {
    const option = `${prefix}${name}`;
    if (!Object.hasOwn(rules, name)) {
      return { option, message: `Use the option ${option}: there is none of that name` };
    }
    const complaint = value === undefined ? undefined : rules[name](value, option);
    if (complaint !== undefined) return complaint;
  }
}

/** The same of a layer that is handed the options of others along with its own. */
export function complaintAboutOwn(options: unknown, rules: RuleTable): Complaint | undefined {
  if (!hasFields(options)) return wrong(options, "options", "an object");
  for (const [name, check] of Object.entries(rules)) {
    const complaint = options[name] === undefined ? undefined : check(options[name], name);
    if (complaint !== undefined) return complaint;
  }
}

/**
 * Options as fields of their own. Inherited ones, as defaults are and the accessors of a class, are read like any other, but left out where options
 * are spread.
 */
export function ownFields<Options extends object>(
  options: Options,
  rules: RuleTable,
): Options & Record<string, unknown> {
  const fields = { ...options } as Options & Record<string, unknown>;
  for (const name of Object.keys(rules)) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined) Object.assign(fields, { [name]: value });
  }
  return fields;
}

/** Only a number is told, and none of CHAP: anything else may be a secret, which may consist of digits. */
function wrong(value: unknown, option: string, expected: string): Complaint {
  const mayBeTold = isNumber(value) && !option.includes("chap");
  const given = mayBeTold ? String(value) : `of type ${typeName(value)}`;
  return { option, message: `Use the option ${option}: it is ${given}, expected ${expected}` };
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
