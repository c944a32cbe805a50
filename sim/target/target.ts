/**
 * A simulated target: its name, its logical units, its sessions, and whom it lets in (RFC 7143 §4.2.7, SAM-5 §4.6).
 *
 * @module
 */

import { ConnectionLostError, InvalidOptionError } from "../../iscsi/errors.ts";
import type { ChapAccount, OperationalOffers } from "../../iscsi/negotiation/login_options.ts";
import type { LoginIdentity } from "../../iscsi/negotiation/login_steps.ts";
import type { NegotiatedParameters } from "../../iscsi/negotiation/negotiated_parameters.ts";
import { KeyNegotiation } from "../../iscsi/negotiation/negotiate.ts";
import type {
  Admission,
  Redirection,
  Refusal,
  TargetChapPolicy,
} from "../../iscsi/negotiation/target_policy.ts";
import { LoginStatus } from "../../iscsi/pdu/login_status.ts";
import { lunFromNumber, lunToNumber } from "../../scsi/lun.ts";
import type { Nexus } from "../device_server.ts";
import type { Clock } from "../../transport/clock.ts";
import { CommandFaults } from "./session/command_faults.ts";
import type { FaultPlan } from "./faults.ts";
import { clearTasks } from "./requests/task_clearing.ts";
import { SessionRegistry } from "./session/session_registry.ts";
import type { TargetConnection } from "./connection/target_connection.ts";
import type {
  TargetChap,
  TargetLimits,
  TargetOptions,
  TargetPortal,
  TargetRedirect,
} from "./target_options.ts";
import { type SessionTarget, TargetSession } from "./session/target_session.ts";
import { AbsentUnit } from "./tasks/absent_unit.ts";
import { ReportingUnit } from "./tasks/reporting_unit.ts";
import type { TargetTask } from "./tasks/target_task.ts";
import { UnitQueue } from "./tasks/unit_queue.ts";

const SYNTAX =
  /^(?:iqn\.\d{4}-\d{2}\.[a-z0-9.-]+(?::[^/?\s]+)?|eui\.[0-9a-f]{16}|naa\.(?:[0-9a-f]{16}){1,2})$/;
/** RFC 7143 §4.2.7.1: iSCSI names have at most 223 bytes. */
const MAX_NAME_LENGTH = 223;
/** The 24 bits of extended flat addressing (SAM-5 §4.7.7.5). */
const MAX_LUN = 0xffffff;

/** What a target agrees to unless it is told otherwise; initiators that want less get less. */
const TARGET_DEFAULTS: OperationalOffers = { maxConnections: 8, errorRecoveryLevel: 2 };

/** What there is one way of. */
const FIXED_OFFERS: OperationalOffers = { dataPduInOrder: true, dataSequenceInOrder: true };

/** What a target needs of whoever serves it. */
export interface TargetSurroundings {
  readonly limits: Required<TargetLimits>;
  readonly clock: Clock;
  /** What goes wrong on purpose; undefined when nothing does. */
  readonly faults: FaultPlan | undefined;
}

/** Who has logged in, and what was agreed. */
export interface EstablishedLogin {
  readonly identity: LoginIdentity;
  readonly parameters: NegotiatedParameters;
  readonly authenticatedAs: string | undefined;
}

/** One target. */
export class SimulatedTarget implements SessionTarget {
  /** iSCSI name, in lower case. */
  readonly name: string;
  readonly portalGroupTag: number;
  readonly statusInDataIn: boolean;
  readonly taskAbortedStatus: boolean;
  readonly #options: TargetOptions;
  readonly #surroundings: TargetSurroundings;
  readonly #chap: TargetChapPolicy | undefined;
  readonly #offers: OperationalOffers;
  readonly #registry = new SessionRegistry();
  readonly #units = new Map<number, UnitQueue>();
  readonly #absent = new UnitQueue(new AbsentUnit());
  /** LUN 0 must answer INQUIRY and REPORT LUNS even without a device (SPC-5 §6.33, SAM-5 §4.7.4). */
  readonly #listing: UnitQueue;
  #redirect: TargetRedirect | undefined;

  /** @throws {InvalidOptionError} when an option cannot be right. */
  constructor(options: TargetOptions, surroundings: TargetSurroundings) {
    const { targetName, chap, negotiation, targetPortalGroupTag = 1 } = options;
    const { statusInDataIn = true, taskAbortedStatus = true } = options;
    this.name = checkedName(targetName);
    this.portalGroupTag = targetPortalGroupTag;
    this.statusInDataIn = statusInDataIn;
    this.taskAbortedStatus = taskAbortedStatus;
    this.#redirect = options.redirect;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#chap = chap && chapPolicy(chap);
    this.#offers = offersOf(negotiation);
    const { headerDigest, dataDigest, extraKeys } = options;
    // Says at once what a login would otherwise stumble over.
    new KeyNegotiation("target", { headerDigest, dataDigest, extraKeys, offers: this.#offers });
    const luns = (initiatorName: string) =>
      this.luns().map(lunFromNumber).filter((lun) => this.hasUnit(lun, initiatorName));
    this.#listing = new UnitQueue(new ReportingUnit(new AbsentUnit(), luns));
    this.#addUnits(options, luns);
  }

  /** What answers at a LUN to the initiator with this name, present or not. */
  unit(lun: bigint, initiatorName: string): UnitQueue {
    const number = lunToNumber(lun);
    if (number !== undefined && this.hasUnit(lun, initiatorName)) return this.#units.get(number)!;
    return number === 0 ? this.#listing : this.#absent;
  }

  /** Whether there is a device at a LUN for the initiator with this name. */
  hasUnit(lun: bigint, initiatorName: string): boolean {
    const number = lunToNumber(lun);
    const unit = this.#options.units.find((one) => one.lun === number);
    return unit !== undefined && isAmong(unit.initiators, initiatorName);
  }

  /** The logical units in the order of their LUNs. */
  units(): UnitQueue[] {
    return [...this.#units.values()];
  }

  /** The LUNs that have a device, in their order. */
  luns(): number[] {
    return this.#options.units.map(({ lun }) => lun).sort((a, b) => a - b);
  }

  /** The sessions with initiators, the oldest first. */
  sessions(): TargetSession[] {
    return this.#registry.all();
  }

  /** Whether the initiator with this name may log in, and find the target by discovery. */
  isVisibleTo(initiatorName: string): boolean {
    return isAmong(this.#options.initiators, initiatorName);
  }

  /** Where logins are sent instead; undefined lets them in again. Sessions that there are stay. */
  set redirect(redirect: TargetRedirect | undefined) {
    this.#redirect = redirect;
  }

  /** What discovery tells of the ways to the target; `served` is where its portal listens, when that can be told. */
  addresses(served: string | undefined): string[] {
    const own = served === undefined ? [] : [{ address: served }];
    const portals: readonly TargetPortal[] = this.#options.portals ?? own;
    return portals.map(({ address, groupTag = this.portalGroupTag }) => `${address},${groupTag}`);
  }

  /** How discovery sessions are authenticated. */
  get discoveryChap(): TargetChapPolicy | undefined {
    return this.#options.chap?.discovery === false ? undefined : this.#chap;
  }

  /** Decides on a login that names this target. */
  admit(identity: LoginIdentity): Admission | Redirection | Refusal {
    const { headerDigest, dataDigest, extraKeys, targetAlias } = this.#options;
    const redirect = this.#redirect;
    if (!this.isVisibleTo(identity.initiatorName)) return refuse(LoginStatus.AuthorizationFailure);
    if (redirect) {
      return {
        kind: "redirect",
        address: redirect.address,
        permanent: redirect.permanent ?? false,
      };
    }
    const joined = identity.tsih === 0 ? undefined : this.#joinable(identity);
    if (joined !== undefined && !(joined instanceof TargetSession)) return joined;
    if (joined === undefined && this.#isFull(identity)) return refuse(LoginStatus.OutOfResources);
    return {
      kind: "admit",
      chap: this.#chap,
      targetPortalGroupTag: this.portalGroupTag,
      targetAlias,
      headerDigest,
      dataDigest,
      offers: this.#offers,
      extraKeys,
      session: joined?.parameters,
    };
  }

  /**
   * Begins a session, or lets a connection join one: the rows of the table in RFC 7143 §6.3.1. A session of the same
   * initiator port ends for a new one (§6.3.5).
   */
  establish(login: EstablishedLogin, connection: TargetConnection): TargetSession | Refusal {
    const { identity, authenticatedAs } = login;
    const session = identity.tsih === 0 ? this.#begin(login, connection) : this.#joinable(identity);
    if (!(session instanceof TargetSession)) return session;
    // Who has not proven the same name may have learned the TSIH on the wire.
    if (session.authenticatedAs !== authenticatedAs) {
      return refuse(LoginStatus.AuthorizationFailure);
    }
    connection.adopt(session, identity.cid);
    return session;
  }

  #begin(
    { identity, parameters, authenticatedAs }: EstablishedLogin,
    connection: TargetConnection,
  ): TargetSession | Refusal {
    if (this.#isFull(identity)) return refuse(LoginStatus.OutOfResources);
    this.#registry.ofPort(identity)?.end(
      new ConnectionLostError("The initiator has logged in anew"),
    );
    this.#makeRoom();
    const { limits, clock, faults } = this.#surroundings;
    const session = new TargetSession({
      identity,
      tsih: this.#registry.allocate(),
      authenticatedAs,
      parameters,
      order: connection.order,
      target: this,
      limits,
      clock,
      faults: faults && new CommandFaults(faults, identity.initiatorName, clock),
    });
    this.#registry.add(session);
    for (const unit of this.units()) unit.device.nexusEstablished(session.nexus);
    return session;
  }

  /** The session that a login with a TSIH means; RFC 7143 §6.3.1 says what is wrong with the others. */
  #joinable(identity: LoginIdentity): TargetSession | Refusal {
    const session = this.#registry.ofHandle(identity);
    if (session === undefined) return refuse(LoginStatus.SessionDoesNotExist);
    return session.hasRoomFor(identity.cid) ? session : refuse(LoginStatus.TooManyConnections);
  }

  /** The session that a login is about to join, if it may. */
  sessionToJoin(identity: LoginIdentity): TargetSession | undefined {
    const session = identity.tsih === 0 ? undefined : this.#joinable(identity);
    return session instanceof TargetSession ? session : undefined;
  }

  /** Ends all sessions. */
  endSessions(error: unknown): void {
    for (const session of this.sessions()) session.end(error);
  }

  /** A session has ended: its devices lose the nexus. */
  sessionEnded(session: TargetSession): void {
    if (!this.#registry.delete(session)) return;
    for (const unit of this.units()) unit.device.nexusLost(session.nexus);
  }

  /** `task` of `session` has ended the tasks of other nexuses at its unit. */
  abortOthers(
    session: TargetSession,
    { unit, command }: TargetTask,
    isVictim: (nexus: Nexus) => boolean,
  ): void {
    clearTasks(session, unit, command.lun, "clearedByOther", isVictim);
  }

  /**
   * Closes all devices. Sessions must have ended.
   *
   * @throws what a device throws, once all of them have been closed.
   */
  async closeDevices(): Promise<void> {
    const closing = this.#options.units.map(({ device }) => device.close());
    const failed = (await Promise.allSettled(closing)).find(({ status }) => status === "rejected");
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }

  #addUnits({ units }: TargetOptions, luns: (initiatorName: string) => bigint[]): void {
    for (const { lun, device } of [...units].sort((a, b) => a.lun - b.lun)) {
      if (!Number.isInteger(lun) || lun < 0 || lun > MAX_LUN) {
        const message = `Cannot make a target: LUN ${lun} is not a number from 0 to ${MAX_LUN}`;
        throw new InvalidOptionError("units", message);
      }
      if (this.#units.has(lun)) {
        throw new InvalidOptionError("units", `Cannot make a target: LUN ${lun} is there twice`);
      }
      device.setTaskAbortedStatus?.(this.taskAbortedStatus);
      this.#units.set(lun, new UnitQueue(new ReportingUnit(device, luns)));
    }
  }

  #isFull(identity: LoginIdentity): boolean {
    return this.#registry.size >= this.#surroundings.limits.maxSessions &&
      this.#registry.ofPort(identity) === undefined && this.#abandoned() === undefined;
  }

  /** The oldest session that has lost all of its connections. */
  #abandoned(): TargetSession | undefined {
    return this.sessions().find(({ connections }) => connections.length === 0);
  }

  #makeRoom(): void {
    if (this.#registry.size < this.#surroundings.limits.maxSessions) return;
    this.#abandoned()?.end(new ConnectionLostError("The session made room for another"));
  }
}

/** An absent list lets everybody in; names are compared in lower case (RFC 7143 §4.2.7.2). */
function isAmong(names: readonly string[] | undefined, initiatorName: string): boolean {
  const name = initiatorName.toLowerCase();
  return names?.some((other) => other.toLowerCase() === name) ?? true;
}

/**
 * What a target negotiates; fields that are undefined count as left out. On one connection every response is a fence
 * (RFC 7143 §4.2.2.3.3), and only there may initiators rely on one.
 */
function offersOf(negotiation: OperationalOffers = {}): OperationalOffers {
  const given = Object.entries(negotiation).filter(([, value]) => value !== undefined);
  const offers: OperationalOffers = { ...TARGET_DEFAULTS, ...Object.fromEntries(given) };
  if (offers.taskReporting === undefined) return { ...offers, ...FIXED_OFFERS };
  if ((negotiation.maxConnections ?? 1) > 1) {
    throw new InvalidOptionError(
      "negotiation.taskReporting",
      "Cannot make a target: with taskReporting, sessions have one connection",
    );
  }
  return { ...offers, ...FIXED_OFFERS, maxConnections: 1 };
}

function refuse(status: number): Refusal {
  return { kind: "refuse", status };
}

/** Names are compared in lower case (RFC 7143 §4.2.7.2). */
function checkedName(text: string): string {
  const name = text.toLowerCase();
  if (SYNTAX.test(name) && new TextEncoder().encode(name).length <= MAX_NAME_LENGTH) return name;
  throw new InvalidOptionError("targetName", `Cannot make a target: "${text}" is no iSCSI name`);
}

function chapPolicy(chap: TargetChap): TargetChapPolicy {
  const { accounts, target, required, algorithms, allowShortSecrets } = chap;
  const secrets = new Map(accounts.map(({ name, secret }: ChapAccount) => [name, secret]));
  return {
    secretOf: (name) => secrets.get(name),
    target,
    required,
    algorithms,
    allowShortSecrets,
  };
}
