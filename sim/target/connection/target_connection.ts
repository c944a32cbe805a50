/**
 * One connection of a target without I/O: the login, then the full feature phase, until it closes (RFC 7143 §4.2, §6.3,
 * §11). Whatever the initiator does wrong ends this connection, and a PDU that cannot be its session; nothing else.
 *
 * @module
 */

import type { ProtocolCore } from "../../../iscsi/connection/connection_driver.ts";
import { Keepalive } from "../../../iscsi/connection/keepalive.ts";
import type { OutputBatch } from "../../../iscsi/connection/output_batch.ts";
import { serialAdd } from "../../../iscsi/connection/serial_number.ts";
import { ConnectionLostError, DigestError, ProtocolError } from "../../../iscsi/errors.ts";
import type { TargetLoginStep } from "../../../iscsi/negotiation/login_steps.ts";
import {
  DEFAULT_PARAMETERS,
  type NegotiatedParameters,
} from "../../../iscsi/negotiation/negotiated_parameters.ts";
import { AsyncEvent } from "../../../iscsi/pdu/async_message.ts";
import { EXP_STAT_SN, OPCODE, OPCODE_MASK } from "../../../iscsi/pdu/bhs.ts";
import { RunningCrc32c } from "../../../iscsi/pdu/crc32c.ts";
import { PduFramer, type PduSink } from "../../../iscsi/pdu/framer.ts";
import type { LoginRequest } from "../../../iscsi/pdu/login.ts";
import { loginStatusName } from "../../../iscsi/pdu/login_status.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { decodeSnack, SnackType } from "../../../iscsi/pdu/snack.ts";
import { readU32 } from "../../../scsi/big_endian.ts";
import { asyncAnswer, type TargetAsyncMessage } from "../output/async_answer.ts";
import type { ConnectionEvents, TargetConnectionOptions } from "./connection_surroundings.ts";
import { ConnectionDeadlines } from "./connection_deadlines.ts";
import { ConnectionOutput } from "../output/connection_output.ts";
import { lunFromNumber } from "../../../scsi/lun.ts";
import { LoginPhase } from "./login_phase.ts";
import { ownNopIn, r2tFor } from "../output/own_requests.ts";
import { CommandOrder } from "../requests/command_order.ts";
import { FullFeaturePhase } from "../requests/full_feature_phase.ts";
import { RetainedAnswers } from "../output/retained_answers.ts";
import type { SessionConnection, TaskFate } from "../session/session_connection.ts";
import type { ConnectionEvent } from "../target_event.ts";
import type { NumberedRequest, TargetSession } from "../session/target_session.ts";
import type { TargetTask } from "../tasks/target_task.ts";

/** `login`, then `full-feature`; `closing` until the last answer has left; `closed`. */
type Phase = "login" | "full-feature" | "closing" | "closed";

/** Data segments until the end of the login are at most this long, whatever was declared (RFC 7143 §13.12). */
const LOGIN_SEGMENT_BYTES = 8192;
/** One connection, and the session that it carries once its login is done. */
export class TargetConnection implements ProtocolCore, PduSink, SessionConnection {
  readonly #options: TargetConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #framer: PduFramer;
  readonly #login: LoginPhase;
  /** What it has to say. */
  readonly output: ConnectionOutput;
  readonly #deadlines: ConnectionDeadlines;
  #phase: Phase = "login";
  #order: CommandOrder<NumberedRequest>;
  #session: TargetSession | undefined;
  #requests: FullFeaturePhase | undefined;
  #parameters: NegotiatedParameters = DEFAULT_PARAMETERS;
  #keepalive: Keepalive | undefined;
  #pingTag: number | undefined;
  /** The bytes that came last were the end of a PDU, or more. */
  #hasWholePdu = false;
  #cid = 0;
  /** ExpStatSN of the first Login Request, which is that of a connection before this one (RFC 7143 §11.12.9). */
  #firstExpStatSn = 0;
  #waitsForRoom = false;

  constructor(options: TargetConnectionOptions, events: ConnectionEvents) {
    const { limits, stagingBytes } = options;
    this.#options = options;
    this.#events = events;
    this.#framer = new PduFramer(this, {
      maxDataSegmentLength: LOGIN_SEGMENT_BYTES,
      stagingBytes,
    });
    this.#order = new CommandOrder(0, limits.commandWindow);
    this.output = new ConnectionOutput({
      initialStatSn: options.initialStatSn,
      window: this.#order,
      limits,
      line: options.line,
      changed: () => events.changed(),
      overrun: () =>
        this.close(new ProtocolError("The initiator asks on without taking its answers")),
    });
    this.#deadlines = new ConnectionDeadlines(limits);
    const bounds = { maxRounds: limits.maxLoginRounds, maxTextBytes: limits.maxTextBytes };
    this.#login = new LoginPhase(options.policy, bounds, (first) => this.#number(first));
  }

  get closed(): boolean {
    return this.#phase === "closed";
  }

  /** Connection ID, which the initiator chose. */
  get cid(): number {
    return this.#cid;
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
    const hasRoom = this.output.dataInBytes < this.#options.limits.dataInBytes;
    this.#waitsForRoom ||= !hasRoom;
    return hasRoom;
  }

  start(now: number): void {
    this.#deadlines.begin("login", now);
    this.#deadlines.begin("stage", now);
    this.report({ kind: "connected" });
  }

  destination(): Uint8Array {
    return this.#framer.destination();
  }

  received(count: number, now: number): void {
    if (this.#isOver) return;
    this.#keepalive?.active(now);
    this.#hasWholePdu = false;
    try {
      this.#framer.advance(count);
    } catch (error) {
      this.#broken(error);
    }
    if (this.#framer.betweenPdus) this.#deadlines.done("pdu");
    else if (this.#hasWholePdu || !this.#deadlines.isDue("pdu")) this.#deadlines.begin("pdu", now);
  }

  /** A format error ends all connections of its session (RFC 7143 §7.7); a wrong digest its own (§7.8). */
  #broken(error: unknown): void {
    const isFormatError = error instanceof ProtocolError && !(error instanceof DigestError);
    this.close(error);
    if (isFormatError && this.#requests) this.#session?.end(error);
  }

  connectionEnded(error: unknown): void {
    if (this.#phase === "closing") return this.close(undefined);
    const what = error === undefined
      ? "The initiator closed the connection"
      : "The connection broke";
    this.close(new ConnectionLostError(what, { cause: error }));
  }

  tick(now: number): void {
    if (this.closed) return;
    this.#options.line?.tick(now);
    const missed = this.#deadlines.missed(now);
    if (missed) {
      return this.close(new ConnectionLostError(`The initiator did not ${missed} in time`));
    }
    this.#checkKeepalive(now);
  }

  nextDeadline(): number {
    if (this.closed) return Infinity;
    return Math.min(
      this.#deadlines.next,
      this.#watching?.deadline() ?? Infinity,
      this.#options.line?.heldUntil ?? Infinity,
    );
  }

  produce(batch: OutputBatch): boolean {
    if (this.closed) return false;
    const statusInDataIn = this.#session?.target?.statusInDataIn ?? true;
    const { line } = this.#options;
    const heldBefore = line?.holds;
    const hasPdus = this.output.produce(batch, this.#parameters, statusInDataIn);
    if (!hasPdus) this.#checkLine();
    else this.#deadlines.begin("take", this.#now);
    // The driver has looked at the deadlines before it began to write.
    if (hasPdus || (line?.holds && !heldBefore)) this.#events.changed();
    return hasPdus;
  }

  written(): void {
    this.#deadlines.done("take");
    this.#checkLine();
    if (this.#phase === "closing" && this.output.empty) return this.close(undefined);
    if (!this.#waitsForRoom) return;
    this.#waitsForRoom = false;
    this.#session?.resume();
  }

  place(header: Uint8Array, length: number): Uint8Array | undefined {
    if (this.#isOver) return undefined;
    // Data is acknowledged before the status of its command, by the same PDU too (RFC 7143 §11.7.2).
    if (!isDataAck(header)) this.#acknowledge(header);
    return this.#requests?.place(header, length);
  }

  receive(header: Uint8Array, data: Uint8Array, intact: boolean): void {
    this.#hasWholePdu = true;
    if (this.#isOver) return;
    if (this.#requests) {
      this.#requests.receive(header, data, intact);
      if (isDataAck(header)) this.#acknowledge(header);
      return;
    }
    const { answer, step } = this.#login.receive(header, data);
    // Nothing that the end of the login brings about may overtake its answer.
    this.output.sendUrgent(answer);
    if (step.progress === "failed") this.#loginFailed(step);
    else if (step.progress === "done") this.#loggedIn(step.parameters);
    else if (step.response.transit) this.#deadlines.begin("stage", this.#now);
  }

  /** The login is for a session that there is: its numbers hold from now on. */
  numberWith(session: TargetSession): void {
    this.output.window = session.order;
  }

  /** Takes up the session that the login has established or is about to join. */
  adopt(session: TargetSession, cid: number): void {
    this.#session = session;
    this.#cid = cid;
    this.output.window = session.order;
  }

  /** The initiator declared another segment length. */
  changeParameters(parameters: NegotiatedParameters): void {
    this.#parameters = parameters;
  }

  /** Queues the answer to a SCSI command. */
  reply(task: TargetTask): void {
    this.output.reply(task);
  }

  /** The answer of a task is going to leave on another connection. */
  withdraw(task: TargetTask): void {
    this.output.withdraw(task);
  }

  /** Asks for the next part of a command's data (RFC 7143 §11.8). */
  sendR2t(task: TargetTask, ttt: number): void {
    const r2tSn = task.nextR2tSn++;
    const request = { ttt, r2tSn, ...task.collection!.solicit(ttt, r2tSn) };
    // The window, MaxOutstandingR2T and the session's memory bound them.
    this.output.sendUrgent({ ...r2tFor(task, request), bounded: true });
  }

  /** Sends an Async Message, and holds the initiator and the session to what it says (RFC 7143 §11.9). */
  sendAsync(message: TargetAsyncMessage): void {
    const session = this.#session;
    if (this.#phase !== "full-feature" || session === undefined) return;
    const { event, lun = 0, parameter3 = 0 } = message;
    const ownCid = event === AsyncEvent.ConnectionDropped ? this.#cid : 0;
    const { parameter1 = ownCid } = message;
    this.output.send(asyncAnswer({ ...message, parameter1 }));
    switch (event) {
      case AsyncEvent.ConnectionDropped:
        return session.dropConnection(parameter1);
      case AsyncEvent.SessionDropped:
        this.closeWhenSent();
        return session.end(undefined);
      case AsyncEvent.TasksTerminated:
        return session.abortTasksOf(lunFromNumber(lun));
      case AsyncEvent.LogoutRequested:
      case AsyncEvent.NegotiationRequested:
        this.#deadlines.begin("act", this.#now, parameter3 * 1000);
        this.#events.changed();
    }
  }

  /** The initiator has begun the negotiation that an Async Message may have asked for. */
  negotiationBegan(): void {
    this.#deadlines.done("act");
  }

  /** The initiator answered a ping. */
  pongReceived(ttt: number): void {
    if (ttt === this.#pingTag) this.#pingTag = undefined;
    else this.report({ kind: "notice", message: `NOP-Out answers no ping: its tag is ${ttt}` });
  }

  /** Nothing more is taken in, and the connection closes when all answers have left. */
  closeWhenSent(fate: TaskFate = "end"): void {
    if (this.#isOver) return;
    this.#phase = "closing";
    this.#requests?.abandon();
    this.output.finish();
    for (const duty of ["login", "stage", "act"] as const) this.#deadlines.done(duty);
    this.#deadlines.begin("leave", this.#now);
    this.#session?.leave(this, fate);
    if (this.output.empty && !this.#deadlines.isDue("take")) this.close(undefined);
    this.#events.changed();
  }

  /** Ends the connection at once; `error` is why, unless it ends in order. */
  close(error: unknown, fate: TaskFate = error === undefined ? "end" : "keep"): void {
    if (this.closed) return;
    this.#phase = "closed";
    this.#requests?.abandon();
    this.output.finish();
    this.#session?.leave(this, fate);
    this.report({ kind: "disconnected", error });
    this.#events.closed();
  }

  report(event: ConnectionEvent): void {
    this.#events.report(event);
  }

  /** Answers may leave long after anything was received: a rewind takes minutes. */
  get #now(): number {
    return this.#options.now();
  }

  get #isOver(): boolean {
    return this.#phase === "closing" || this.#phase === "closed";
  }

  #acknowledge(header: Uint8Array): void {
    if (this.output.retained) this.output.acknowledge(readU32(header, EXP_STAT_SN));
  }

  /** The login's CmdSN is that of the first command too (RFC 7143 §11.12.8). */
  #number({ cmdSn, expStatSn }: LoginRequest): void {
    this.#firstExpStatSn = expStatSn;
    this.#order = new CommandOrder(cmdSn, this.#options.limits.commandWindow);
    this.output.window = this.#order;
  }

  #loginFailed({ response }: TargetLoginStep): void {
    const status = loginStatusName(response.statusClass, response.statusDetail);
    this.report({ kind: "login-refused", status });
    this.closeWhenSent();
  }

  /** Digests begin with the PDU after the last Login Response (RFC 7143 §13.1). */
  #loggedIn(parameters: NegotiatedParameters): void {
    const session = this.#session!;
    const { limits, keepalive, sendTargets } = this.#options;
    const { headerDigest: header, dataDigest } = parameters;
    this.#phase = "full-feature";
    this.#deadlines.done("login");
    this.#deadlines.done("stage");
    this.#parameters = parameters;
    this.#framer.setDigests(header, dataDigest ? new RunningCrc32c() : undefined);
    this.#framer.maxDataSegmentLength = parameters.maxReceiveDataSegmentLength;
    this.output.digests = { header, data: dataDigest ? new RunningCrc32c() : undefined };
    const { ignoresPing } = this.#options;
    this.#requests = new FullFeaturePhase(this, session, { limits, sendTargets, ignoresPing });
    if (parameters.errorRecoveryLevel > 0) this.#retainAnswers(session);
    if (keepalive) this.#keepalive = new Keepalive(this.#now, keepalive);
    session.join(this, this.#firstExpStatSn);
    const { identity: { sessionType, targetName }, authenticatedAs } = session;
    this.report({ kind: "logged-in", sessionType, targetName, authenticatedAs });
    this.#events.changed();
  }

  /** The last Login Response is unacknowledged too, and nobody asks for it again. */
  #retainAnswers(session: TargetSession): void {
    const { limits } = this.#options;
    const firstStatSn = serialAdd(this.output.statSn, this.output.answers);
    this.output.retained = new RetainedAnswers(
      firstStatSn,
      limits,
      (task) => session.released(task),
    );
  }

  /** A fault breaks the connection once everything before it is written. */
  #checkLine(): void {
    if (this.#options.line?.broken) this.close(new ConnectionLostError("A fault broke the line"));
  }

  /** The keepalive while it may ping: a connection that closes has a deadline of its own. */
  get #watching(): Keepalive | undefined {
    return this.#phase === "full-feature" ? this.#keepalive : undefined;
  }

  #checkKeepalive(now: number): void {
    const keepalive = this.#watching;
    if (keepalive === undefined) return;
    const action = keepalive.check(now, this.#session!.tasks.size > 0);
    if (action === "dead") {
      this.close(new ConnectionLostError("The initiator stopped answering pings"));
    } else if (action === "ping") {
      this.#ping();
    }
  }

  #ping(): void {
    const ttt = this.#session!.allocateTransferTag();
    this.#pingTag = ttt;
    this.output.sendUrgent(ownNopIn(ttt));
  }
}

function isDataAck(header: Uint8Array): boolean {
  return (header[OPCODE] & OPCODE_MASK) === Opcode.Snack &&
    decodeSnack(header).type === SnackType.DataAck;
}
