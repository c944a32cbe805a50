/** The login of one connection as a target may lead it: in any number of steps, in any order, cut anywhere. */

import { createHash } from "node:crypto";
import type { LoginRequest } from "../../../iscsi/pdu/login.ts";
import type { KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { concat } from "../../../transport/concat.ts";
import type { Random } from "../../scsi/random.ts";
import { pick } from "../walk/walk_settings.ts";
import { OddNegotiation } from "./odd_negotiation.ts";
import { ACCOUNT, TARGET_ACCOUNT } from "./odd_settings.ts";

/** Any more would be refused as a login without an end. */
const MOST_DELAYS = 3;
const MOST_SEGMENTS = 8;
const MAX_SEGMENT = 8192;

/** What one Login Response says. */
export interface LoginAnswer {
  readonly transit: boolean;
  readonly continue: boolean;
  readonly csg: number;
  readonly nsg: number;
  readonly data: Uint8Array;
}

export class OddLogin {
  readonly negotiation: OddNegotiation;
  isDone = false;
  readonly #random: Random;
  readonly #violated: (what: string) => void;
  readonly #wantsChap: boolean;
  #request: Uint8Array[] = [];
  /** Parts of a text that go out one by one, with the C bit. */
  #segments: Uint8Array[] = [];
  /** Whether the segments are the end of the stage once they are out. */
  #answers: KeyValuePair[] = [];
  #stage: number | undefined;
  #delays = 0;
  #isFirst = true;
  #chapStep = 0;
  #isAuthenticated = false;
  #challenge: Uint8Array = new Uint8Array(0);
  #identifier = 0;

  constructor(
    random: Random,
    options: { wantsChap: boolean; isLeading: boolean },
    violated: (what: string) => void,
  ) {
    this.#random = random;
    this.#violated = violated;
    this.#wantsChap = options.wantsChap;
    this.negotiation = new OddNegotiation(random, options.isLeading, violated);
  }

  /** The answer to a Login Request. */
  answer(request: LoginRequest, data: Uint8Array): LoginAnswer {
    this.#check(request, data);
    const { csg } = request;
    const silence = { transit: false, continue: false, csg, nsg: 0 };
    if (this.#segments.length > 0) {
      if (data.length > 0) this.#violated("a text goes on while that of the target is not over");
      return this.#nextSegment(request, undefined);
    }
    this.#request.push(data);
    if (request.continue) return { ...silence, data: new Uint8Array(0) };
    const pairs = pairsOf(concat(this.#request));
    this.#request = [];
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (csg === 0) this.#security(pairs);
    else this.#answers.push(...this.negotiation.answer(pairs));
    const said = this.#said(isFirst, csg);
    return this.#nextSegment(request, said);
  }

  #check(request: LoginRequest, data: Uint8Array): void {
    const { csg, nsg, transit } = request;
    if (!request.transit && nsg !== 0) this.#violated("NSG without T");
    if (transit && nsg !== (csg === 0 ? 1 : 3)) this.#violated("a stage that does not follow");
    if (transit && request.continue) this.#violated("T and C together");
    if (data.length > MAX_SEGMENT) this.#violated("a login segment of more than 8192 bytes");
    if (this.#stage !== undefined && csg < this.#stage) this.#violated("the stage goes back");
    if (this.#stage !== csg) this.#delays = 0;
    this.#stage = csg;
  }

  /** Some of what is to be said, or all of it. */
  #said(isFirst: boolean, csg: number): KeyValuePair[] {
    const random = this.#random;
    const first = isFirst ? this.negotiation.introductions() : [];
    if (csg === 1) this.#answers.push(...this.negotiation.ownOffers());
    const all = this.#answers.length;
    // The keys of one step of CHAP come together (RFC 7143 §12.1.3).
    const isSpread = csg === 1 && this.#delays < MOST_DELAYS && random.below(3) === 0;
    const some = isSpread ? random.below(all + 1) : all;
    const said = [...first, ...this.#answers.splice(0, some)];
    return csg === 1 ? shuffled(random, said) : said;
  }

  #nextSegment(request: LoginRequest, said: KeyValuePair[] | undefined): LoginAnswer {
    const random = this.#random;
    if (said !== undefined) this.#segments = this.#cut(encoded(said));
    const data = this.#segments.shift() ?? new Uint8Array(0);
    const { csg } = request;
    if (this.#segments.length > 0) return { transit: false, continue: true, csg, nsg: 0, data };
    const isReady = csg === 0
      ? this.#isAuthenticated && this.#answers.length === 0
      : this.#answers.length === 0 && this.negotiation.isSettled;
    const isLate = this.#delays < MOST_DELAYS && random.below(4) === 0;
    const transit = request.transit && isReady && !isLate;
    if (!transit) this.#delays++;
    if (transit && csg === 1) this.isDone = true;
    return { transit, continue: false, csg, nsg: transit ? request.nsg : 0, data };
  }

  #cut(text: Uint8Array): Uint8Array[] {
    const random = this.#random;
    if (text.length < 2 || random.below(4) > 0) return [text];
    const cuts = Array.from(
      { length: random.below(MOST_SEGMENTS) },
      () => random.below(text.length),
    );
    const ends = [...cuts.sort((a, b) => a - b), text.length];
    return ends.map((end, i) => text.slice(i === 0 ? 0 : ends[i - 1], end));
  }

  #security(pairs: readonly KeyValuePair[]): void {
    const said = new Map(pairs);
    const method = said.get("AuthMethod");
    if (method !== undefined) {
      const offered = method.split(",");
      if (this.#wantsChap !== offered.includes("CHAP")) this.#violated(`AuthMethod=${method}`);
      this.#answers.push(["AuthMethod", this.#wantsChap ? "CHAP" : "None"]);
      this.#isAuthenticated = !this.#wantsChap;
    } else if (this.#wantsChap && this.#chapStep === 0 && said.has("CHAP_A")) {
      this.#chapStep = 1;
      this.#ask();
    } else if (this.#wantsChap && said.has("CHAP_R")) {
      this.#prove(said);
    }
  }

  #ask(): void {
    const random = this.#random;
    this.#identifier = random.below(256);
    this.#challenge = random.bytes(pick(random, [1, 16, 20, 1024]));
    const identifier = random.below(3) === 0
      ? `0x${this.#identifier.toString(16)}`
      : `${this.#identifier}`;
    this.#answers.push(
      ["CHAP_A", "5"],
      ["CHAP_I", identifier],
      ["CHAP_C", this.#binary(this.#challenge)],
    );
  }

  #prove(said: ReadonlyMap<string, string>): void {
    const proof = `0x${md5(this.#identifier, ACCOUNT.secret, this.#challenge).toString("hex")}`;
    if (said.get("CHAP_N") !== ACCOUNT.name) this.#violated("another CHAP_N");
    if (said.get("CHAP_R")?.toLowerCase() !== proof) this.#violated("a wrong CHAP_R");
    const identifier = said.get("CHAP_I");
    const challenge = said.get("CHAP_C");
    if (identifier !== undefined && challenge !== undefined) {
      const bytes = Uint8Array.from(challenge.slice(2).match(/../g)!, (hex) => parseInt(hex, 16));
      const response = md5(Number(identifier), TARGET_ACCOUNT.secret, bytes);
      this.#answers.push(["CHAP_N", TARGET_ACCOUNT.name], ["CHAP_R", this.#binary(response)]);
    }
    this.#isAuthenticated = true;
  }

  #binary(bytes: Uint8Array): string {
    const buffer = Buffer.from(bytes);
    const form = this.#random.below(3);
    if (form === 0) return `0b${buffer.toString("base64")}`;
    const hex = buffer.toString("hex");
    return form === 1 ? `0x${hex}` : `0X${hex.toUpperCase()}`;
  }
}

function md5(identifier: number, secret: string, challenge: Uint8Array) {
  return createHash("md5").update(Uint8Array.of(identifier)).update(secret).update(challenge)
    .digest();
}

export function pairsOf(text: Uint8Array): KeyValuePair[] {
  const parts = new TextDecoder().decode(text).split("\0");
  if (parts.pop() !== "") throw new Error("the last pair of a text does not end with a NUL");
  return parts.map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
}

export function encoded(pairs: readonly KeyValuePair[]): Uint8Array {
  return new TextEncoder().encode(pairs.map(([key, value]) => `${key}=${value}\0`).join(""));
}

export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  const order: T[] = [];
  while (left.length > 0) order.push(...left.splice(random.below(left.length), 1));
  return order;
}
