/**
 * A simulated target: its name, its logical units, its sessions, and whom it lets in (RFC 7143 §4.2.7, SAM-5 §4.6).
 *
 * @module
 */

import { ConnectionLostError, InvalidOptionError } from "../../iscsi/errors.ts";
import type { ChapAccount, OperationalOffers } from "../../iscsi/negotiation/login_options.ts";
import type { LoginIdentity } from "../../iscsi/negotiation/login_steps.ts";
import { KeyNegotiation } from "../../iscsi/negotiation/negotiate.ts";
import type {
  Admission,
  Redirection,
  Refusal,
  TargetChapPolicy,
} from "../../iscsi/negotiation/target_policy.ts";
import { LoginStatus } from "../../iscsi/pdu/login_status.ts";
import { lunFromNumber, lunToNumber } from "../../scsi/lun.ts";
import { SessionRegistry } from "./session_registry.ts";
import type { TargetConnection } from "./target_connection.ts";
import type { TargetChap, TargetLimits, TargetOptions } from "./target_options.ts";
import { type SessionTarget, TargetSession } from "./target_session.ts";
import { AbsentUnit } from "./tasks/absent_unit.ts";
import { ReportingUnit } from "./tasks/reporting_unit.ts";
import { UnitQueue } from "./tasks/unit_queue.ts";

const SYNTAX =
  /^(?:iqn\.\d{4}-\d{2}\.[a-z0-9.-]+(?::[^/?\s]+)?|eui\.[0-9a-f]{16}|naa\.(?:[0-9a-f]{16}){1,2})$/;
/** RFC 7143 §4.2.7.1: iSCSI names have at most 223 bytes. */
const MAX_NAME_LENGTH = 223;

/** What there is one way of at error recovery level 0, with one connection a session. */
const FIXED_OFFERS: OperationalOffers = {
  maxConnections: 1,
  errorRecoveryLevel: 0,
  dataPduInOrder: true,
  dataSequenceInOrder: true,
};

/** One target. */
export class SimulatedTarget implements SessionTarget {
  /** iSCSI name, in lower case. */
  readonly name: string;
  readonly portalGroupTag: number;
  readonly statusInDataIn: boolean;
  readonly #options: TargetOptions;
  readonly #limits: Required<TargetLimits>;
  readonly #chap: TargetChapPolicy | undefined;
  readonly #offers: OperationalOffers;
  readonly #registry = new SessionRegistry();
  readonly #units = new Map<number, UnitQueue>();
  readonly #absent = new UnitQueue(new AbsentUnit());

  /** @throws {InvalidOptionError} when an option cannot be right. */
  constructor(options: TargetOptions, limits: Required<TargetLimits>) {
    const { targetName, chap, negotiation, targetPortalGroupTag = 1, statusInDataIn = true } =
      options;
    this.name = checkedName(targetName);
    this.portalGroupTag = targetPortalGroupTag;
    this.statusInDataIn = statusInDataIn;
    this.#options = options;
    this.#limits = limits;
    this.#chap = chap && chapPolicy(chap);
    this.#offers = { ...negotiation, ...FIXED_OFFERS };
    const { headerDigest, dataDigest, extraKeys } = options;
    // Says at once what a login would otherwise stumble over.
    new KeyNegotiation("target", { headerDigest, dataDigest, extraKeys, offers: this.#offers });
    this.#addUnits(options);
  }

  /** What answers at a LUN, present or not. */
  unit(lun: bigint): UnitQueue {
    const number = lunToNumber(lun);
    return (number === undefined ? undefined : this.#units.get(number)) ?? this.#absent;
  }

  /** Whether there is a device at a LUN. */
  hasUnit(lun: bigint): boolean {
    return this.#options.units.some((unit) => unit.lun === lunToNumber(lun));
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
    const name = initiatorName.toLowerCase();
    return this.#options.initiators?.some((other) => other.toLowerCase() === name) ?? true;
  }

  /** How discovery sessions are authenticated. */
  get discoveryChap(): TargetChapPolicy | undefined {
    return this.#options.chap?.discovery === false ? undefined : this.#chap;
  }

  /** Decides on a login that names this target. */
  admit(identity: LoginIdentity): Admission | Redirection | Refusal {
    const { redirect, headerDigest, dataDigest, extraKeys, targetAlias } = this.#options;
    if (!this.isVisibleTo(identity.initiatorName)) return refuse(LoginStatus.AuthorizationFailure);
    if (redirect) {
      return {
        kind: "redirect",
        address: redirect.address,
        permanent: redirect.permanent ?? false,
      };
    }
    if (identity.tsih !== 0) return this.#refuseToJoin(identity);
    if (this.#isFull(identity)) return refuse(LoginStatus.OutOfResources);
    return {
      kind: "admit",
      chap: this.#chap,
      targetPortalGroupTag: this.portalGroupTag,
      targetAlias,
      headerDigest,
      dataDigest,
      offers: this.#offers,
      extraKeys,
    };
  }

  /** Begins a session; one of the same initiator port ends for it, with its connection (RFC 7143 §6.3.5). */
  establish(
    identity: LoginIdentity,
    authenticatedAs: string | undefined,
    connection: TargetConnection,
  ): TargetSession | Refusal {
    if (this.#isFull(identity)) return refuse(LoginStatus.OutOfResources);
    const old = this.#registry.ofPort(identity);
    old?.connection.close(new ConnectionLostError("The initiator has logged in anew"));
    const session = new TargetSession({
      identity,
      tsih: this.#registry.allocate(),
      authenticatedAs,
      connection,
      order: connection.order,
      target: this,
      limits: this.#limits,
    });
    this.#registry.add(session);
    for (const unit of this.units()) unit.device.nexusEstablished(session.nexus);
    return session;
  }

  /** A session has ended: its devices lose the nexus. */
  sessionEnded(session: TargetSession): void {
    if (!this.#registry.delete(session)) return;
    for (const unit of this.units()) unit.device.nexusLost(session.nexus);
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

  /** LUN 0 must answer INQUIRY and REPORT LUNS even without a device (SPC-5 §6.33, SAM-5 §4.7.4). */
  #addUnits({ units }: TargetOptions): void {
    const luns = this.luns().map(lunFromNumber);
    for (const { lun, device } of [...units].sort((a, b) => a.lun - b.lun)) {
      if (this.#units.has(lun)) {
        throw new InvalidOptionError("units", `Cannot make a target: LUN ${lun} is there twice`);
      }
      this.#units.set(lun, new UnitQueue(new ReportingUnit(device, luns)));
    }
    if (this.#units.has(0)) return;
    this.#units.set(0, new UnitQueue(new ReportingUnit(new AbsentUnit(), luns)));
  }

  /** A session has one connection: no further one can join it. */
  #refuseToJoin(identity: LoginIdentity): Refusal {
    const session = this.#registry.ofHandle(identity);
    if (session === undefined) return refuse(LoginStatus.SessionDoesNotExist);
    const isSame = session.identity.cid === identity.cid;
    return refuse(isSame ? LoginStatus.CannotIncludeInSession : LoginStatus.TooManyConnections);
  }

  #isFull(identity: LoginIdentity): boolean {
    return this.#registry.size >= this.#limits.maxSessions &&
      this.#registry.ofPort(identity) === undefined;
  }
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
