/** A target's part in the negotiation of keys, with rules of its own making of RFC 7143 §13, and what must come of it. */

import {
  DEFAULT_PARAMETERS,
  type NegotiatedParameters,
} from "../../../iscsi/negotiation/negotiated_parameters.ts";
import type { KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import type { Random } from "../../scsi/random.ts";
import { pick } from "../walk/walk_settings.ts";

type Values = Record<string, string>;

/** How the two values of a key become one, and what a target may want. */
interface Rule {
  readonly field: keyof NegotiatedParameters;
  readonly kind: "min" | "max" | "or" | "and";
  readonly wishes: readonly number[];
}

const LENGTHS = [512, 1000, 4096, 8192, 65_536, 0xffffff];
// deno-fmt-ignore
const RULES: Readonly<Record<string, Rule>> = {
  MaxConnections: { field: "maxConnections", kind: "min", wishes: [1, 2, 4, 65_535] },
  InitialR2T: { field: "initialR2T", kind: "or", wishes: [] },
  ImmediateData: { field: "immediateData", kind: "and", wishes: [] },
  MaxBurstLength: { field: "maxBurstLength", kind: "min", wishes: LENGTHS },
  FirstBurstLength: { field: "firstBurstLength", kind: "min", wishes: LENGTHS },
  DefaultTime2Wait: { field: "defaultTime2Wait", kind: "max", wishes: [0, 2, 30] },
  DefaultTime2Retain: { field: "defaultTime2Retain", kind: "min", wishes: [0, 20, 3600] },
  MaxOutstandingR2T: { field: "maxOutstandingR2T", kind: "min", wishes: [1, 2, 8, 65_535] },
  DataPDUInOrder: { field: "dataPduInOrder", kind: "or", wishes: [] },
  DataSequenceInOrder: { field: "dataSequenceInOrder", kind: "or", wishes: [] },
  ErrorRecoveryLevel: { field: "errorRecoveryLevel", kind: "min", wishes: [0, 0, 1, 2] },
  iSCSIProtocolLevel: { field: "protocolLevel", kind: "min", wishes: [0, 1, 31] },
};
const DIGESTS: Readonly<Record<string, keyof NegotiatedParameters>> = {
  HeaderDigest: "headerDigest",
  DataDigest: "dataDigest",
};

export class OddNegotiation {
  /** What both sides hold once the login is over; lengths as the initiator sees them. */
  readonly #result: { -readonly [Key in keyof NegotiatedParameters]: NegotiatedParameters[Key] } = {
    ...DEFAULT_PARAMETERS,
  };
  /** Keys that the initiator has named, and those of the target that it has yet to answer. */
  readonly #named = new Set<string>();
  readonly #open = new Map<string, string>();
  readonly #random: Random;
  readonly #isLeading: boolean;
  readonly #violated: (what: string) => void;
  readonly #length: number;
  #hasOffered = false;

  constructor(random: Random, isLeading: boolean, violated: (what: string) => void) {
    this.#random = random;
    this.#isLeading = isLeading;
    this.#violated = violated;
    this.#length = pick(random, [512, 513, 1000, 4096, 8192, 65_536, 0xffffff]);
  }

  get isSettled(): boolean {
    return this.#open.size === 0;
  }

  get result(): NegotiatedParameters {
    const { firstBurstLength, maxBurstLength } = this.#result;
    return {
      ...this.#result,
      firstBurstLength: Math.min(firstBurstLength, maxBurstLength),
    };
  }

  /** What a target says in its first answer (RFC 7143 §13.9). */
  introductions(): KeyValuePair[] {
    const tag = this.#random.below(3) * 32_767;
    this.#result.targetPortalGroupTag = tag;
    const pairs: KeyValuePair[] = [["TargetPortalGroupTag", this.#number(tag)]];
    if (this.#random.below(2) === 0) {
      this.#result.targetAlias = "Bänder=\u{1F4FC}";
      pairs.push(["TargetAlias", "Bänder=\u{1F4FC}"]);
    }
    return pairs;
  }

  /** Answers the offers of the initiator, and takes in its answers. */
  answer(pairs: readonly KeyValuePair[]): KeyValuePair[] {
    const random = this.#random;
    const offers: Values = {};
    for (const [key, value] of pairs) {
      if (this.#open.has(key)) this.#takeAnswer(key, value);
      else if (this.#named.has(key)) this.#violated(`${key} comes twice`);
      else offers[key] = value;
      this.#named.add(key);
    }
    const answers: KeyValuePair[] = [];
    for (const [key, offer] of Object.entries(offers)) {
      const answer = this.#answerTo(key, offer, offers);
      if (answer !== undefined) answers.push([key, answer]);
    }
    return random.below(2) === 0 ? answers : answers.reverse();
  }

  #answerTo(key: string, offer: string, offers: Values): string | undefined {
    if (key === "MaxRecvDataSegmentLength") {
      this.#result.maxReceiveDataSegmentLength = Number(offer);
      return undefined;
    }
    if (["InitiatorName", "TargetName", "SessionType", "InitiatorAlias"].includes(key)) {
      return undefined;
    }
    const digest = DIGESTS[key];
    if (digest) return this.#digest(digest, offer);
    if (key === "TaskReporting") {
      return this.#result.taskReporting = pick(this.#random, offer.split(","));
    }
    const rule = RULES[key];
    return rule ? this.#byRule(key, rule, offer, offers) : this.#unknown(key);
  }

  #digest(field: keyof NegotiatedParameters, offer: string): string {
    const offered = offer.split(",");
    if (offered.includes("None") && this.#random.below(12) === 0) return "Reject";
    const chosen = pick(this.#random, offered);
    Object.assign(this.#result, { [field]: chosen === "CRC32C" });
    return chosen;
  }

  #unknown(key: string): string {
    const answer = pick(this.#random, ["NotUnderstood", "NotUnderstood", "42"]);
    this.#result.extra = { ...this.#result.extra, [key]: answer };
    return answer;
  }

  #byRule(key: string, { field, kind, wishes }: Rule, offer: string, all: Values) {
    const random = this.#random;
    if (!this.#isLeading) this.#violated(`${key} in the login of a further connection`);
    if (kind === "or" || kind === "and") return this.#boolean(field, kind, offer === "Yes");
    const hasNoUnsolicited = this.#result.initialR2T && !this.#result.immediateData;
    if (key === "FirstBurstLength" && hasNoUnsolicited && random.below(2) === 0) {
      return "Irrelevant";
    }
    if (random.below(25) === 0 && key !== "MaxOutstandingR2T") return "Reject";
    const value = Math[kind](pick(random, wishes), Number(offer));
    const result = this.#bounded(key, value, all);
    Object.assign(this.#result, { [field]: result });
    return this.#number(result);
  }

  /** What depends on other keys, which come before it in the offers of the initiator. */
  #bounded(key: string, value: number, all: Values): number {
    if (key === "FirstBurstLength") return Math.min(value, this.#result.maxBurstLength);
    if (key !== "MaxOutstandingR2T") return value;
    // The level may come behind it: then one at a time is right in any case (RFC 7143 §13.19).
    return Number(all.ErrorRecoveryLevel ?? 0) > 0 ? 1 : value;
  }

  /** An answer that changes nothing may be left out (RFC 7143 §6.2.2). */
  #boolean(
    field: keyof NegotiatedParameters,
    kind: "or" | "and",
    offered: boolean,
  ): string | undefined {
    const own = this.#random.below(2) === 0;
    const result = kind === "or" ? offered || own : offered && own;
    const isDecided = offered === (kind === "or");
    Object.assign(this.#result, { [field]: result });
    if (isDecided && this.#random.below(2) === 0) return undefined;
    return result ? "Yes" : "No";
  }

  /** What the target begins with by itself: once, and after the initiator has had its say. */
  ownOffers(): KeyValuePair[] {
    const random = this.#random;
    if (this.#hasOffered) return [];
    this.#hasOffered = true;
    const pairs: KeyValuePair[] = [];
    if (random.below(6) > 0) {
      this.#result.maxSendDataSegmentLength = this.#length;
      pairs.push(["MaxRecvDataSegmentLength", this.#number(this.#length)]);
    }
    if (random.below(4) === 0) this.#offer(pairs, "X-com.example.odd", "what=ever");
    if (random.below(8) === 0) this.#offer(pairs, "IFMarker", "No");
    if (!this.#isLeading) return pairs;
    if (random.below(6) === 0 && !this.#named.has("TaskReporting")) {
      this.#offer(pairs, "TaskReporting", "FastAbort,RFC3720,ResponseFence");
    }
    if (random.below(6) === 0 && !this.#named.has("iSCSIProtocolLevel")) {
      this.#offer(pairs, "iSCSIProtocolLevel", pick(random, ["0", "1", "2"]));
    }
    return pairs;
  }

  #offer(pairs: KeyValuePair[], key: string, value: string): void {
    this.#open.set(key, value);
    pairs.push([key, value]);
  }

  #takeAnswer(key: string, answer: string): void {
    const offered = this.#open.get(key)!;
    this.#open.delete(key);
    const fail = () => this.#violated(`${key}=${answer} answers ${offered}`);
    if (key.startsWith("X-")) return answer === "NotUnderstood" ? undefined : fail();
    if (key === "IFMarker") {
      return ["No", "Reject", "Irrelevant"].includes(answer) ? undefined : fail();
    }
    if (key === "TaskReporting") {
      if (answer === "Reject") return;
      this.#result.taskReporting = answer;
      return offered.split(",").includes(answer) ? undefined : fail();
    }
    const level = Number(answer);
    if (!(level <= Number(offered))) fail();
    this.#result.protocolLevel = level;
  }

  /** Numbers may be hexadecimal (RFC 7143 §6.1). */
  #number(value: number): string {
    return this.#random.below(4) === 0 ? `0x${value.toString(16)}` : String(value);
  }
}
