/**
 * One connection of a target without I/O: the login, then the full feature phase, until it closes (RFC 7143 §4.2, §6.3,
 * §11). Whatever the initiator does wrong ends this connection, and nothing else.
 *
 * @module
 */

import type { ProtocolCore } from "../../iscsi/connection/connection_driver.ts";
import { Keepalive, type KeepaliveOptions } from "../../iscsi/connection/keepalive.ts";
import type { OutputBatch } from "../../iscsi/connection/output_batch.ts";
import { ConnectionLostError, ProtocolError } from "../../iscsi/errors.ts";
import type { TargetLoginStep } from "../../iscsi/negotiation/login_steps.ts";
import {
  DEFAULT_PARAMETERS,
  type NegotiatedParameters,
} from "../../iscsi/negotiation/negotiated_parameters.ts";
import type { TargetLoginPolicy } from "../../iscsi/negotiation/target_policy.ts";
import { AsyncEvent } from "../../iscsi/pdu/async_message.ts";
import { RESERVED_TAG } from "../../iscsi/pdu/bhs.ts";
import type { RunningCrc32c } from "../../iscsi/pdu/crc32c.ts";
import { PduFramer, type PduSink } from "../../iscsi/pdu/framer.ts";
import { loginStatusName } from "../../iscsi/pdu/login_status.ts";
import { encodeNopIn } from "../../iscsi/pdu/nop.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";
import { encodeReadyToTransfer } from "../../iscsi/pdu/r2t.ts";
import { asyncAnswer, type TargetAsyncMessage } from "./async_answer.ts";
import { type Answer, ConnectionOutput } from "./connection_output.ts";
import { LoginPhase } from "./login_phase.ts";
import { CommandOrder } from "./requests/command_order.ts";
import { FullFeaturePhase } from "./requests/full_feature_phase.ts";
import type { SendTargets } from "./requests/send_targets.ts";
import type { SessionConnection } from "./session_connection.ts";
import type { ConnectionEvent } from "./target_event.ts";
import type { TargetLimits } from "./target_options.ts";
import type { NumberedRequest, TargetSession } from "./target_session.ts";
import type { TargetTask } from "./tasks/target_task.ts";

/** What a connection tells whoever drives it; called synchronously. */
export interface ConnectionEvents {
  /** The connection is over and the socket is to be closed. */
  closed(): void;
  /** There is something to write, or the next deadline is another. */
  changed(): void;
  report(event: ConnectionEvent): void;
}

/** One instance of WebAssembly CRC32C a direction; only connections that may want data digests need them. */
export interface DigestEngines {
  readonly incoming: RunningCrc32c;
  readonly outgoing: RunningCrc32c;
}

/** Options of a {@link TargetConnection}. */
export interface TargetConnectionOptions {
  /** Whom to let in. */
  readonly policy: (connection: TargetConnection) => TargetLoginPolicy;
  /** What to answer to SendTargets. */
  readonly sendTargets: SendTargets;
  readonly limits: Required<TargetLimits>;
  readonly keepalive: KeepaliveOptions | false;
  readonly initialStatSn: number;
  /** Bytes of the staging buffer. */
  readonly stagingBytes: number;
  readonly digestEngines: DigestEngines | undefined;
}

/** `login`, then `full-feature`; `closing` until the last answer has left; `closed`. */
type Phase = "login" | "full-feature" | "closing" | "closed";

/** What an initiator must do before the deadline of each phase. */
const DUTIES: Readonly<Record<Phase, string>> = {
  "login": "log in",
  "full-feature": "do what an Async Message asked for",
  "closing": "take its last answers",
  "closed": "",
};

/** Data segments until the end of the login are at most this long, whatever was declared (RFC 7143 §13.12). */
const LOGIN_SEGMENT_BYTES = 8192;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** One connection, and the session that it carries once its login is done. */
export class TargetConnection implements ProtocolCore, PduSink, SessionConnection {
  readonly #options: TargetConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #framer: PduFramer;
  readonly #login: LoginPhase;
  readonly #output: ConnectionOutput;
  #phase: Phase = "login";
  #order: CommandOrder<NumberedRequest>;
  #session: TargetSession | undefined;
  #requests: FullFeaturePhase | undefined;
  #parameters: NegotiatedParameters = DEFAULT_PARAMETERS;
  #keepalive: Keepalive | undefined;
  #pingTag: number | undefined;
  /** When the login must be done, or the initiator must have done what an Async Message asked for. */
  #phaseDeadline = Infinity;
  #waitsForRoom = false;
  #now = 0;

  constructor(options: TargetConnectionOptions, events: ConnectionEvents) {
    const { limits, stagingBytes } = options;
    this.#options = options;
    this.#events = events;
    this.#framer = new PduFramer(this, {
      maxDataSegmentLength: LOGIN_SEGMENT_BYTES,
      stagingBytes,
    });
    this.#order = new CommandOrder(0, limits.commandWindow);
    this.#output = new ConnectionOutput(options.initialStatSn, this.#order);
    const bounds = { maxRounds: limits.maxLoginRounds, maxTextBytes: limits.maxTextBytes };
    this.#login = new LoginPhase(options.policy(this), bounds, (cmdSn) => this.#number(cmdSn));
  }

  get closed(): boolean {
    return this.#phase === "closed";
  }

  /** Whether the initiator has not logged in yet. */
  get loggingIn(): boolean {
    return this.#phase === "login";
  }

  get session(): TargetSession | undefined {
    return this.#session;
  }

  /** What was agreed for this connection and its session. */
  get parameters(): NegotiatedParameters {
    return this.#parameters;
  }

  /** Numbers the commands of the session that this connection is going to lead. */
  get order(): CommandOrder<NumberedRequest> {
    return this.#order;
  }

  /** Whether the Data-In that waits leaves room for more; when not, the session hears once it does. */
  hasRoomForData(): boolean {
    const hasRoom = this.#output.dataInBytes < this.#options.limits.dataInBytes;
    this.#waitsForRoom ||= !hasRoom;
    return hasRoom;
  }

  start(now: number): void {
    this.#now = now;
    this.#phaseDeadline = now + this.#options.limits.loginTimeoutMs;
    this.report({ kind: "connected" });
  }

  destination(): Uint8Array {
    return this.#framer.destination();
  }

  received(count: number, now: number): void {
    if (this.#isOver) return;
    this.#now = now;
    this.#keepalive?.active(now);
    try {
      this.#framer.advance(count);
    } catch (error) {
      this.close(error);
    }
  }

  connectionEnded(error: unknown): void {
    if (this.#phase === "closing") return this.close(undefined);
    const what = error === undefined
      ? "The initiator closed the connection"
      : "The connection broke";
    this.close(new ConnectionLostError(what, { cause: error }));
  }

  tick(now: number): void {
    this.#now = now;
    if (this.closed) return;
    if (now >= this.#phaseDeadline) {
      return this.close(
        new ConnectionLostError(`The initiator did not ${DUTIES[this.#phase]} in time`),
      );
    }
    this.#checkKeepalive();
  }

  nextDeadline(): number {
    if (this.closed) return Infinity;
    return Math.min(this.#phaseDeadline, this.#keepalive?.deadline() ?? Infinity);
  }

  produce(batch: OutputBatch): boolean {
    if (this.closed) return false;
    const statusInDataIn = this.#session?.target?.statusInDataIn ?? true;
    return this.#output.produce(batch, this.#parameters, statusInDataIn);
  }

  written(): void {
    if (this.#phase === "closing" && this.#output.empty) return this.close(undefined);
    if (!this.#waitsForRoom) return;
    this.#waitsForRoom = false;
    this.#session?.resume();
  }

  place(header: Uint8Array, length: number): Uint8Array | undefined {
    return this.#isOver ? undefined : this.#requests?.place(header, length);
  }

  receive(header: Uint8Array, data: Uint8Array, intact: boolean): void {
    if (this.#isOver) return;
    if (this.#requests) return this.#requests.receive(header, data, intact);
    const { answer, step } = this.#login.receive(header, data);
    this.send(answer);
    if (step.progress === "failed") this.#loginFailed(step);
    else if (step.progress === "done") this.#loggedIn(step.parameters);
  }

  /** Takes up the session that the login has established. */
  adopt(session: TargetSession): void {
    this.#session = session;
  }

  /** The initiator declared another segment length. */
  changeParameters(parameters: NegotiatedParameters): void {
    this.#parameters = parameters;
  }

  /** Queues an answer behind those that are queued. */
  send(answer: Answer): void {
    this.#output.send(answer);
    this.#checkOutput();
  }

  /** Queues an answer that overtakes those to commands. */
  sendUrgent(answer: Answer): void {
    this.#output.sendUrgent(answer);
    this.#checkOutput();
  }

  /** Queues the answer to a SCSI command. */
  reply(task: TargetTask): void {
    if (this.#isOver) return;
    this.#output.reply(task);
    this.#events.changed();
  }

  /** Asks for the next part of a command's data (RFC 7143 §11.8). */
  sendR2t(task: TargetTask, ttt: number): void {
    const { offset, length } = task.collection!.solicit(ttt);
    const r2tSn = task.nextR2tSn++;
    this.sendUrgent({
      data: NO_BYTES,
      encode: (bhs, { statSn, expCmdSn, maxCmdSn }) =>
        encodeReadyToTransfer({
          opcode: Opcode.ReadyToTransfer,
          lun: task.command.lun,
          itt: task.itt,
          ttt,
          statSn,
          expCmdSn,
          maxCmdSn,
          r2tSn,
          bufferOffset: offset,
          desiredDataTransferLength: length,
        }, bhs),
    });
  }

  /** Sends an Async Message, and holds the initiator and itself to what it says (RFC 7143 §11.9). */
  sendAsync(message: TargetAsyncMessage): void {
    if (this.#phase !== "full-feature") return;
    this.send(asyncAnswer(message));
    const { event, parameter3 = 0 } = message;
    if (event === AsyncEvent.ConnectionDropped || event === AsyncEvent.SessionDropped) {
      this.closeWhenSent();
    } else if (event === AsyncEvent.LogoutRequested || event === AsyncEvent.NegotiationRequested) {
      this.#phaseDeadline = this.#now + parameter3 * 1000;
    }
    this.#events.changed();
  }

  /** The initiator has begun the negotiation that an Async Message may have asked for. */
  negotiationBegan(): void {
    this.#phaseDeadline = Infinity;
  }

  /** The initiator answered a ping. */
  pongReceived(ttt: number): void {
    if (ttt === this.#pingTag) this.#pingTag = undefined;
    else this.report({ kind: "notice", message: `NOP-Out answers no ping: its tag is ${ttt}` });
  }

  /** Nothing more is taken in, and the connection closes when all answers have left. */
  closeWhenSent(): void {
    if (this.#isOver) return;
    this.#phase = "closing";
    this.#phaseDeadline = this.#now + this.#options.limits.loginTimeoutMs;
    this.#session?.end();
    this.#events.changed();
  }

  /** Ends the connection at once; `error` is why, unless it ends in order. */
  close(error: unknown): void {
    if (this.closed) return;
    this.#phase = "closed";
    this.#session?.end();
    this.report({ kind: "disconnected", error });
    this.#events.closed();
  }

  report(event: ConnectionEvent): void {
    this.#events.report(event);
  }

  get #isOver(): boolean {
    return this.#phase === "closing" || this.#phase === "closed";
  }

  /** The login's CmdSN is that of the first command too (RFC 7143 §11.12.8). */
  #number(cmdSn: number): void {
    this.#order = new CommandOrder(cmdSn, this.#options.limits.commandWindow);
    this.#output.window = this.#order;
  }

  #loginFailed({ response }: TargetLoginStep): void {
    const status = loginStatusName(response.statusClass, response.statusDetail);
    this.report({ kind: "login-refused", status });
    this.closeWhenSent();
  }

  /** Digests begin with the PDU after the last Login Response (RFC 7143 §13.1). */
  #loggedIn(parameters: NegotiatedParameters): void {
    const session = this.#session!;
    const { limits, keepalive, sendTargets, digestEngines } = this.#options;
    const engines = parameters.dataDigest ? digestEngines : undefined;
    this.#phase = "full-feature";
    this.#phaseDeadline = Infinity;
    this.#parameters = parameters;
    this.#framer.setDigests(parameters.headerDigest, engines?.incoming);
    this.#framer.maxDataSegmentLength = parameters.maxReceiveDataSegmentLength;
    this.#output.digests = { header: parameters.headerDigest, data: engines?.outgoing };
    this.#requests = new FullFeaturePhase(this, session, { limits, sendTargets });
    if (keepalive) this.#keepalive = new Keepalive(this.#now, keepalive);
    const { identity: { sessionType, targetName }, authenticatedAs } = session;
    this.report({ kind: "logged-in", sessionType, targetName, authenticatedAs });
    this.#events.changed();
  }

  #checkOutput(): void {
    const { maxQueuedAnswers, queuedAnswerBytes } = this.#options.limits;
    const { answers, answerBytes } = this.#output;
    if (answers > maxQueuedAnswers || answerBytes > queuedAnswerBytes) {
      this.close(new ProtocolError("The initiator asks on without taking its answers"));
    } else {
      this.#events.changed();
    }
  }

  #checkKeepalive(): void {
    const keepalive = this.#keepalive;
    if (keepalive === undefined || this.#phase !== "full-feature") return;
    const action = keepalive.check(this.#now, this.#session!.tasks.size > 0);
    if (action === "dead") {
      this.close(new ConnectionLostError("The initiator stopped answering pings"));
    } else if (action === "ping") {
      this.#ping();
    }
  }

  /** A target's own ping carries StatSN without using it up (RFC 7143 §11.19.2). */
  #ping(): void {
    const ttt = this.#session!.allocateTransferTag();
    this.#pingTag = ttt;
    this.sendUrgent({
      data: NO_BYTES,
      encode: (bhs, { statSn, expCmdSn, maxCmdSn }) =>
        encodeNopIn({
          opcode: Opcode.NopIn,
          lun: 0n,
          itt: RESERVED_TAG,
          ttt,
          statSn,
          expCmdSn,
          maxCmdSn,
        }, bhs),
    });
  }
}
