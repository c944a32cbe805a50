/**
 * The initiator's side of the login phase (RFC 7143 §6.3).
 *
 * @module
 */

import {
  AuthenticationError,
  InvalidOptionError,
  LoginError,
  type LoginStage as LoginStageName,
  ProtocolError,
} from "../errors.ts";
import { LoginStage } from "../pdu/login.ts";
import { LoginStatus, LoginStatusClass, loginStatusName } from "../pdu/login_status.ts";
import { equalBytes } from "./chap.ts";
import { InitiatorAuthentication } from "./initiator_authentication.ts";
import type { LoginConnection, LoginOptions } from "./login_options.ts";
import type { LoginRequestFields, LoginResponseHeader, LoginStep } from "./login_steps.ts";
import { LoginText, partAuthentication } from "./login_text.ts";
import { KeyNegotiation, onNewConnection } from "./negotiate.ts";
import type { KeyValuePair } from "./text_keys.ts";

const { SecurityNegotiation, LoginOperationalNegotiation, FullFeaturePhase } = LoginStage;

/**
 * One login of one connection: `start()`, then `receive()` for each Login Response until the step is not `send`.
 * After an error or a redirect, close the connection.
 */
export class InitiatorLogin {
  readonly #connection: LoginConnection;
  readonly #options: LoginOptions;
  readonly #maxRounds: number;
  readonly #authentication: InitiatorAuthentication;
  readonly #negotiation: KeyNegotiation;
  readonly #text = new LoginText();
  #stage: number;
  #wantsTransit = false;
  #rounds = 0;
  #asked: LoginRequestFields | undefined;

  /**
   * Checks the options; nothing is sent before `start()`.
   *
   * @throws {InvalidOptionError} when an option is missing, malformed, or contradicts another.
   * @throws {AuthenticationError} when a secret is too short, both are the same, or no algorithm is available.
   */
  constructor(connection: LoginConnection, options: LoginOptions) {
    const { chap, skipSecurityStage = false, maxRounds = 64, sessionType = "normal" } = options;
    checkNames(options);
    this.#connection = connection;
    this.#options = options;
    this.#maxRounds = maxRounds;
    this.#authentication = new InitiatorAuthentication(chap, connection.randomBytes);
    this.#negotiation = new KeyNegotiation("initiator", {
      headerDigest: options.headerDigest,
      dataDigest: options.dataDigest,
      offers: options.offers,
      extraKeys: options.extraKeys,
      discovery: sessionType === "discovery",
      leading: connection.tsih === 0,
      current: connection.session && onNewConnection(connection.session),
    });
    this.#stage = skipSecurityStage && chap === undefined
      ? LoginOperationalNegotiation
      : SecurityNegotiation;
  }

  /** The first request. */
  start(): LoginStep {
    const names = this.#names();
    if (this.#stage === LoginOperationalNegotiation) {
      return this.#say([...names, ...this.#negotiation.offers()], true);
    }
    const pairs = [...names, ...this.#authentication.first()];
    return this.#say(pairs, this.#authentication.readyToTransit);
  }

  /** RFC 7143 §6.3: what the first request of a connection must tell. */
  #names(): KeyValuePair[] {
    const { initiatorName, initiatorAlias, targetName, sessionType = "normal" } = this.#options;
    const pairs: KeyValuePair[] = [["InitiatorName", initiatorName]];
    if (initiatorAlias !== undefined) pairs.push(["InitiatorAlias", initiatorAlias]);
    if (targetName !== undefined) pairs.push(["TargetName", targetName]);
    if (this.#connection.tsih === 0) {
      pairs.push(["SessionType", sessionType === "discovery" ? "Discovery" : "Normal"]);
    }
    return pairs;
  }

  /**
   * Takes a Login Response with its data segment, which is copied, and tells what to do next.
   *
   * @throws {AuthenticationError} when one side does not accept the other.
   * @throws {LoginError} when the target refuses the login, or does not come to an end.
   * @throws {NegotiationError} when no legal value was found for a key.
   * @throws {ProtocolError} when the response breaks RFC 7143.
   */
  receive(response: LoginResponseHeader, data: Uint8Array): LoginStep {
    if (response.statusClass !== LoginStatusClass.Success) return this.#refused(response, data);
    this.#checkHeader(response, this.#asked!);
    if (this.#text.hasMore) {
      if (data.length > 0) throw broken("it carries data while our text still goes on");
      return this.#send();
    }
    const pairs = this.#text.push(data, response.continue);
    if (pairs === undefined) return this.#say([], false);
    return this.#stage === SecurityNegotiation
      ? this.#receiveSecurity(pairs, response)
      : this.#receiveOperational(pairs, response);
  }

  #receiveSecurity(pairs: readonly KeyValuePair[], response: LoginResponseHeader): LoginStep {
    const { authentication, others } = partAuthentication(pairs);
    const answers = this.#negotiation.receive(others, "security");
    const steps = this.#authentication.receive(authentication);
    if (!response.transit) {
      return this.#say([...answers, ...steps], this.#authentication.readyToTransit);
    }
    this.#authentication.finish();
    if (steps.length > 0) throw broken("it ends the security stage in the middle of CHAP");
    this.#stage = LoginOperationalNegotiation;
    return this.#say([...answers, ...this.#negotiation.offers()], true);
  }

  #receiveOperational(pairs: readonly KeyValuePair[], response: LoginResponseHeader): LoginStep {
    const answers = this.#negotiation.receive(pairs, "operational", response.transit);
    if (!response.transit) return this.#say(answers, true);
    if (response.tsih === 0 && this.#options.sessionType !== "discovery") {
      throw broken("it ends the login without a TSIH");
    }
    return { kind: "done", tsih: response.tsih, parameters: this.#negotiation.result() };
  }

  #say(pairs: readonly KeyValuePair[], wantsTransit: boolean): LoginStep {
    this.#text.load(pairs);
    this.#wantsTransit = wantsTransit;
    return this.#send();
  }

  #send(): LoginStep {
    if (++this.#rounds > this.#maxRounds) {
      throw new LoginError(`Cannot log in: no end after ${this.#maxRounds} requests`, {
        stage: this.#stageName,
      });
    }
    const data = this.#text.next();
    const transit = this.#wantsTransit && !this.#text.hasMore;
    const next = this.#stage === SecurityNegotiation
      ? LoginOperationalNegotiation
      : FullFeaturePhase;
    const fields: LoginRequestFields = {
      transit,
      continue: this.#text.hasMore,
      csg: this.#stage,
      nsg: transit ? next : 0,
    };
    this.#asked = fields;
    return { kind: "send", request: { ...fields, data } };
  }

  get #stageName(): LoginStageName {
    return this.#stage === SecurityNegotiation ? "security" : "operational";
  }

  /** RFC 7143 §11.13: a response fits the request that it answers. */
  #checkHeader(response: LoginResponseHeader, asked: LoginRequestFields): void {
    const { isid, tsih } = this.#connection;
    if (response.versionActive !== 0) {
      throw broken(`it speaks version ${response.versionActive}, not 0`);
    }
    if (!equalBytes(response.isid, isid)) throw broken("it echoes another ISID");
    if (tsih !== 0 && response.tsih !== tsih) throw broken(`it names TSIH ${response.tsih}`);
    if (response.csg !== asked.csg) {
      throw broken(`its stage is ${response.csg}, ours ${asked.csg}`);
    }
    if (response.continue && (response.transit || asked.continue)) {
      throw broken("its C bit is set together with the T bit, or while our text goes on");
    }
    if (!response.transit) return;
    if (!asked.transit) throw broken("its T bit is set and ours was not");
    if (response.nsg !== asked.nsg) {
      throw broken(`it goes to stage ${response.nsg}, asked for ${asked.nsg}`);
    }
  }

  #refused(response: LoginResponseHeader, data: Uint8Array): LoginStep {
    const { statusClass, statusDetail } = response;
    if (statusClass === LoginStatusClass.Redirection) return this.#redirected(response, data);
    const statusName = loginStatusName(statusClass, statusDetail);
    const status = { statusClass, statusDetail, statusName };
    const refusal = this.#authentication.refusal(statusClass << 8 | statusDetail);
    if (refusal) {
      const { reason, why } = refusal;
      throw new AuthenticationError(`Cannot authenticate: ${why}`, { ...status, reason });
    }
    const { targetName = "the discovery session" } = this.#options;
    throw new LoginError(
      `Cannot log in to ${targetName}: refused in the ${this.#stageName} stage: ${statusName}`,
      { ...status, stage: this.#stageName },
    );
  }

  #redirected({ statusDetail }: LoginResponseHeader, data: Uint8Array): LoginStep {
    const pairs = this.#text.push(data, false) ?? [];
    const address = pairs.find(([key]) => key === "TargetAddress")?.[1].split(",")[0];
    if (!address) throw broken("it redirects without a TargetAddress");
    // Some targets leave the detail 0: that is no reason to forget the old address.
    const permanent = (LoginStatusClass.Redirection << 8 | statusDetail) ===
      LoginStatus.TargetMovedPermanently;
    return { kind: "redirect", address, permanent };
  }
}

function broken(why: string): ProtocolError {
  return new ProtocolError(`Cannot accept the Login Response: ${why}`, {
    outcome: "not-executed",
  });
}

/** RFC 7143 §4.2.7: types of names, and at most 223 bytes. */
function checkNames(
  { initiatorName, targetName, initiatorAlias, sessionType }: LoginOptions,
): void {
  const isText = (text: string, maxBytes: number) =>
    new TextEncoder().encode(text).length <= maxBytes && !text.includes("\0");
  if (!/^(?:iqn|eui|naa)\../.test(initiatorName) || !isText(initiatorName, 223)) {
    throw new InvalidOptionError(
      "initiatorName",
      "Cannot log in: the initiator name is not an iqn., eui. or naa. name",
    );
  }
  const needsTarget = sessionType !== "discovery";
  if (targetName === undefined ? needsTarget : targetName === "" || !isText(targetName, 223)) {
    throw new InvalidOptionError("targetName", "Cannot log in: the target name is missing or bad");
  }
  if (initiatorAlias !== undefined && !isText(initiatorAlias, 255)) {
    throw new InvalidOptionError("initiatorAlias", "Cannot log in: the alias is malformed");
  }
}
