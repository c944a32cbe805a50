/**
 * The sessions of one target, by their handles and by the initiator ports that they belong to (RFC 7143 §4.3.1, §6.3.5).
 *
 * @module
 */

import type { LoginIdentity } from "../../../iscsi/negotiation/login_steps.ts";
import type { TargetSession } from "./target_session.ts";

/** The largest TSIH; 0 means none. */
const MAX_TSIH = 65_535;

/** At most one session for each initiator port: a name and an ISID. */
export class SessionRegistry {
  readonly #byTsih = new Map<number, TargetSession>();
  readonly #byPort = new Map<string, TargetSession>();
  #nextTsih = 1;

  get size(): number {
    return this.#byTsih.size;
  }

  /** All sessions, the oldest first. */
  all(): TargetSession[] {
    return [...this.#byTsih.values()];
  }

  /** The session that a login with this identity would reinstate. */
  ofPort(identity: LoginIdentity): TargetSession | undefined {
    return this.#byPort.get(portOf(identity));
  }

  /** The session that a login with this TSIH means to join. */
  ofHandle(identity: LoginIdentity): TargetSession | undefined {
    const session = this.#byTsih.get(identity.tsih);
    return session && portOf(session.identity) === portOf(identity) ? session : undefined;
  }

  /** A TSIH that no session has. There must be fewer than 65535 sessions. */
  allocate(): number {
    while (this.#byTsih.has(this.#nextTsih)) this.#nextTsih = this.#nextTsih % MAX_TSIH + 1;
    const tsih = this.#nextTsih;
    this.#nextTsih = tsih % MAX_TSIH + 1;
    return tsih;
  }

  add(session: TargetSession): void {
    this.#byTsih.set(session.tsih, session);
    this.#byPort.set(portOf(session.identity), session);
  }

  /** Does nothing when it is not there. */
  delete(session: TargetSession): boolean {
    const port = portOf(session.identity);
    if (this.#byPort.get(port) === session) this.#byPort.delete(port);
    return this.#byTsih.delete(session.tsih);
  }
}

function portOf({ initiatorName, isid }: LoginIdentity): string {
  return `${isid.join(".")} ${initiatorName}`;
}
