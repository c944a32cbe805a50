/**
 * The target's side of the login phase (RFC 7143 §6.3).
 *
 * @module
 */

import { NegotiationError, ProtocolError } from "../errors.ts";
import { LoginStage } from "../pdu/login.ts";
import { LoginStatus } from "../pdu/login_status.ts";
import { equalBytes } from "./chap.ts";
import { LoginRefusal } from "./login_refusal.ts";
import type {
  LoginIdentity,
  LoginRequestHeader,
  LoginResponseFields,
  TargetLoginStep,
} from "./login_steps.ts";
import { LoginText, partAuthentication } from "./login_text.ts";
import { KeyNegotiation, onNewConnection } from "./negotiate.ts";
import { TargetAuthentication } from "./target_authentication.ts";
import type { Admission, TargetLoginOptions, TargetLoginPolicy } from "./target_policy.ts";
import { encodeText, type KeyValuePair } from "./text_keys.ts";

const { SecurityNegotiation, LoginOperationalNegotiation, FullFeaturePhase } = LoginStage;

/** RFC 7143 §4.2.7.1: iSCSI names have at most 223 bytes. */
const MAX_NAME_LENGTH = 223;

/** Status-Class 1 with the address to go to. */
class Redirected extends LoginRefusal {
  readonly address: string;

  constructor(status: number, address: string) {
    super(status);
    this.address = address;
  }
}

/** What exists once the first text has named both sides and the policy has let them in. */
interface Admitted {
  readonly identity: LoginIdentity;
  readonly authentication: TargetAuthentication;
  readonly negotiation: KeyNegotiation;
}

/**
 * One login of one connection: `receive()` for each Login Request until `progress` is not `continue`. Whatever comes
 * from the wire, the answer is a Login Response; after `failed`, send it and close the connection.
 */
export class TargetLogin {
  readonly #policy: TargetLoginPolicy;
  readonly #maxRounds: number;
  readonly #text: LoginText;
  #first: LoginRequestHeader | undefined;
  #stage: number = SecurityNegotiation;
  #admitted: Admitted | undefined;
  #hasDeclared = false;
  #rounds = 0;
  #ended = false;

  /** Waits for the first request of a connection. */
  constructor(policy: TargetLoginPolicy, options: TargetLoginOptions = {}) {
    const { maxRounds = 64, maxTextBytes = 65536 } = options;
    this.#policy = policy;
    this.#maxRounds = maxRounds;
    this.#text = new LoginText({ maxTextBytes });
  }

  /**
   * Takes a Login Request with its data segment, which is copied, and returns the answer. Throws only what the
   * policy throws, and `InvalidOptionError` when the policy's values are not legal.
   *
   * @throws {InvalidOptionError} when an {@link Admission} offers what no target may offer.
   */
  receive(request: LoginRequestHeader, data: Uint8Array): TargetLoginStep {
    try {
      return this.#receive(request, data);
    } catch (error) {
      if (error instanceof LoginRefusal) return this.#fail(request, error);
      if (error instanceof ProtocolError || error instanceof NegotiationError) {
        return this.#fail(request, new LoginRefusal(LoginStatus.InitiatorError));
      }
      throw error;
    }
  }

  #receive(request: LoginRequestHeader, data: Uint8Array): TargetLoginStep {
    this.#checkHeader(request);
    if (this.#text.hasMore) {
      if (data.length > 0 || request.continue) throw new LoginRefusal(LoginStatus.InitiatorError);
      return this.#answer(request);
    }
    const pairs = this.#text.push(data, request.continue);
    this.#text.load(pairs === undefined ? [] : this.#take(pairs, request));
    return this.#answer(request);
  }

  /** RFC 7143 §11.12: one login keeps its identity and goes forward through the stages. */
  #checkHeader(request: LoginRequestHeader): void {
    if (this.#ended) throw new LoginRefusal(LoginStatus.InvalidDuringLogin);
    if (request.versionMin > 0) throw new LoginRefusal(LoginStatus.UnsupportedVersion);
    if (this.#first === undefined) {
      this.#first = { ...request, isid: new Uint8Array(request.isid) };
      this.#stage = request.csg;
    }
    const { isid, tsih, cid } = this.#first;
    const isSame = equalBytes(isid, request.isid) && tsih === request.tsih && cid === request.cid;
    const { csg, nsg, transit } = request;
    const isStage = csg === SecurityNegotiation || csg === LoginOperationalNegotiation;
    const isNext = nsg > csg && (nsg === LoginOperationalNegotiation || nsg === FullFeaturePhase);
    if (
      !isSame || !isStage || csg !== this.#stage || (transit && (!isNext || request.continue)) ||
      ++this.#rounds > this.#maxRounds
    ) {
      throw new LoginRefusal(LoginStatus.InitiatorError);
    }
  }

  /** Takes a complete text and returns the answer to it. */
  #take(pairs: readonly KeyValuePair[], request: LoginRequestHeader): KeyValuePair[] {
    const declared = this.#admitted === undefined ? this.#admit(pairs, request) : [];
    const { authentication, negotiation } = this.#admitted!;
    if (this.#stage === SecurityNegotiation) {
      const parts = partAuthentication(pairs);
      return [
        ...declared,
        ...authentication.receive(parts.authentication),
        ...negotiation.receive(parts.others, "security"),
      ];
    }
    if (!authentication.satisfied) throw new LoginRefusal(LoginStatus.AuthenticationFailure);
    const answers = negotiation.receive(pairs, "operational");
    const offers = this.#hasDeclared ? [] : negotiation.offers();
    this.#hasDeclared = true;
    return [...declared, ...answers, ...offers];
  }

  /** The first text names both sides; returns what the target tells about itself (RFC 7143 §6.3.1, §13.9). */
  #admit(pairs: readonly KeyValuePair[], request: LoginRequestHeader): KeyValuePair[] {
    const identity = identify(pairs, request);
    const decision = this.#policy.admit(identity);
    if (decision.kind === "refuse") throw new LoginRefusal(decision.status);
    if (decision.kind === "redirect") {
      const { permanent, address } = decision;
      const { TargetMovedPermanently, TargetMovedTemporarily } = LoginStatus;
      throw new Redirected(permanent ? TargetMovedPermanently : TargetMovedTemporarily, address);
    }
    this.#admitted = this.#begin(identity, decision);
    if (identity.sessionType === "discovery") return [];
    const { targetPortalGroupTag = 1, targetAlias } = decision;
    const tag: KeyValuePair = ["TargetPortalGroupTag", String(targetPortalGroupTag)];
    return targetAlias === undefined ? [tag] : [tag, ["TargetAlias", targetAlias]];
  }

  #begin(identity: LoginIdentity, admission: Admission): Admitted {
    const { session, headerDigest, dataDigest, offers, extraKeys } = admission;
    const isLeading = identity.tsih === 0;
    if (!isLeading && session === undefined) {
      throw new LoginRefusal(LoginStatus.SessionDoesNotExist);
    }
    const negotiation = new KeyNegotiation("target", {
      headerDigest,
      dataDigest,
      offers,
      extraKeys,
      discovery: identity.sessionType === "discovery",
      leading: isLeading,
      current: isLeading ? undefined : onNewConnection(session!),
    });
    const authentication = new TargetAuthentication(
      admission.chap,
      (length) => this.#policy.randomBytes(length),
    );
    return { identity, authentication, negotiation };
  }

  /** Sends the next segment of the answer, and agrees to the next stage with the last one. */
  #answer(request: LoginRequestHeader): TargetLoginStep {
    const data = this.#text.next();
    const hasMore = this.#text.hasMore;
    const transit = request.transit && !hasMore && this.#admitted !== undefined &&
      this.#admitted.authentication.satisfied;
    const response: LoginResponseFields = {
      ...loginResponseTo(request, LoginStatus.Success),
      transit,
      continue: hasMore,
      nsg: transit ? request.nsg : 0,
    };
    if (transit && request.nsg === FullFeaturePhase) {
      return this.#finish(this.#admitted!, response, data);
    }
    if (transit) this.#stage = request.nsg;
    return { progress: "continue", response, data };
  }

  #finish(
    { identity, authentication, negotiation }: Admitted,
    response: LoginResponseFields,
    data: Uint8Array,
  ): TargetLoginStep {
    const { authenticatedAs } = authentication;
    const parameters = negotiation.result();
    const tsih = this.#policy.establish(identity, parameters, authenticatedAs);
    if (typeof tsih !== "number") throw new LoginRefusal(tsih.status);
    this.#ended = true;
    return {
      progress: "done",
      response: { ...response, tsih },
      data,
      identity,
      authenticatedAs,
      tsih,
      parameters,
    };
  }

  #fail(request: LoginRequestHeader, refusal: LoginRefusal): TargetLoginStep {
    this.#ended = true;
    const text: KeyValuePair[] = refusal instanceof Redirected
      ? [["TargetAddress", refusal.address]]
      : [];
    return {
      progress: "failed",
      response: loginResponseTo(request, refusal.status),
      data: encodeText(text),
    };
  }
}

/** The fields of a Login Response that stays in its stage. */
export function loginResponseTo(request: LoginRequestHeader, status: number): LoginResponseFields {
  return {
    transit: false,
    continue: false,
    csg: request.csg,
    nsg: 0,
    versionMax: 0,
    versionActive: 0,
    tsih: request.tsih,
    statusClass: status >>> 8,
    statusDetail: status & 0xff,
  };
}

/** RFC 7143 §6.3: the first text must name the initiator, and in a normal session the target. */
function identify(pairs: readonly KeyValuePair[], request: LoginRequestHeader): LoginIdentity {
  const said = new Map(pairs);
  const initiatorName = said.get("InitiatorName");
  const targetName = said.get("TargetName");
  const sessionType = said.get("SessionType") ?? "Normal";
  if (sessionType !== "Normal" && sessionType !== "Discovery") {
    throw new LoginRefusal(LoginStatus.SessionTypeNotSupported);
  }
  if (!initiatorName || targetName === "" || (sessionType === "Normal" && !targetName)) {
    throw new LoginRefusal(LoginStatus.MissingParameter);
  }
  if (Math.max(initiatorName.length, targetName?.length ?? 0) > MAX_NAME_LENGTH) {
    throw new LoginRefusal(LoginStatus.InitiatorError);
  }
  return {
    initiatorName,
    targetName,
    sessionType: sessionType === "Discovery" ? "discovery" : "normal",
    isid: new Uint8Array(request.isid),
    tsih: request.tsih,
    cid: request.cid,
  };
}
