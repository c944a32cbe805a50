/**
 * A session with a target: connects, logs in, carries SCSI commands, logs out.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import type { Logger } from "../../scsi/logger.ts";
import { commandFacts } from "../../scsi/command_table.ts";
import type { LogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import { lunFromNumber } from "../../scsi/lun.ts";
import type { ByteStream, NetworkAddress } from "../../transport/byte_stream.ts";
import { RedirectError } from "../errors.ts";
import { defaultInitiatorName } from "../initiator_name.ts";
import type { LoginOptions } from "../negotiation/login.ts";
import type { NegotiatedParameters } from "../negotiation/negotiated_parameters.ts";
import { RunningCrc32c } from "../pdu/crc32c.ts";
import { formatPortal, parseAnnouncedPortal, parsePortal } from "../portal.ts";
import { type Clock, systemClock } from "../connection/clock.ts";
import { ConnectionDriver } from "../connection/connection_driver.ts";
import { dialPortal } from "./dial_portal.ts";
import { Initiator, type InitiatorOptions, STALL_CHECK_MS } from "./initiator.ts";
import type { DigestEngines } from "./initiator_connection.ts";
import { ScsiTask } from "./scsi_task.ts";
import {
  type ConnectOptions,
  type DiscoverySessionOptions,
  randomIsid,
  type SessionOptions,
  webCryptoBytes,
} from "./session_options.ts";
import { TextExchange } from "./text_exchange.ts";

/** Bytes of the staging buffer: many small PDUs in one read, and not much of a large one to copy. */
const STAGING_BYTES = 64 * 1024;
/** What this side takes in one PDU, unless told otherwise: large, since payloads are read straight into place. */
const MAX_RECEIVE_SEGMENT = 1024 * 1024;

type LoginOutcome =
  | { readonly kind: "done"; readonly parameters: NegotiatedParameters }
  | { readonly kind: "redirect"; readonly address: string };

/** Options of {@link Session.logicalUnit}. */
export interface LogicalUnitOptions {
  /** Whether closing the logical unit closes the session too. @default false */
  readonly closesSession?: boolean;
}

/**
 * A session with one target over one connection, at error recovery level 0: when the connection breaks, the session is
 * over, and every command that was under way fails with an error that says whether it may have been executed.
 */
export class Session {
  readonly #address: NetworkAddress;
  readonly #targetName: string;
  readonly #clock: Clock;
  readonly #core: Initiator;
  readonly #driver: ConnectionDriver;
  readonly #running: Promise<void>;
  readonly #login: Promise<LoginOutcome>;
  #parameters: NegotiatedParameters | undefined;

  private constructor({ stream, core, clock, logger, place }: SessionParts) {
    this.#address = place.address;
    this.#targetName = place.targetName ?? "";
    this.#clock = clock;
    const login = Promise.withResolvers<LoginOutcome>();
    this.#login = login.promise;
    this.#core = new Initiator(core, {
      loggedIn: (parameters) => login.resolve({ kind: "done", parameters }),
      redirected: (address) => {
        login.resolve({ kind: "redirect", address });
        this.#driver.close();
      },
      closed: (error) => {
        login.reject(error);
        if (error !== undefined) logger.warn("Session ended: {error}", { error });
        this.#driver.close();
      },
      deadlineMoved: () => this.#driver.changed(),
      notice: (message, properties) => logger.info(message, properties),
    });
    this.#driver = new ConnectionDriver(stream, this.#core, clock);
    this.#running = this.#driver.run();
  }

  /**
   * Connects to a portal and logs in, following redirects.
   *
   * @throws {InvalidOptionError} when an option cannot be right.
   * @throws {ConnectError} when the portal cannot be reached.
   * @throws {AuthenticationError} when one side could not prove who it is.
   * @throws {LoginError} when the target refused the login for another reason, or took too long.
   * @throws {NegotiationError} when no common value was found for a key.
   * @throws {ProtocolError} when what answers does not speak iSCSI, or breaks a rule of it.
   * @throws {ConnectionLostError} when the connection broke.
   */
  static connect(options: SessionOptions): Promise<Session> {
    return Session.#open(options, options.targetName);
  }

  /**
   * Connects to a portal for discovery (RFC 7143 §4.3): the session takes text requests only. Throws what
   * {@link connect} throws.
   */
  static connectDiscovery(options: DiscoverySessionOptions): Promise<Session> {
    return Session.#open(options, undefined);
  }

  /** What was agreed with the target. */
  get parameters(): NegotiatedParameters {
    return this.#parameters!;
  }

  /** Where the session is connected to, redirects followed. */
  get address(): NetworkAddress {
    return this.#address;
  }

  /** iSCSI name of the target; empty in a discovery session. */
  get targetName(): string {
    return this.#targetName;
  }

  /** Whether the session can no longer carry commands. */
  get closed(): boolean {
    return this.#core.phase === "closed";
  }

  /** A logical unit of the target, by its LUN as people count, or by the 8 bytes of SAM-5 §4.7 as one number. */
  logicalUnit(lun: number | bigint, options: LogicalUnitOptions = {}): LogicalUnit {
    const field = typeof lun === "bigint" ? lun : lunFromNumber(lun);
    const portal = formatPortal(this.#address);
    return {
      name: `iscsi://${portal}/${this.#targetName}/${lun}`,
      execute: (command) => this.execute(field, command),
      close: () => options.closesSession ? this.close() : Promise.resolve(),
    };
  }

  /**
   * Executes one SCSI command. `lun` is the 8-byte field of SAM-5 §4.7 as one number. Commands reach the target in the
   * order of the calls. The buffers of the command belong to the session until it has settled.
   *
   * @throws {CommandTimeoutError} when no answer came in time and the command was aborted.
   * @throws {RejectError} when the target rejected the command PDU.
   * @throws {TargetFailureError} when the target could not reach the device.
   * @throws {ConnectionLostError} when the connection broke.
   * @throws {ProtocolError} when the target broke the protocol.
   * @throws {SessionClosedError} when the session is closed.
   */
  execute(lun: bigint, command: ScsiCommand): Promise<ScsiResult> {
    const { signal } = command;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const facts = commandFacts(command.cdb);
    const now = this.#clock.now();
    return new Promise((resolve, reject) => {
      const abort = signal && (() => {
        this.#core.abort(task, signal.reason, this.#clock.now());
        this.#driver.changed();
      });
      const task = new ScsiTask({
        lun,
        command,
        name: facts.name,
        timeoutMs: command.timeoutMs ?? facts.timeoutMs,
        now,
        owner: {
          completed: (result) => {
            if (abort) signal.removeEventListener("abort", abort);
            resolve(result);
          },
          failed: (error) => {
            if (abort) signal.removeEventListener("abort", abort);
            reject(error);
          },
        },
      });
      if (abort) signal.addEventListener("abort", abort);
      this.#core.submit(task);
      this.#driver.changed(Math.min(task.deadline, now + STALL_CHECK_MS));
    });
  }

  /**
   * Sends a Text Request and resolves to the whole answer (RFC 7143 §11.10): NUL-terminated `key=value` pairs.
   *
   * @throws {RejectError} when the target rejected it; otherwise as {@link execute}.
   */
  text(request: Uint8Array, timeoutMs: number = 30_000): Promise<Uint8Array> {
    return new Promise((completed, failed) => {
      const now = this.#clock.now();
      const exchange = new TextExchange(request, now, timeoutMs, { completed, failed });
      this.#core.submitText(exchange);
      this.#driver.changed(exchange.deadline);
    });
  }

  /**
   * Logs out and closes the connection. Commands under way fail with a `SessionClosedError`. Never throws; calling it
   * again waits for the same end.
   */
  async close(): Promise<void> {
    this.#core.logout(this.#clock.now());
    this.#driver.changed();
    await this.#running;
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  static async #open(
    options: DiscoverySessionOptions,
    targetName: string | undefined,
  ): Promise<Session> {
    const { maxRedirects = 8, randomBytes = webCryptoBytes } = options;
    const isid = options.isid ?? randomIsid(randomBytes);
    const hops: string[] = [];
    let address = parsePortal(options.portal);
    for (;;) {
      const outcome = await Session.#establish(options, { address, targetName, isid });
      if (outcome instanceof Session) return outcome;
      hops.push(outcome.redirect);
      if (hops.length > maxRedirects) {
        throw new RedirectError(
          `Log in: redirected more than ${maxRedirects} times: ${hops.join(", ")}`,
          hops,
        );
      }
      address = parseAnnouncedPortal(outcome.redirect);
    }
  }

  /** Opens one connection and logs in on it; a redirect is the caller's to follow. */
  static async #establish(
    options: ConnectOptions,
    place: LoginPlace,
  ): Promise<Session | { redirect: string }> {
    const { signal, clock = systemClock, logger = getLogger(["@uiscsi/tape", "iscsi"]) } = options;
    const digestEngines = wantsDigests(options) ? await loadDigestEngines() : undefined;
    const stream = await dialPortal(place.address, clock, options);
    const core = initiatorOptions(options, place, digestEngines);
    const session = new Session({ stream, core, clock, logger, place });
    const onAbort = () => session.#core.fail(signal!.reason);
    signal?.addEventListener("abort", onAbort);
    try {
      if (signal?.aborted) onAbort();
      const outcome = await session.#login;
      if (outcome.kind === "redirect") return { redirect: outcome.address };
      session.#parameters = outcome.parameters;
      return session;
    } catch (error) {
      await session.#running;
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

interface LoginPlace {
  readonly address: NetworkAddress;
  readonly targetName: string | undefined;
  readonly isid: Uint8Array;
}

interface SessionParts {
  readonly stream: ByteStream;
  readonly core: InitiatorOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly place: LoginPlace;
}

/** A target may insist on digests even if they are not preferred; only "none" rules them out. */
function wantsDigests({ dataDigest = "prefer-none" }: ConnectOptions): boolean {
  return dataDigest !== "none";
}

async function loadDigestEngines(): Promise<DigestEngines> {
  const [incoming, outgoing] = await Promise.all([RunningCrc32c.load(), RunningCrc32c.load()]);
  return { incoming, outgoing };
}

function initiatorOptions(
  options: ConnectOptions,
  place: LoginPlace,
  digestEngines: DigestEngines | undefined,
): InitiatorOptions {
  const { abortTimeoutMs = 5_000, loginTimeoutMs = 15_000, keepalive = {} } = options;
  const offers = { maxReceiveDataSegmentLength: MAX_RECEIVE_SEGMENT, ...options.negotiation };
  return {
    login: {
      ...loginOptions(options, place.targetName),
      offers,
    },
    loginConnection: {
      isid: place.isid,
      tsih: 0,
      randomBytes: options.randomBytes ?? webCryptoBytes,
    },
    connection: {
      cid: 0,
      stagingBytes: STAGING_BYTES,
      digestEngines,
    },
    loginTimeoutMs,
    abortTimeoutMs,
    logoutTimeoutMs: abortTimeoutMs,
    keepalive,
  };
}

function loginOptions(options: ConnectOptions, targetName: string | undefined): LoginOptions {
  const { initiatorName = defaultInitiatorName() } = options;
  const { initiatorAlias, chap, headerDigest, dataDigest, extraKeys } = options;
  return {
    initiatorName,
    initiatorAlias,
    chap,
    headerDigest,
    dataDigest,
    extraKeys,
    targetName,
    sessionType: targetName === undefined ? "discovery" : "normal",
  };
}
