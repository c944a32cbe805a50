/**
 * Recovery of lost connections at error recovery level 2: what they carried goes on over another connection of the
 * session, or over one that is set up in their place (RFC 7143 §7.1.4.3, §7.2, §7.5).
 *
 * For each lost connection: wait Time2Wait; have the target give up what the connection held, by a login in its place or,
 * where that does not succeed or is not wanted and others work, by a logout on one of them, unless a logout of its own has
 * done so; then, on the connection that works, TASK REASSIGN for what the target has taken in, and once more what it has
 * not. What is not taken over until Time2Retain has passed as well is lost, and the session with it: the target may have
 * executed any of it.
 *
 * @module
 */

import { serialLess } from "../../connection/serial_number.ts";
import { ConnectionLostError, TaskManagementError } from "../../errors.ts";
import {
  TaskManagementResponseCode,
  taskManagementResponseName,
} from "../../pdu/task_management.ts";
import { type LogoutResponse, LogoutResponseCode, logoutResponseName } from "../../pdu/logout.ts";
import { plugGap, sendRemoval } from "../core/outgoing.ts";
import type { SessionConnection } from "../core/session_connection.ts";
import type { NumberedRequest, Request, SessionState } from "../core/session_state.ts";
import { requestName, sessionFailure } from "../requests/request_failure.ts";
import { NO_CONNECTION, ScsiTask } from "../requests/scsi_task.ts";
import { sendTaskReassign } from "../requests/task_management.ts";
import type { Reassignment } from "../requests/task_management_requests.ts";
import { TextExchange } from "../requests/text_exchange.ts";
import { DataRecovery } from "./data_recovery.ts";

/** When to ask again for a task that the target has not let go of yet. */
const STILL_ALLEGIANT_MS = 500;
/** How long something may take to come for a task whose TASK REASSIGN was rejected. */
const PROOF_MS = 3000;

/** Seconds to wait before what a connection held can be taken over, and for which it then can. */
export interface RetentionTimes {
  readonly time2Wait: number;
  readonly time2Retain: number;
}

/** What a {@link ConnectionRecovery} asks of its session. */
export interface ConnectionRecoveryHost {
  /** A connection that works; `undefined` when none does. */
  helper(): SessionConnection | undefined;
  /** The connection with this number, if it works. */
  connection(cid: number): SessionConnection | undefined;
  /** Sets up a connection in place of one that was lost, unless that is under way already. */
  reinstate(cid: number, expStatSn: number, until: number): void;
  /** Sends ABORT TASK for a command that was to be aborted while it had no connection. */
  abort(task: ScsiTask): void;
  /** Everything of a lost connection goes on, on another: that one is missing now, if it `isWantedBack`. */
  recovered(cid: number, isWantedBack: boolean): void;
  requestEnded(): void;
  /** What was lost cannot be had again. */
  failed(error: unknown): void;
  notice(message: string, properties: Record<string, unknown>): void;
}

/** One lost connection. */
interface Outage {
  readonly connection: SessionConnection;
  readonly cause: unknown;
  /** What it carried, in the order of the CmdSN. */
  readonly stranded: NumberedRequest[];
  /** CmdSNs of NOP-Outs that were to close gaps. */
  readonly plugs: number[];
  /** When the next step may be taken. */
  at: number;
  until: number;
  /** Whether the target has let go of the connection. */
  isRemoved: boolean;
  /** Whether one is to be set up in its place while others work. */
  isWantedBack: boolean;
  /** Whether setting up one in its place was of no use. */
  isIrreplaceable: boolean;
  /** The connection that a logout in its name is on its way on. */
  removedBy: number | undefined;
}

/** A task whose TASK REASSIGN was refused, and how far it was then. */
interface DoubtedTask {
  readonly task: ScsiTask;
  readonly at: number;
  readonly nextDataSn: number;
  readonly response: number;
}

/** A task that a connection is to take over. */
interface Adoption {
  readonly task: ScsiTask;
  /** The connection that takes it over: its own, unless that was lost as well. */
  readonly cid: number;
  /** Not before, since the target has not let go of it yet. */
  readonly at: number;
  readonly until: number;
}

/** The lost connections of one session. */
export class ConnectionRecovery {
  readonly #state: SessionState;
  readonly #host: ConnectionRecoveryHost;
  #outages: Outage[] = [];
  /** In the order of the CmdSN. One at a time: a target need not take more than one immediate request of a kind. */
  #adoptions: Adoption[] = [];
  #underWay: Reassignment | undefined;
  #doubted: DoubtedTask[] = [];

  constructor(state: SessionState, host: ConnectionRecoveryHost) {
    this.#state = state;
    this.#host = host;
  }

  /** When {@link step} is due; infinity when nothing was lost. */
  get deadline(): number {
    let earliest = Infinity;
    const { now } = this.#state;
    for (const { at, until, isRemoved } of this.#outages) {
      // What the target has let go of waits for a connection, not for a time.
      earliest = Math.min(earliest, at > now ? at : isRemoved ? Infinity : until);
    }
    for (const { at } of this.#doubted) earliest = Math.min(earliest, at);
    for (const { at } of this.#adoptions) earliest = at > now ? Math.min(earliest, at) : earliest;
    return earliest;
  }

  /** A connection was lost, or closed under its commands: such a one is not wanted back while others work. */
  begin(
    connection: SessionConnection,
    cause: unknown,
    times: RetentionTimes,
    isWantedBack: boolean,
  ): void {
    const at = this.#state.now + times.time2Wait * 1000;
    const until = at + times.time2Retain * 1000;
    const outage: Outage = {
      connection,
      cause,
      stranded: [],
      plugs: [],
      at,
      until,
      isRemoved: false,
      isWantedBack,
      isIrreplaceable: false,
      removedBy: undefined,
    };
    for (const request of [...this.#state.requests.values()]) {
      if (request.cid === connection.cid) this.#strand(outage, request);
    }
    if (this.#underWay?.cid === connection.cid) this.#underWay = undefined;
    this.#forgetStranded();
    outage.stranded.sort((a, b) => serialLess(a.cmdSn, b.cmdSn) ? -1 : 1);
    this.#outages.push(outage);
    this.#state.deadlines.include(at);
  }

  /** What a connection that was to take a task over has come to ends with it: the next one begins anew. */
  #forgetStranded(): void {
    const isCarried = ({ task }: { readonly task: ScsiTask }) => task.cid !== NO_CONNECTION;
    this.#adoptions = this.#adoptions.filter(isCarried);
    this.#doubted = this.#doubted.filter(isCarried);
  }

  /** Takes the steps that can be taken now. */
  step(): void {
    const { now } = this.#state;
    for (const outage of [...this.#outages]) {
      if (!outage.isRemoved && now >= outage.until) return this.#host.failed(tooLate(outage));
      // Nothing may be sent or received for a command while the old socket still uses its buffer.
      if (outage.connection.isReleased && now >= outage.at) this.#goOn(outage);
    }
    this.#reassignNext();
    this.#settleDoubts(now);
  }

  /** No connection could be set up in place of this one, but others work. */
  irreplaceable(cid: number): void {
    for (const outage of this.#outages) {
      if (outage.connection.cid === cid) outage.isIrreplaceable = true;
    }
    this.step();
  }

  /** A connection has been set up in place of the one with its number. */
  reinstated(cid: number): void {
    for (const outage of this.#outages) {
      if (outage.connection.cid === cid) outage.isRemoved = true;
    }
  }

  /** The target has answered a logout in the name of a lost connection, or the one that it ended with. */
  removed(cid: number, { response, time2Wait, time2Retain }: LogoutResponse): void {
    const outage = this.#outages.find(({ connection }) => connection.cid === cid);
    if (outage === undefined) return;
    if (response === LogoutResponseCode.Closed || response === LogoutResponseCode.CidNotFound) {
      outage.isRemoved = true;
      const isClosed = response === LogoutResponseCode.Closed;
      outage.at = this.#state.now + (isClosed ? time2Wait * 1000 : 0);
      outage.until = Math.max(outage.until, outage.at + time2Retain * 1000);
      this.#state.deadlines.include(outage.at);
      return this.step();
    }
    if (!outage.isWantedBack) {
      // A login in its place may still do what the logout did not.
      outage.isWantedBack = true;
      return this.step();
    }
    const state = logoutResponseName(response);
    this.#host.failed(
      new ConnectionLostError(`Recover connection ${cid}: the target answered ${state}`, {
        cause: outage.cause,
      }),
    );
  }

  /** The target has answered TASK REASSIGN. */
  reassigned({ itt, cid, task, until }: Reassignment, response: number): void {
    this.#state.requests.delete(itt);
    this.#underWay = undefined;
    const { now } = this.#state;
    if (response === TaskManagementResponseCode.TaskStillAllegiant && now < until) {
      const at = now + STILL_ALLEGIANT_MS;
      this.#adoptions.push({ task, cid, at, until });
      this.#state.deadlines.include(at);
    } else if (response === TaskManagementResponseCode.FunctionRejected) {
      this.#doubt(task, response);
    } else if (response !== TaskManagementResponseCode.FunctionComplete) {
      this.#lose(task, response);
    }
    this.#reassignNext();
  }

  /**
   * Some targets, Linux's among them, answer "function rejected" and go on with the task all the same: what comes for it
   * on its new connection proves that.
   */
  #doubt(task: ScsiTask, response: number): void {
    const at = this.#state.now + PROOF_MS;
    this.#doubted.push({ task, at, nextDataSn: task.nextDataSn, response });
    this.#state.deadlines.include(at);
  }

  #settleDoubts(now: number): void {
    const due = this.#doubted.filter(({ at }) => now >= at);
    this.#doubted = this.#doubted.filter(({ at }) => now < at);
    for (const { task, nextDataSn, response } of due) {
      const isProven = task.nextDataSn !== nextDataSn || !task.r2tSnUnknown;
      if (!isProven) this.#lose(task, response);
    }
  }

  /** Does nothing to one that has ended. */
  #lose(task: ScsiTask, response: number): void {
    this.#state.requests.delete(task.itt);
    task.fail(task.state === "aborting" ? task.abortReason : notReassigned(task, response));
    this.#host.requestEnded();
  }

  /** The session logs out, or is over: its connections take nothing over any more. */
  abandon(): void {
    this.#outages = [];
    this.#doubted = [];
  }

  #goOn(outage: Outage): void {
    const { cid, wire } = outage.connection;
    const helper = this.#host.connection(cid) ?? this.#host.helper();
    if (helper !== undefined && outage.isRemoved) {
      this.#takeOver(outage, helper);
    } else if (helper === undefined || (outage.isWantedBack && !outage.isIrreplaceable)) {
      this.#host.reinstate(cid, wire.status.expStatSn, outage.until);
    } else if (outage.removedBy === undefined) {
      outage.removedBy = helper.cid;
      sendRemoval(this.#state, helper.wire, cid);
    }
  }

  /** Takes a request off a connection that was lost. What only made sense on that one is over. */
  #strand(outage: Outage, request: Request): void {
    if (request instanceof TextExchange && request.isBound) {
      // The target may still wait for its number.
      if (!request.isImmediate) outage.plugs.push(request.cmdSn);
      return this.#endText(request, outage);
    }
    if (request instanceof ScsiTask || request instanceof TextExchange) {
      if (request instanceof ScsiTask) {
        request.cid = NO_CONNECTION;
        request.streamOut?.forget();
      }
      outage.stranded.push(request);
      return;
    }
    this.#state.requests.delete(request.itt);
    if (request.kind === "task-set") {
      this.#state.endTaskSetRequest(request);
      request.owner.failed(sessionFailure(request.name, outage.cause, "unknown"));
    } else if (request.kind === "ping" && request.cmdSn !== undefined) {
      outage.plugs.push(request.cmdSn);
    } else if (request.kind === "logout") {
      const other = this.#outages.find(({ removedBy }) => removedBy === request.cid);
      if (other) other.removedBy = undefined;
    }
  }

  #takeOver(outage: Outage, helper: SessionConnection): void {
    this.#outages = this.#outages.filter((other) => other !== outage);
    for (const cmdSn of outage.plugs) {
      if (!this.#hasArrived(cmdSn)) plugGap(this.#state, helper.wire, cmdSn);
    }
    for (const request of outage.stranded) {
      if (request instanceof ScsiTask) this.#takeOverTask(request, helper, outage.until);
      else this.#takeOverText(request, helper, outage);
    }
    this.#host.notice("Another connection took over what a lost one carried", {
      lost: outage.connection.cid,
      cid: helper.cid,
      requests: outage.stranded.length,
    });
    this.#host.recovered(outage.connection.cid, outage.isWantedBack);
  }

  #hasArrived(cmdSn: number): boolean {
    return serialLess(cmdSn, this.#state.window.expCmdSn);
  }

  #takeOverTask(task: ScsiTask, helper: SessionConnection, until: number): void {
    if (this.#hasArrived(task.cmdSn)) {
      task.cid = helper.cid;
      if (task.state === "aborting") return this.#host.abort(task);
      this.#adoptions.push({ task, cid: helper.cid, at: this.#state.now, until });
      return;
    }
    if (task.state !== "sent") return this.#dropUntaken(task, helper);
    task.restart();
    helper.sendAgain(task);
  }

  /** The target has never seen the command, which was aborted or has ended since, and need not: another request takes its number. */
  #dropUntaken(task: ScsiTask, helper: SessionConnection): void {
    this.#state.requests.delete(task.itt);
    plugGap(this.#state, helper.wire, task.cmdSn);
    task.fail(task.abortReason);
    this.#host.requestEnded();
  }

  #takeOverText(exchange: TextExchange, helper: SessionConnection, outage: Outage): void {
    const isMissing = !exchange.isImmediate && !this.#hasArrived(exchange.cmdSn);
    if (isMissing) helper.sendAgain(exchange);
    else this.#endText(exchange, outage);
  }

  #endText(exchange: TextExchange, { cause }: Outage): void {
    this.#state.unqueue(exchange);
    this.#state.textEnded(exchange);
    exchange.fail(sessionFailure(requestName(exchange), cause, "unknown"));
  }

  #reassignNext(): void {
    const { now } = this.#state;
    while (this.#underWay === undefined) {
      const index = this.#adoptions.findIndex(({ at }) => now >= at);
      if (index < 0) return;
      const [adoption] = this.#adoptions.splice(index, 1);
      const helper = this.#host.connection(adoption.cid);
      // Else its new connection is logged out, which ends with the task stranded once more; or it was aborted meanwhile, or has ended.
      if (helper !== undefined && adoption.task.state === "sent") this.#reassign(adoption, helper);
    }
  }

  #reassign({ task, cid, until }: Adoption, helper: SessionConnection): void {
    const { parameters, segmentGeneration } = helper.wire;
    task.segmentGeneration = segmentGeneration;
    task.outstandingR2ts = 0;
    task.r2tSnUnknown = true;
    if (task.recovery || task.nextDataSn > 0) {
      task.recovery ??= new DataRecovery(task.nextDataSn);
      task.recovery.moved(task.nextDataSn, task.received);
      task.streamIn?.startOver();
    }
    const itt = this.#state.requests.allocate();
    const answerBy = this.#state.now + Math.max(parameters.defaultTime2Retain, 1) * 1000;
    const request: Reassignment = {
      kind: "reassign",
      itt,
      cid,
      task,
      deadline: answerBy,
      until,
    };
    this.#underWay = request;
    this.#state.requests.set(itt, request);
    this.#state.deadlines.include(answerBy);
    sendTaskReassign(this.#state, helper.wire, request);
  }
}

function tooLate({ connection, cause }: Outage): ConnectionLostError {
  return new ConnectionLostError(
    `Recover connection ${connection.cid}: no other took over in time what it carried`,
    { cause },
  );
}

function notReassigned(task: ScsiTask, response: number): ConnectionLostError {
  const functionName = "TASK REASSIGN";
  const responseName = taskManagementResponseName(response);
  const cause = new TaskManagementError(`${functionName}: the target answered ${responseName}`, {
    functionName,
    response,
    responseName,
  });
  return new ConnectionLostError(
    `${task.name}: its connection was lost, and no other could take it over (${responseName})`,
    { cause, outcome: "unknown" },
  );
}
