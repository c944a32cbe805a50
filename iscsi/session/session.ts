/**
 * A session with a target: connects, logs in, carries SCSI commands, logs out.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import { commandFacts, commandName } from "../../scsi/command_table.ts";
import type { LogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { Logger } from "../../scsi/logger.ts";
import type { NetworkAddress } from "../../transport/byte_stream.ts";
import { type Clock, systemClock } from "../connection/clock.ts";
import { InvalidOptionError, IscsiError, RedirectError } from "../errors.ts";
import type { NegotiatedParameters } from "../negotiation/negotiated_parameters.ts";
import { TaskManagementFunction, taskManagementFunctionName } from "../pdu/task_management.ts";
import { formatPortal, parseAnnouncedPortal, parsePortal } from "../portal.ts";
import { abortable, type Waiter } from "./abortable.ts";
import { checkBytes, checkCommand, checkedField, checkTimeout, lunField } from "./command_check.ts";
import { measured } from "./command_metrics.ts";
import { dialPortal } from "./dial_portal.ts";
import { Initiator } from "./core/initiator.ts";
import type { InitiatorEvents } from "./core/initiator_options.ts";
import { initiatorOptions, type LoginIdentity } from "./initiator_setup.ts";
import { mayInsistOnSecurityStage } from "./security_stage.ts";
import { ScsiTask } from "./requests/scsi_task.ts";
import { guardedHooks, type SessionHooks, type SessionPhase } from "./session_hooks.ts";
import {
  type ConnectOptions,
  type DiscoverySessionOptions,
  randomIsid,
  type RequestOptions,
  type SessionOptions,
  webCryptoBytes,
} from "./session_options.ts";
import { checkConnectOptions, checkSessionOptions } from "./session_option_rules.ts";
import { SessionSockets } from "./session_sockets.ts";
import {
  type CommandStream,
  openCommandStream,
  type StreamedCommand,
} from "./streaming/command_stream.ts";
import { TEXT_TIMEOUT_MS, TextExchange } from "./requests/text_exchange.ts";

type LoginOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "redirect"; readonly address: string; readonly permanent: boolean };

interface LoginPlace extends LoginIdentity {
  readonly address: NetworkAddress;
  /** Where to log in another time. */
  readonly home: NetworkAddress;
}

/** Options of {@link Session.logicalUnit}. */
export interface LogicalUnitOptions {
  /** Whether closing the logical unit closes the session too. @default false */
  readonly closesSession?: boolean;
  /** Peripheral device type, which tells apart commands that share an operation code in their names. @default unknown */
  readonly deviceType?: number;
}

/** Options of {@link Session.close}. */
export interface CloseOptions {
  /**
   * Milliseconds for the commands that were issued to end before the logout; new ones are refused meanwhile.
   *
   * @default 0
   */
  readonly drainMs?: number;
}

/** A device that is busy may take its time to drop what it does. */
const TASK_MANAGEMENT_TIMEOUT_MS = 60_000;

/**
 * A session with one target over one connection or several. When a connection breaks, the session is over, and every
 * command that was under way fails with an error that says whether it may have been executed; at error recovery level 2
 * another connection takes over those commands instead, if one can be had in time.
 */
export class Session {
  readonly #place: LoginPlace;
  readonly #clock: Clock;
  readonly #hooks: SessionHooks;
  readonly #core: Initiator;
  readonly #login: Promise<LoginOutcome>;
  /** Whether the login has succeeded: from then on nobody else tells of the end. */
  #wasUp = false;
  readonly #sockets: SessionSockets;

  /** Checks the options; nothing happens before {@link #logIn}. */
  private constructor(options: ConnectOptions, place: LoginPlace) {
    const { clock = systemClock, logger = getLogger(["@uiscsi/tape", "iscsi"]), hooks = {} } =
      options;
    this.#place = place;
    this.#clock = clock;
    this.#hooks = guardedHooks(hooks, (hook, error) => {
      logger.error("The hook {hook} threw and is not called again: {error}", { hook, error });
    });
    const login = Promise.withResolvers<LoginOutcome>();
    this.#login = login.promise;
    this.#login.catch(() => {}); // Nobody waits for it unless a connection was made.
    const core = initiatorOptions(options, place, this.#hooks);
    this.#core = new Initiator(core, this.#events(login, logger));
    const { address } = place;
    this.#sockets = new SessionSockets({ core: this.#core, clock, address, options });
  }

  #events(login: PromiseWithResolvers<LoginOutcome>, logger: Logger): InitiatorEvents {
    return {
      loggedIn: () => {
        this.#wasUp = true;
        login.resolve({ kind: "done" });
      },
      redirected: (address, permanent) => {
        this.#sockets.close();
        login.resolve({ kind: "redirect", address, permanent });
      },
      dial: (cid) => this.#sockets.dial(cid),
      disconnected: (connection) => this.#sockets.disconnect(connection),
      outputDue: () => this.#sockets.changed(),
      closed: (error) => {
        this.#sockets.close();
        login.reject(error);
        if (error !== undefined && this.#wasUp) logger.warn("Session ended: {error}", { error });
      },
      stateChanged: (change) => this.#hooks.stateChanged?.(change),
      connectionChanged: (change) => this.#hooks.connectionChanged?.(change),
      notice: (message, properties) => logger.info(message, properties),
    };
  }

  /**
   * Connects to a portal and logs in, following redirects.
   *
   * @throws {InvalidOptionError} when an option cannot be right; nothing has been connected then.
   * @throws {ConnectError} when the portal cannot be reached.
   * @throws {AuthenticationError} when one side could not prove who it is.
   * @throws {LoginError} when the target refused the login for another reason, or took too long.
   * @throws {NegotiationError} when no common value was found for a key.
   * @throws {ProtocolError} when what answers does not speak iSCSI, or breaks a rule of it.
   * @throws {ConnectionLostError} when the connection broke.
   */
  static async connect(options: SessionOptions): Promise<Session> {
    checkSessionOptions(options);
    return await Session.#open(options, options.targetName);
  }

  /**
   * Connects to a portal for discovery (RFC 7143 §4.3): the session takes text requests only. Throws what
   * {@link connect} throws.
   */
  static async connectDiscovery(options: DiscoverySessionOptions): Promise<Session> {
    checkConnectOptions(options, options?.portal);
    return await Session.#open(options, undefined);
  }

  /** What has been agreed with the target. The target may change what it accepts while the session lasts. */
  get parameters(): NegotiatedParameters {
    return this.#core.parameters;
  }

  /** Where the session is connected to, redirects followed. */
  get address(): NetworkAddress {
    return this.#place.address;
  }

  /** iSCSI name of the target; empty in a discovery session. */
  get targetName(): string {
    return this.#place.targetName ?? "";
  }

  /** Where the session stands. */
  get phase(): SessionPhase {
    return this.#core.phase;
  }

  /** Whether the session can no longer carry commands. */
  get closed(): boolean {
    return this.#core.closed;
  }

  /** The connections that carry commands, by their CIDs. */
  get connections(): readonly number[] {
    return this.#core.cids;
  }

  /** Where to log in another time: where the first portal is, unless a redirect said that the target has moved for good. */
  get home(): NetworkAddress {
    return this.#place.home;
  }

  /**
   * Milliseconds that the target wants to pass before the next login: Time2Wait of the message that announced the end,
   * else DefaultTime2Wait as agreed (RFC 7143 §11.9.1, §13.15).
   */
  get reconnectDelayMs(): number {
    return this.#core.time2Wait * 1000;
  }

  /**
   * A logical unit of the target, by its LUN as people count, or by the 8 bytes of SAM-5 §4.7 as one number.
   *
   * @throws {InvalidOptionError} when it is neither.
   */
  logicalUnit(lun: number | bigint, options: LogicalUnitOptions = {}): LogicalUnit {
    const field = lunField(lun);
    return {
      name: `iscsi://${formatPortal(this.address)}/${this.targetName}/${lun}`,
      execute: (command) => this.execute(field, command, options),
      close: () => options.closesSession ? this.close() : Promise.resolve(),
    };
  }

  /**
   * Executes one SCSI command. `lun` is the 8-byte field of SAM-5 §4.7 as one number. Commands reach the target in the
   * order of the calls. The buffers of the command belong to the session until it has settled.
   *
   * @throws {InvalidOptionError} when the command cannot be sent: a CDB of no legal length, 4 GiB of data, a LUN that is no such field.
   * @throws {CommandTimeoutError} when no answer came in time and the command was aborted.
   * @throws {RejectError} when the target rejected the command PDU.
   * @throws {TargetFailureError} when the target could not reach the device.
   * @throws {TaskAbortedError} when a task management function ended it.
   * @throws {ConnectionLostError} when the connection broke.
   * @throws {ProtocolError} when the target broke the protocol.
   * @throws {SessionClosedError} when the session is closed.
   */
  execute(
    lun: bigint,
    command: ScsiCommand,
    options: Pick<LogicalUnitOptions, "deviceType"> = {},
  ): Promise<ScsiResult> {
    return abortable(command.signal, (waiter) => {
      checkCommand(command);
      checkedField(lun);
      const facts = commandFacts(command.cdb);
      const name = commandName(command.cdb, options);
      this.#refuseInDiscovery(name);
      const now = this.#clock.now();
      const task = new ScsiTask({
        lun,
        command,
        name,
        timeoutMs: command.timeoutMs ?? facts.timeoutMs,
        now,
        owner: this.#measured(waiter, lun, name, command.dataOut?.length ?? 0),
      });
      this.#submit(task);
      return (reason) => this.#abort(task, reason);
    });
  }

  #submit(task: ScsiTask): void {
    this.#core.submit(task);
    this.#sockets.changed();
  }

  #abort(task: ScsiTask, reason: unknown): void {
    this.#core.abort(task, reason, this.#clock.now());
    this.#sockets.changed();
  }

  /**
   * Begins one SCSI command whose data comes and goes piece by piece, in bounded memory: for transfers that are not to be
   * in memory as a whole, or of which the first part is wanted before the last is there. Data-Out is pulled from its
   * source as the target asks for it; Data-In is handed on as it arrives, and what the consumer does not take in time
   * stops the connection once the buffer is full. `lun` is a LUN as people count, or the 8-byte field of SAM-5 §4.7.
   *
   * Commands reach the target in the order of the calls, but one with Data-Out waits until its source has given what goes
   * along with it (FirstBurstLength), and others pass it.
   *
   * When it fails, `result` rejects and `readable` fails with what {@link execute} throws, or with a
   *
   * - `DataSourceError` when the source gave less or more than was promised, no bytes, or failed;
   * - `DataLostError` when the target asks again for data that has left the buffer (error recovery level 1 and above).
   *
   * A consumer that cancels `readable` has the command aborted, and `result` rejects with its reason.
   *
   * @throws {InvalidOptionError} when the command cannot be sent: a CDB of no legal length, 4 GiB of data, a buffer that
   * does not hold a PDU, or not all of the data where the target may transfer it in any order.
   */
  stream(lun: number | bigint, command: StreamedCommand): CommandStream {
    const field = lunField(lun);
    this.#refuseInDiscovery("Stream a command");
    return openCommandStream(
      {
        parameters: this.parameters,
        now: () => this.#clock.now(),
        submit: (task) => this.#submit(task),
        abort: (task, reason) => this.#abort(task, reason),
        changed: () => this.#sockets.changed(),
        resume: () => {
          this.#core.resume(this.#clock.now());
          this.#sockets.changed();
        },
        measured: (waiter, name, bytesOut) => this.#measured(waiter, field, name, bytesOut),
      },
      field,
      command,
    );
  }

  /**
   * Sends a Text Request and resolves to the whole answer (RFC 7143 §11.10): NUL-terminated `key=value` pairs. What it
   * says changes no parameter of the session. Waits until earlier text requests have been answered. A signal ends the
   * wait; the answer is then ignored. Waits 30 s unless told otherwise, after which the session ends if the target has
   * the request.
   *
   * @throws {InvalidOptionError} when the request does not fit into one PDU of the target's.
   * @throws {RejectError} when the target rejected it; otherwise as {@link execute}.
   */
  text(request: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    const { timeoutMs = TEXT_TIMEOUT_MS, signal } = options;
    return abortable(signal, (waiter) => {
      checkTimeout(timeoutMs);
      checkBytes("request", request);
      const room = this.parameters.maxSendDataSegmentLength;
      if (request.length > room) {
        throw new InvalidOptionError(
          "request",
          `Text request: ${request.length} bytes, the target takes ${room} at a time`,
        );
      }
      const exchange = new TextExchange(request, this.#clock.now(), timeoutMs, waiter);
      this.#core.submit(exchange);
      this.#sockets.changed();
      return (reason) => {
        this.#core.abortText(exchange, reason, this.#clock.now());
        this.#sockets.changed();
      };
    });
  }

  /**
   * ABORT TASK SET: ends all commands of this session at a logical unit, which fail with a `TaskAbortedError`. Commands
   * that are issued meanwhile wait until the target has answered. A signal ends the wait, not the function. Waits 60 s
   * unless told otherwise, after which the session ends (RFC 7143 §11.5.1).
   *
   * @throws {InvalidOptionError} when the LUN is none.
   * @throws {TaskManagementError} when the target did not carry it out; the commands go on.
   * @throws {RejectError} when the target rejected the request; the commands go on.
   * @throws {ConnectionLostError} when the connection broke, or the target did not answer in time.
   * @throws {ProtocolError} when the target broke the protocol.
   * @throws {SessionClosedError} when the session is closed.
   */
  async abortTaskSet(lun: number | bigint, options: RequestOptions = {}): Promise<void> {
    await this.#manage(TaskManagementFunction.AbortTaskSet, lunField(lun), options);
  }

  /** CLEAR TASK SET: as {@link abortTaskSet}, and ends the commands of other initiators, too. */
  async clearTaskSet(lun: number | bigint, options: RequestOptions = {}): Promise<void> {
    await this.#manage(TaskManagementFunction.ClearTaskSet, lunField(lun), options);
  }

  /**
   * LOGICAL UNIT RESET: as {@link clearTaskSet}, and brings the logical unit back to where it stands after power-on. A
   * tape loses its position, for everybody who uses it.
   */
  async logicalUnitReset(lun: number | bigint, options: RequestOptions = {}): Promise<void> {
    await this.#manage(TaskManagementFunction.LogicalUnitReset, lunField(lun), options);
  }

  /** TARGET WARM RESET: as {@link logicalUnitReset}, for all logical units of the target. */
  targetWarmReset(options: RequestOptions = {}): Promise<void> {
    return this.#manage(TaskManagementFunction.TargetWarmReset, undefined, options);
  }

  /** TARGET COLD RESET: as {@link targetWarmReset}, and the target ends all sessions, this one too, once it has answered. */
  targetColdReset(options: RequestOptions = {}): Promise<void> {
    return this.#manage(TaskManagementFunction.TargetColdReset, undefined, options);
  }

  /**
   * CLEAR ACA: ends the state that a device with auto contingent allegiance is in after a CHECK CONDITION
   * (RFC 7143 §11.5.1, SAM-5 §5.10). Ends no commands; otherwise as {@link abortTaskSet}.
   */
  async clearAca(lun: number | bigint, options: RequestOptions = {}): Promise<void> {
    await this.#manage(TaskManagementFunction.ClearAca, lunField(lun), options);
  }

  /**
   * Declares another MaxRecvDataSegmentLength on each connection: the bytes of data, 512 to 16777215, that the target may
   * put into one PDU from then on (RFC 7143 §13.12). Waits 30 s for each answer unless told otherwise, after which the
   * session ends. A signal ends the wait, not the negotiation.
   *
   * @throws {InvalidOptionError} when the length is not legal.
   * @throws {NegotiationError} when the target refuses it, and the one before still holds; otherwise as {@link text}.
   */
  renegotiate(
    offers: { readonly maxReceiveDataSegmentLength: number },
    options: RequestOptions = {},
  ): Promise<void> {
    const { timeoutMs = TEXT_TIMEOUT_MS, signal } = options;
    const length = offers?.maxReceiveDataSegmentLength;
    return abortable(signal, (waiter: Waiter<void>) => {
      checkTimeout(timeoutMs);
      this.#refuseInDiscovery("Negotiate");
      checkSegmentLength(length);
      this.#core.renegotiate(length, timeoutMs, waiter, this.#clock.now());
      this.#sockets.changed();
      return waiter.failed;
    });
  }

  /**
   * Logs out one connection of several, once the commands that it carries have ended; new ones use the others. What has
   * not ended within 30 s, unless told otherwise, goes on over another connection at error recovery level 2, and fails
   * below it. A signal ends the wait.
   *
   * @throws {SessionClosedError} when there is no such connection, or it is the last that stays, or comes to be.
   * @throws {ConnectionLostError} when it broke before it was logged out.
   */
  closeConnection(cid: number, options: RequestOptions = {}): Promise<void> {
    const { timeoutMs = TEXT_TIMEOUT_MS, signal } = options;
    return abortable(signal, (waiter: Waiter<void>) => {
      checkTimeout(timeoutMs);
      this.#core.closeConnection(cid, timeoutMs, waiter, this.#clock.now());
      this.#sockets.changed();
      return waiter.failed;
    });
  }

  /**
   * Logs out and closes all connections. Commands under way fail with a `SessionClosedError`, unless they are given time
   * to end. Never throws; calling it again waits for the same end.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const { drainMs = 0 } = options;
    if (drainMs > 0) this.#core.drain(drainMs, this.#clock.now());
    else this.#core.logout(this.#clock.now());
    this.#sockets.changed();
    await this.#sockets.ended();
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #manage(
    code: number,
    lun: bigint | undefined,
    options: RequestOptions,
  ): Promise<void> {
    const { timeoutMs = TASK_MANAGEMENT_TIMEOUT_MS, signal } = options;
    return abortable(signal, (waiter: Waiter<void>) => {
      const name = taskManagementFunctionName(code);
      checkTimeout(timeoutMs);
      this.#refuseInDiscovery(name);
      const what = { function: code, name, lun, timeoutMs };
      this.#core.manage(what, waiter, this.#clock.now());
      this.#sockets.changed();
      return waiter.failed;
    });
  }

  #measured(
    waiter: Waiter<ScsiResult>,
    lun: bigint,
    name: string,
    bytesOut: number,
  ): Waiter<ScsiResult> {
    const { commandEnded } = this.#hooks;
    if (commandEnded === undefined) return waiter;
    return measured(waiter, commandEnded, { lun, name, bytesOut, clock: this.#clock });
  }

  /** RFC 7143 §13.21: a discovery session takes text requests and a logout only. */
  #refuseInDiscovery(name: string): void {
    if (this.#place.targetName !== undefined) return;
    throw new IscsiError(`${name}: a discovery session takes text requests only`, {
      outcome: "not-executed",
    });
  }

  static async #open(
    options: DiscoverySessionOptions,
    targetName: string | undefined,
  ): Promise<Session> {
    const { maxRedirects = 8, randomBytes = webCryptoBytes } = options;
    const isid = options.isid ?? randomIsid(randomBytes);
    const hops: string[] = [];
    let home = parsePortal(options.portal);
    let address = home;
    let skipsSecurityStage = options.chap === undefined;
    for (;;) {
      const place = { address, home, targetName, isid, skipsSecurityStage };
      const session = new Session(options, place);
      let outcome: LoginOutcome;
      try {
        outcome = await session.#establish(options);
      } catch (error) {
        if (!skipsSecurityStage || !mayInsistOnSecurityStage(error)) throw error;
        skipsSecurityStage = false;
        continue;
      }
      if (outcome.kind === "done") return session;
      // A target that has moved for now is looked for where it was next time, one that has moved for good is not.
      const isAtHome = address === home;
      hops.push(outcome.address);
      if (hops.length > maxRedirects) {
        throw new RedirectError(
          `Log in: redirected more than ${maxRedirects} times: ${hops.join(", ")}`,
          hops,
        );
      }
      address = parseAnnouncedPortal(outcome.address);
      if (isAtHome && outcome.permanent) home = address;
    }
  }

  /** Connects and logs in; a redirect is the caller's to follow. */
  async #establish(options: ConnectOptions): Promise<LoginOutcome> {
    const { signal } = options;
    const onAbort = () => this.#core.fail(signal!.reason);
    try {
      const stream = await dialPortal(this.address, this.#clock, options);
      signal?.addEventListener("abort", onAbort);
      this.#sockets.run(stream, this.#core.open(0));
      if (signal?.aborted) onAbort();
      const outcome = await this.#login;
      signal?.throwIfAborted();
      return outcome;
    } catch (error) {
      this.#core.fail(error);
      await this.#sockets.ended();
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

/** Without one, nothing would be declared and the promise would say that it was. */
function checkSegmentLength(length: unknown): void {
  if (typeof length === "number") return;
  const option = "maxReceiveDataSegmentLength";
  throw new InvalidOptionError(option, `Negotiate: ${option} is of type ${typeof length}`);
}
