/**
 * Negotiation of operational parameters (RFC 7143 §6.2, §13): one engine for both roles. Each side offers, answers
 * and checks by the table of keys; the result takes effect as a whole.
 *
 * @module
 */

import { type LoginStage, NegotiationError, ProtocolError } from "../errors.ts";
import { agree, checkAnswer, legalNumber, NO_VALUE } from "./agreement.ts";
import { type KeyDefinition, keyDefinition, KEYS } from "./keys.ts";
import { DEFAULT_PARAMETERS, type NegotiatedParameters } from "./negotiated_parameters.ts";
import { type OwnValueOptions, ownValues } from "./own_values.ts";
import type { KeyValuePair } from "./text_keys.ts";
import { parseList } from "./text_values.ts";

export { DEFAULT_PARAMETERS, type NegotiatedParameters } from "./negotiated_parameters.ts";

/** What a {@link KeyNegotiation} starts from. */
export interface KeyNegotiationOptions extends OwnValueOptions {
  /** Discovery session: keys without a meaning there are not offered, and answered with `Irrelevant`. @default false */
  readonly discovery?: boolean;
  /** First login of a session: session-wide keys may be negotiated. @default true */
  readonly leading?: boolean;
  /** What holds until now. @default DEFAULT_PARAMETERS */
  readonly current?: NegotiatedParameters;
}

/** Keys whose answer depends on other keys of the same text: they come last. */
const DEPENDENT: ReadonlySet<string> = new Set(["FirstBurstLength", "MaxOutstandingR2T"]);

/** Parameters of a session as they are on a connection that has just joined it: nothing of its own is negotiated. */
export function onNewConnection(session: NegotiatedParameters): NegotiatedParameters {
  const { headerDigest, dataDigest, maxSendDataSegmentLength, maxReceiveDataSegmentLength } =
    DEFAULT_PARAMETERS;
  return {
    ...session,
    headerDigest,
    dataDigest,
    maxSendDataSegmentLength,
    maxReceiveDataSegmentLength,
  };
}

/** One side of one negotiation: a login, or a sequence of Text Requests and Responses. */
export class KeyNegotiation {
  readonly #role: "initiator" | "target";
  readonly #discovery: boolean;
  readonly #leading: boolean;
  readonly #current: NegotiatedParameters;
  readonly #own: ReadonlyMap<string, string>;
  readonly #offered = new Map<string, string>();
  readonly #received = new Map<string, string>();
  /** Results and the peer's declarations, by key, in their plain spelling. */
  readonly #settled = new Map<string, string>();
  readonly #extra = new Map<string, string>();

  /**
   * Begins a negotiation in which nothing has been said.
   *
   * @throws {InvalidOptionError} when an option is not legal for its key.
   */
  constructor(role: "initiator" | "target", options: KeyNegotiationOptions = {}) {
    const { discovery = false, leading = true, current = DEFAULT_PARAMETERS } = options;
    this.#role = role;
    this.#discovery = discovery;
    this.#leading = leading;
    this.#current = current;
    this.#own = ownValues(
      discovery ? { ...options, headerDigest: "none", dataDigest: "none" } : options,
    );
  }

  /**
   * What this side says without being asked: the initiator all of its offers, the target what it declares. To be sent
   * once, in the operational stage.
   */
  offers(): KeyValuePair[] {
    const pairs: KeyValuePair[] = [];
    for (const [key, value] of this.#inTableOrder()) {
      if (!this.#isOfferable(keyDefinition(key))) continue;
      this.#offered.set(key, value);
      pairs.push([key, value]);
    }
    return pairs;
  }

  #inTableOrder(): KeyValuePair[] {
    const known = KEYS.filter(({ name }) => this.#own.has(name)).map(({ name }) => name);
    const unknown = [...this.#own.keys()].filter((key) => keyDefinition(key) === undefined);
    return [...known, ...unknown].map((key) => [key, this.#own.get(key)!]);
  }

  #isOfferable(definition: KeyDefinition | undefined): boolean {
    if (this.#role === "target") return definition?.rule.kind === "declared-number";
    if (definition === undefined) return true;
    if (definition.use === "LO" && !this.#leading) return false;
    if (definition.irrelevantInDiscovery && this.#discovery) return false;
    return definition.name !== "FirstBurstLength" || !this.#offersNoUnsolicitedData();
  }

  #offersNoUnsolicitedData(): boolean {
    return this.#own.get("InitialR2T") === "Yes" && this.#own.get("ImmediateData") === "No";
  }

  /**
   * Takes what the peer said and returns the answers to its offers. `final`: the peer has ended the negotiation with
   * this text, so that an offer in it holds only if it needs no other answer.
   *
   * @throws {NegotiationError} when an answer is outside its offer, or a declaration outside its range.
   * @throws {ProtocolError} when a key comes twice, from the wrong side, or in the wrong stage.
   */
  receive(pairs: readonly KeyValuePair[], stage: LoginStage, final = false): KeyValuePair[] {
    const answers: KeyValuePair[] = [];
    const isDependent = ([key]: KeyValuePair) => DEPENDENT.has(key);
    const ordered = [
      ...pairs.filter((pair) => !isDependent(pair)),
      ...pairs.filter(isDependent),
    ];
    for (const [key, value] of ordered) {
      const answer = this.#take(key, value, stage);
      if (answer === undefined) continue;
      if (final) refuseOpenOffer(key, value, answer, stage);
      else answers.push([key, answer]);
    }
    return answers;
  }

  #take(key: string, value: string, stage: LoginStage): string | undefined {
    const definition = keyDefinition(key);
    this.#refuseRepetition(key, value, definition);
    this.#received.set(key, value);
    if (definition === undefined) return this.#takeUnknown(key, value);
    this.#checkUse(definition, stage);
    const { rule } = definition;
    if (rule.kind === "declared-text") return this.#declareText(key, value, rule.maxBytes);
    if (rule.kind === "declared-number") {
      return this.#declareNumber(key, value, legalNumber(rule, value), stage);
    }
    if (rule.kind === "obsolete") return rule.answer;
    const offered = this.#offered.get(key);
    if (offered !== undefined) return this.#settle(definition, offered, value, stage);
    return this.#answer(definition, value, stage);
  }

  /** RFC 7143 §6.3: no key twice. Declaring the same thing in two stages does no harm, and targets do it. */
  #refuseRepetition(key: string, value: string, definition: KeyDefinition | undefined): void {
    const before = this.#received.get(key);
    if (before === undefined || key === "TargetAddress") return;
    if (before === value && definition?.rule.kind.startsWith("declared")) return;
    throw new ProtocolError(`Cannot negotiate ${key}: the peer sent it twice`);
  }

  #takeUnknown(key: string, value: string): string | undefined {
    if (this.#role === "initiator" && this.#own.has(key)) {
      this.#extra.set(key, value);
      return undefined;
    }
    if (NO_VALUE.has(value)) return undefined;
    const own = this.#own.get(key);
    if (own === undefined) return "NotUnderstood";
    this.#extra.set(key, value);
    return own;
  }

  #checkUse({ name, sender, stage, rule }: KeyDefinition, current: LoginStage): void {
    if (sender !== "both" && sender === this.#role) {
      throw new ProtocolError(`Cannot negotiate ${name}: only the ${this.#role} sends it`);
    }
    if (rule.kind === "authentication" || rule.kind === "request" || name === "AuthMethod") {
      throw new ProtocolError(`Cannot negotiate ${name}: it has no place in the ${current} stage`);
    }
    // An early declaration from a target does no harm; offers and answers keep to their stage (§12, §13).
    const early = this.#role === "initiator" && rule.kind === "declared-number";
    if (stage === "any" || stage === current || early || current === "full-feature") return;
    throw new ProtocolError(`Cannot negotiate ${name}: it has no place in the ${current} stage`);
  }

  #declareText(key: string, value: string, maxBytes: number): undefined {
    if (new TextEncoder().encode(value).length > maxBytes) {
      throw new ProtocolError(`Cannot accept ${key}: it has more than ${maxBytes} bytes`);
    }
    this.#settled.set(key, value);
  }

  #declareNumber(
    key: string,
    value: string,
    number: number | undefined,
    stage: LoginStage,
  ): string | undefined {
    if (number !== undefined) {
      this.#settled.set(key, String(number));
      return undefined;
    }
    if (this.#role === "target") return "Reject";
    if (NO_VALUE.has(value) && this.#offered.has(key)) return undefined;
    throw new NegotiationError(
      `Cannot accept ${key}: the target declared ${JSON.stringify(value)}`,
      { key, answered: value, stage },
    );
  }

  /** The peer answered our offer. */
  #settle(
    { name, rule }: KeyDefinition,
    offered: string,
    answered: string,
    stage: LoginStage,
  ): undefined {
    if (NO_VALUE.has(answered)) return;
    const value = checkAnswer(rule, offered, answered);
    if (value === undefined) {
      throw new NegotiationError(
        `Cannot agree on ${name}: ${offered} was offered and ${JSON.stringify(answered)} answered`,
        { key: name, offered, answered, stage },
      );
    }
    this.#settled.set(name, value);
  }

  /** The peer offered, and we answer (RFC 7143 §6.2). */
  #answer(definition: KeyDefinition, offered: string, stage: LoginStage): string | undefined {
    const { name, rule, use, irrelevantInDiscovery } = definition;
    if (NO_VALUE.has(offered)) return undefined;
    if (stage === "full-feature" && use !== "ALL") return "Reject";
    if (use === "LO" && !this.#leading) return "Reject";
    if (irrelevantInDiscovery && this.#discovery) return "Irrelevant";
    if (name === "FirstBurstLength" && this.#hasNoUnsolicitedData()) return "Irrelevant";
    const value = agree(rule, offered, this.#own.get(name) ?? definition.default!);
    if (value === undefined) return "Reject";
    this.#settled.set(name, value);
    if (DEPENDENT.has(name)) this.#settled.set(name, String(this.#dependent(name)));
    return this.#settled.get(name);
  }

  #hasNoUnsolicitedData(): boolean {
    return this.#value("InitialR2T") === "Yes" && this.#value("ImmediateData") === "No";
  }

  #dependent(key: string): number {
    return key === "FirstBurstLength" ? this.#firstBurstLength() : this.#maxOutstandingR2T();
  }

  /** RFC 7143 §13.14: never above MaxBurstLength. */
  #firstBurstLength(): number {
    return Math.min(this.#number("FirstBurstLength"), this.#number("MaxBurstLength"));
  }

  /** RFC 7143 §13.19: with recovery inside a command, sequences in order means one at a time. */
  #maxOutstandingR2T(): number {
    const oneAtATime = this.#number("ErrorRecoveryLevel") > 0 &&
      this.#value("DataSequenceInOrder") === "Yes";
    return oneAtATime ? 1 : this.#number("MaxOutstandingR2T");
  }

  #value(key: string): string {
    return this.#settled.get(key) ?? this.#decided(key) ?? keyDefinition(key)!.default!;
  }

  /** An offer that no answer could change needs none (RFC 7143 §6.2.2): No where both must agree, Yes where one suffices. */
  #decided(key: string): string | undefined {
    const { kind } = keyDefinition(key)!.rule;
    const decisive = kind === "and" ? "No" : kind === "or" ? "Yes" : undefined;
    const isUnanswered = !this.#received.has(key) && this.#offered.get(key) === decisive;
    return isUnanswered ? decisive : undefined;
  }

  #number(key: string): number {
    return Number(this.#value(key));
  }

  /** The answer that refused what this side said about a key, if one did: what held until then still holds (RFC 7143 §6.2). */
  refusal(key: string): string | undefined {
    const answer = this.#received.get(key);
    const isRefused = answer !== undefined && this.#offered.has(key) && NO_VALUE.has(answer);
    return isRefused ? answer : undefined;
  }

  /**
   * What holds from now on. Keys without an agreement keep their defaults.
   *
   * @throws {NegotiationError} when a digest that this side insists on was not agreed.
   */
  result(): NegotiatedParameters {
    return {
      ...this.#current,
      ...this.#sessionWide(),
      ...this.#ofConnection(),
      ...this.#declared(),
      extra: { ...this.#current.extra, ...Object.fromEntries(this.#extra) },
    };
  }

  #sessionWide(): Partial<NegotiatedParameters> {
    if (!this.#leading) return {};
    return {
      maxConnections: this.#discovery ? 1 : this.#number("MaxConnections"),
      initialR2T: this.#value("InitialR2T") === "Yes",
      immediateData: this.#value("ImmediateData") === "Yes",
      maxBurstLength: this.#number("MaxBurstLength"),
      firstBurstLength: this.#firstBurstLength(),
      defaultTime2Wait: this.#number("DefaultTime2Wait"),
      defaultTime2Retain: this.#number("DefaultTime2Retain"),
      maxOutstandingR2T: this.#maxOutstandingR2T(),
      dataPduInOrder: this.#value("DataPDUInOrder") === "Yes",
      dataSequenceInOrder: this.#value("DataSequenceInOrder") === "Yes",
      errorRecoveryLevel: this.#discovery ? 0 : this.#number("ErrorRecoveryLevel"),
      taskReporting: this.#value("TaskReporting"),
      protocolLevel: this.#number("iSCSIProtocolLevel"),
    };
  }

  #ofConnection(): Partial<NegotiatedParameters> {
    const length = "MaxRecvDataSegmentLength";
    const theirs = this.#settled.get(length);
    const ours = this.refusal(length) === undefined ? this.#offered.get(length) : undefined;
    return {
      headerDigest: this.#digest("HeaderDigest", this.#current.headerDigest),
      dataDigest: this.#digest("DataDigest", this.#current.dataDigest),
      ...(theirs !== undefined && { maxSendDataSegmentLength: Number(theirs) }),
      ...(ours !== undefined && { maxReceiveDataSegmentLength: Number(ours) }),
    };
  }

  #digest(key: string, current: boolean): boolean {
    const value = this.#settled.get(key) ?? (current ? "CRC32C" : "None");
    const own = this.#own.get(key)!;
    if (!parseList(own).includes(value)) {
      const answered = this.#received.get(key);
      throw new NegotiationError(
        `Cannot agree on ${key}: this side insists on ${own}, the peer said ${
          answered ?? "nothing"
        }`,
        { key, offered: own, answered, stage: "operational" },
      );
    }
    return value === "CRC32C";
  }

  #declared(): Partial<NegotiatedParameters> {
    const tag = this.#settled.get("TargetPortalGroupTag");
    const targetAlias = this.#settled.get("TargetAlias");
    const initiatorAlias = this.#settled.get("InitiatorAlias");
    return {
      ...(tag !== undefined && { targetPortalGroupTag: Number(tag) }),
      ...(targetAlias !== undefined && { targetAlias }),
      ...(initiatorAlias !== undefined && { initiatorAlias }),
    };
  }
}

/** Nothing can be answered any more, so only an offer that would be accepted as it is can stand. */
function refuseOpenOffer(key: string, value: string, answer: string, stage: LoginStage): void {
  const definition = keyDefinition(key);
  if (definition === undefined || definition.rule.kind === "obsolete" || answer === value) return;
  throw new NegotiationError(
    `Cannot agree on ${key}: the peer offered ${JSON.stringify(value)} and ended the negotiation`,
    { key, offered: value, stage },
  );
}
