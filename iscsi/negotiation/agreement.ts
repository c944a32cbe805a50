/**
 * The result functions of negotiation keys (RFC 7143 §6.2): what a responder answers, and which answers an offer
 * allows.
 *
 * @module
 */

import type { KeyRule } from "./keys.ts";
import { formatBoolean, parseBoolean, parseList, parseNumber } from "./text_values.ts";

/** The values that stand for "no value" in an answer (RFC 7143 §6.2). */
export const NO_VALUE: ReadonlySet<string> = new Set(["NotUnderstood", "Irrelevant", "Reject"]);

/** The responder's answer to `offered` when it wants `own`; undefined when `offered` is not legal for the key. */
export function agree(rule: KeyRule, offered: string, own: string): string | undefined {
  switch (rule.kind) {
    case "list":
      return parseList(offered).find((value) => parseList(own).includes(value));
    case "and":
    case "or":
      return agreeBoolean(rule.kind, offered, own);
    case "min":
    case "max":
      return agreeNumber(rule, offered, own);
    default:
      return undefined;
  }
}

function agreeBoolean(kind: "and" | "or", offered: string, own: string): string | undefined {
  const theirs = parseBoolean(offered);
  const ours = parseBoolean(own);
  if (theirs === undefined || ours === undefined) return undefined;
  return formatBoolean(kind === "and" ? theirs && ours : theirs || ours);
}

function agreeNumber(
  rule: KeyRule & { kind: "min" | "max" },
  offered: string,
  own: string,
): string | undefined {
  const theirs = legalNumber(rule, offered);
  if (theirs === undefined) return undefined;
  return String(Math[rule.kind](theirs, Number(own)));
}

/**
 * The value that `answered` means as an answer to `offered`, in its plain spelling; undefined when the rule of the key
 * does not allow that answer.
 */
export function checkAnswer(rule: KeyRule, offered: string, answered: string): string | undefined {
  switch (rule.kind) {
    case "list":
      return parseList(offered).includes(answered) ? answered : undefined;
    case "and":
    case "or":
    case "min":
    case "max": {
      // An answer that follows the rule stays as it is when the rule is applied to it once more.
      const value = rule.kind === "and" || rule.kind === "or"
        ? answered
        : String(parseNumber(answered));
      return agree(rule, answered, offered) === value ? value : undefined;
    }
    default:
      return undefined;
  }
}

/** The number that `text` spells, undefined when it is none or out of the key's range. */
export function legalNumber(
  range: { readonly minimum: number; readonly maximum: number },
  text: string,
): number | undefined {
  const value = parseNumber(text);
  return value !== undefined && value >= range.minimum && value <= range.maximum
    ? value
    : undefined;
}

/** Whether `value` is one that a side may offer for a key with this rule. */
export function isLegalOffer(rule: KeyRule, value: string): boolean {
  switch (rule.kind) {
    case "list":
      return parseList(value).every((member) => rule.values.includes(member));
    case "and":
    case "or":
      return parseBoolean(value) !== undefined;
    case "min":
    case "max":
    case "declared-number":
      return legalNumber(rule, value) !== undefined;
    default:
      return false;
  }
}
