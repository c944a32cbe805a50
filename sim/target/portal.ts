/**
 * A network portal: accepts connections for one or more targets, and answers discovery (RFC 7143 §4.1, §4.3).
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import type { Logger } from "../../scsi/logger.ts";
import type { Clock } from "../../iscsi/connection/clock.ts";
import { ConnectionDriver } from "../../iscsi/connection/connection_driver.ts";
import { ConnectionLostError } from "../../iscsi/errors.ts";
import type { LoginIdentity } from "../../iscsi/negotiation/login_steps.ts";
import type {
  Admission,
  Redirection,
  Refusal,
  TargetLoginPolicy,
} from "../../iscsi/negotiation/target_policy.ts";
import { LoginStatus } from "../../iscsi/pdu/login_status.ts";
import type { ByteListener, ByteStream } from "../../transport/byte_stream.ts";
import type { FaultPlan, FaultSubject } from "./faults.ts";
import { FaultyLine } from "./connection/faulty_line.ts";
import type { ListedTarget } from "./requests/send_targets.ts";
import { SessionRegistry } from "./session/session_registry.ts";
import type { EstablishedLogin, SimulatedTarget } from "./target.ts";
import type { ConnectionEvents } from "./connection/connection_surroundings.ts";
import { TargetConnection } from "./connection/target_connection.ts";
import type { ConnectionEvent, TargetEvent } from "./target_event.ts";
import type { PortalOptions, TargetLimits } from "./target_options.ts";
import { TargetSession } from "./session/target_session.ts";

/** What a portal serves, and how. */
export interface TargetPortalOptions extends Omit<PortalOptions, "limits" | "clock"> {
  readonly targets: readonly SimulatedTarget[];
  readonly limits: Required<TargetLimits>;
  readonly clock: Clock;
  /** What goes wrong on purpose; undefined when nothing does. */
  readonly plan: FaultPlan | undefined;
  /** `host:port` to tell in discovery. @default none: initiators use the portal that they have reached */
  readonly address?: string;
}

/** Bytes of a connection's staging buffer: many small PDUs in one read, and not much of a large one to copy. */
const STAGING_BYTES = 64 * 1024;

interface Served {
  readonly connection: TargetConnection;
  readonly driver: ConnectionDriver;
}

/** Serves targets on listeners until it is closed. */
export class ServingPortal {
  readonly #options: TargetPortalOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #randomBytes: (length: number) => Uint8Array;
  readonly #discoveries = new SessionRegistry();
  /** Open connections, the oldest first. */
  readonly #served = new Set<Served>();
  readonly #running = new Set<Promise<void>>();
  readonly #listeners = new Set<ByteListener>();
  #connections = 0;
  #closed = false;

  constructor(options: TargetPortalOptions) {
    const { clock, logger = getLogger(["@uiscsi/tape", "sim"]) } = options;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#randomBytes = options.randomBytes ?? webCryptoBytes;
  }

  /** Accepts connections from a listener, which is the portal's from now on. */
  listen(listener: ByteListener): void {
    this.#listeners.add(listener);
    this.#track(this.#accept(listener));
  }

  /** Serves one connection until it ends; the stream is the portal's from now on. */
  serve(stream: ByteStream): void {
    this.#track(this.#run(stream));
  }

  /** Stops accepting and ends all connections. Resolves when nothing of the portal is left; never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const listener of this.#listeners) listener.close();
    const error = new ConnectionLostError("The target was closed");
    for (const target of this.#options.targets) target.endSessions(error);
    for (const { connection } of [...this.#served]) connection.close(error);
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #accept(listener: ByteListener): Promise<void> {
    try {
      for (;;) {
        const stream = await listener.accept();
        if (stream === null) return;
        this.serve(stream);
      }
    } catch (error) {
      this.#logger.error("The target can accept no more connections: {error}", { error });
    } finally {
      listener.close();
      this.#listeners.delete(listener);
    }
  }

  async #run(stream: ByteStream): Promise<void> {
    const number = ++this.#connections;
    if (this.#closed || !this.#makeRoom(number)) return stream.close();
    const connection = this.#connect({
      closed: () => driver.close(),
      changed: () => driver.changed(),
      report: (event) => this.#report(number, connection, event),
    });
    const driver = new ConnectionDriver(stream, connection, this.#clock);
    const served: Served = { connection, driver };
    this.#served.add(served);
    try {
      await driver.run();
    } finally {
      this.#served.delete(served);
    }
  }

  #connect(events: ConnectionEvents): TargetConnection {
    const { limits, keepalive = false, initialStatSn = 1, plan } = this.#options;
    const subject = (): FaultSubject => ({
      initiatorName: connection.session?.identity.initiatorName,
      cid: connection.session && connection.cid,
    });
    const connection: TargetConnection = new TargetConnection({
      policy: this.#policy(() => connection),
      sendTargets: (initiatorName) => this.#listed(initiatorName),
      limits,
      keepalive,
      initialStatSn,
      stagingBytes: STAGING_BYTES,
      now: () => this.#clock.now(),
      ignoresPing: () => plan?.ignoresPing(subject()) ?? false,
      line: plan && new FaultyLine({ plan, subject, now: () => this.#clock.now() }),
    }, events);
    return connection;
  }

  /** Slow logins make room for new ones, so that a flood of connections does not keep initiators out. */
  #makeRoom(number: number): boolean {
    const { maxConnections, maxPendingLogins } = this.#options.limits;
    const pending = [...this.#served].filter(({ connection }) => connection.loggingIn);
    const isFull = this.#served.size >= maxConnections;
    if (!isFull && pending.length < maxPendingLogins) return true;
    const [oldest] = pending;
    if (oldest === undefined) {
      this.#report(number, undefined, { kind: "turned-away" });
      return false;
    }
    oldest.connection.report({ kind: "turned-away" });
    oldest.connection.close(new ConnectionLostError("The login made room for another"));
    return true;
  }

  #report(
    number: number,
    connection: TargetConnection | undefined,
    event: ConnectionEvent,
  ): void {
    const initiatorName = connection?.session?.identity.initiatorName;
    const whole = { ...event, connection: number, initiatorName } as TargetEvent;
    this.#logger.debug("Connection {connection}: {kind}", { ...whole });
    this.#options.onEvent?.(whole);
  }

  #policy(connection: () => TargetConnection): TargetLoginPolicy {
    return {
      admit: (identity) => {
        const decision = this.#admit(identity);
        const session = this.#targetOf(identity)?.sessionToJoin(identity);
        if (session && decision.kind === "admit") connection().numberWith(session);
        return decision;
      },
      establish: (identity, parameters, authenticatedAs) => {
        const login = { identity, parameters, authenticatedAs };
        const session = this.#establish(login, connection());
        return session instanceof TargetSession ? session.tsih : session;
      },
      randomBytes: this.#randomBytes,
    };
  }

  #targetOf({ targetName }: LoginIdentity): SimulatedTarget | undefined {
    const name = targetName?.toLowerCase();
    return this.#options.targets.find((target) => target.name === name);
  }

  #admit(identity: LoginIdentity): Admission | Redirection | Refusal {
    if (identity.sessionType === "discovery") return this.#admitDiscovery(identity);
    return this.#targetOf(identity)?.admit(identity) ??
      { kind: "refuse", status: LoginStatus.NotFound };
  }

  /** Who may see a target by discovery proves it as for the target itself; with several targets, as for the first. */
  #admitDiscovery({ tsih, initiatorName }: LoginIdentity): Admission | Refusal {
    if (tsih !== 0) return { kind: "refuse", status: LoginStatus.SessionDoesNotExist };
    const visible = this.#options.targets.filter((target) => target.isVisibleTo(initiatorName));
    if (visible.length === 0) return { kind: "refuse", status: LoginStatus.AuthorizationFailure };
    const chap = visible.map((target) => target.discoveryChap).find((one) => one !== undefined);
    return { kind: "admit", chap };
  }

  #establish(login: EstablishedLogin, connection: TargetConnection): TargetSession | Refusal {
    if (login.identity.sessionType === "discovery") {
      return this.#establishDiscovery(login, connection);
    }
    return this.#targetOf(login.identity)!.establish(login, connection);
  }

  /** RFC 7143 §7.4.2: discovery sessions of one initiator port reinstate one another, too. */
  #establishDiscovery(
    { identity, parameters, authenticatedAs }: EstablishedLogin,
    connection: TargetConnection,
  ): TargetSession {
    this.#discoveries.ofPort(identity)?.end(
      new ConnectionLostError("The initiator has logged in anew"),
    );
    for (const over of this.#discoveries.all()) if (over.ended) this.#discoveries.delete(over);
    const session = new TargetSession({
      identity,
      tsih: this.#discoveries.allocate(),
      authenticatedAs,
      parameters,
      order: connection.order,
      target: undefined,
      limits: this.#options.limits,
      clock: this.#clock,
    });
    this.#discoveries.add(session);
    connection.adopt(session, identity.cid);
    return session;
  }

  #listed(initiatorName: string): ListedTarget[] {
    const { targets, address } = this.#options;
    return targets.filter((target) => target.isVisibleTo(initiatorName)).map((target) => ({
      name: target.name,
      addresses: target.addresses(address),
    }));
  }
}

function webCryptoBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}
