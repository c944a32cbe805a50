/** Text exchanges of the full feature phase, in as many steps as a target likes. */

import type { NegotiatedParameters } from "../../../iscsi/negotiation/negotiated_parameters.ts";
import type { KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import type { TextRequest } from "../../../iscsi/pdu/text.ts";
import type { Random } from "../../scsi/random.ts";
import { pick } from "../walk/walk_settings.ts";
import type { OddConnection } from "./odd_connection.ts";
import { encoded, pairsOf } from "./odd_login.ts";
import type { OddSettings } from "./odd_settings.ts";

const LENGTH = "MaxRecvDataSegmentLength";
/** What a target offers that the initiator must refuse here, and with which answers. */
const ODD_OFFERS: Readonly<Record<string, readonly string[]>> = {
  "X-odd": ["NotUnderstood"],
  MaxBurstLength: ["Reject"],
  ErrorRecoveryLevel: ["Reject"],
};

/** The session that the texts belong to. */
export interface OddTextsOwner {
  readonly parts: {
    readonly random: Random;
    readonly settings: OddSettings;
    readonly violated: (what: string) => void;
  };
  readonly parameters: Map<OddConnection, NegotiatedParameters>;
  readonly numbers: () => { expCmdSn: number; maxCmdSn: number };
  later(connection: OddConnection, move: () => void): void;
}

/** What one Text Response says. */
interface TextPart {
  readonly data: Uint8Array;
  /** Whether the next goes on with the same text. */
  readonly isCut: boolean;
  /** What it offers, which must be answered. */
  readonly offer?: string;
}

/** An exchange that has not ended. */
interface Exchange {
  readonly connection: OddConnection;
  /** Parts of the answer that are still to come; each but the last leaves the exchange open. */
  readonly parts: TextPart[];
  ttt: number;
  lun: bigint;
  /** Answers that must come with the next request. */
  expected: Map<string, readonly string[]>;
}

export class OddTexts {
  /** A question is under way. */
  isAsked = false;
  #answer: Uint8Array = new Uint8Array(0);
  readonly #session: OddTextsOwner;
  readonly #exchanges = new Map<number, Exchange>();

  constructor(session: OddTextsOwner) {
    this.#session = session;
  }

  /** What the next question is answered with, in full. */
  ask(answer: Uint8Array): void {
    this.isAsked = true;
    this.#answer = answer;
  }

  take(connection: OddConnection, pdu: TextRequest, data: Uint8Array): void {
    const { violated } = this.#session.parts;
    if (!pdu.final || pdu.continue) violated("a text request that is cut");
    const exchange = this.#exchanges.get(pdu.itt);
    if (exchange === undefined) this.#begin(connection, pdu, data);
    else this.#goOn(exchange, pdu, data);
    this.#session.later(connection, () => this.#say(pdu.itt));
  }

  #begin(connection: OddConnection, pdu: TextRequest, data: Uint8Array): void {
    if (pdu.ttt !== RESERVED_TAG) this.#session.parts.violated("a new text has a tag");
    const pairs = pairsOf(data);
    const isQuestion = pairs.some(([key]) => key === "SendTargets");
    if (isQuestion) this.isAsked = false;
    const parts = isQuestion
      ? this.#split(connection, this.#answer)
      : this.#negotiate(connection, pairs);
    this.#exchanges.set(pdu.itt, { connection, parts, ttt: 0, lun: 0n, expected: new Map() });
  }

  #goOn(exchange: Exchange, pdu: TextRequest, data: Uint8Array): void {
    const { violated } = this.#session.parts;
    if (pdu.ttt !== exchange.ttt || pdu.lun !== exchange.lun) {
      violated("a text goes on with another tag or LUN");
    }
    const said = new Map(pairsOf(data));
    for (const [key, answers] of exchange.expected) {
      if (!answers.includes(said.get(key) ?? "")) violated(`${key} is answered ${said.get(key)}`);
      said.delete(key);
    }
    if (said.size > 0) violated(`${[...said.keys()]} was not asked for`);
    exchange.expected = new Map();
  }

  /** The answer in parts, some of them empty. */
  #split(connection: OddConnection, text: Uint8Array): Exchange["parts"] {
    const { random } = this.#session.parts;
    const most = this.#session.parameters.get(connection)!.maxReceiveDataSegmentLength;
    const parts: Exchange["parts"] = [];
    for (let at = 0; at < text.length;) {
      const length = Math.min(pick(random, [most, 1 + random.below(most)]), text.length - at);
      at += length;
      parts.push({ data: text.slice(at - length, at), isCut: at < text.length });
      if (random.below(6) === 0) parts.push({ data: new Uint8Array(0), isCut: at < text.length });
    }
    return parts.length === 0 ? [{ data: text, isCut: false }] : parts;
  }

  /** The initiator declares something, or lets the target do so. */
  #negotiate(connection: OddConnection, pairs: readonly KeyValuePair[]): Exchange["parts"] {
    const { random, violated } = this.#session.parts;
    const parameters = this.#session.parameters.get(connection)!;
    let { maxReceiveDataSegmentLength, maxSendDataSegmentLength } = parameters;
    const own: KeyValuePair[] = [];
    for (const [key, value] of pairs) {
      if (key !== LENGTH) violated(`${key} is negotiated where it has no place`);
      else maxReceiveDataSegmentLength = Number(value);
    }
    if (random.below(2) === 0 && this.#session.parts.settings.connections === 1) {
      maxSendDataSegmentLength = pick(random, [512, 4096, 65_536]);
      own.push([LENGTH, String(maxSendDataSegmentLength)]);
    }
    const odd = random.below(3) === 0 ? pick(random, Object.keys(ODD_OFFERS)) : undefined;
    const parts: Exchange["parts"] = [];
    if (odd) parts.push({ data: encoded([[odd, "512"]]), isCut: false, offer: odd });
    if (random.below(3) === 0) parts.push({ data: new Uint8Array(0), isCut: false });
    parts.push({ data: encoded(own), isCut: false });
    this.#renegotiated = { connection, maxReceiveDataSegmentLength, maxSendDataSegmentLength };
    return parts;
  }

  #renegotiated:
    | {
      connection: OddConnection;
      maxReceiveDataSegmentLength: number;
      maxSendDataSegmentLength: number;
    }
    | undefined;

  #say(itt: number): void {
    const exchange = this.#exchanges.get(itt)!;
    const { random } = this.#session.parts;
    const { connection, parts } = exchange;
    const { data, isCut, offer } = parts.shift()!;
    const final = parts.length === 0;
    exchange.ttt = final ? RESERVED_TAG : pick(random, [0, random.below(0xffff_ffff)]);
    exchange.lun = final ? 0n : pick(random, [0n, 9n << 48n]);
    if (offer) exchange.expected.set(offer, ODD_OFFERS[offer]);
    connection.send({
      opcode: Opcode.TextResponse,
      final,
      continue: isCut && !final,
      lun: exchange.lun,
      itt,
      ttt: exchange.ttt,
      statSn: connection.nextStatSn(),
      ...this.#session.numbers(),
    }, data);
    if (!final) return;
    this.#exchanges.delete(itt);
    const renegotiated = this.#renegotiated;
    if (renegotiated === undefined || renegotiated.connection !== connection) return;
    const { connection: _, ...lengths } = renegotiated;
    const parameters = this.#session.parameters.get(connection)!;
    this.#session.parameters.set(connection, { ...parameters, ...lengths });
    this.#renegotiated = undefined;
  }
}
