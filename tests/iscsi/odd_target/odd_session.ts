/** One session at a target that takes every freedom: numbers, tasks, and what else it says. */

import { serialAdd, serialDistance, serialLess } from "../../../iscsi/connection/serial_number.ts";
import type { NegotiatedParameters } from "../../../iscsi/negotiation/negotiated_parameters.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import type { DataOut } from "../../../iscsi/pdu/data_out.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import type { ScsiCommand } from "../../../iscsi/pdu/scsi_command.ts";
import {
  TaskManagementFunction,
  type TaskManagementRequest,
} from "../../../iscsi/pdu/task_management.ts";
import type { Random } from "../../scsi/random.ts";
import { pick } from "../walk/walk_settings.ts";
import { type CommandPlan, idOf } from "./command_plan.ts";
import { type OddConnection, type Received, wholeCdb } from "./odd_connection.ts";
import type { OddSettings } from "./odd_settings.ts";
import { OddTask } from "./odd_task.ts";
import { OddTexts } from "./odd_texts.ts";

/** Tags from this on are those of pings of which it is no matter whether they are answered. */
const ODD_PING = 0xffff_0000;

/** What a connection may say next, other than about its tasks. */
type Move = () => void;

export interface OddSessionParts {
  readonly random: Random;
  readonly settings: OddSettings;
  readonly plans: ReadonlyMap<number, CommandPlan>;
  /** A command has come. */
  readonly seen: (id: number) => void;
  /** A command ends with an error before all of its data has come: so much is there without a gap. */
  readonly cut: (id: number, whole: number) => void;
  readonly violated: (what: string) => void;
}

export class OddSession {
  readonly tsih: number;
  readonly connections: OddConnection[] = [];
  readonly parameters = new Map<OddConnection, NegotiatedParameters>();
  readonly tasks = new Map<number, OddTask>();
  /** The tag of the last command on each connection that has been answered. */
  readonly lastEnded = new Map<OddConnection, number>();
  /** The target ends the session, or has: whatever is under way fails. */
  isEnding = false;
  readonly parts: OddSessionParts;
  readonly texts: OddTexts;
  readonly #pending = new Map<OddConnection, Move[]>();
  /** Numbered requests that wait for others before them. */
  readonly #early = new Map<number, Move>();
  readonly #pings = new Map<number, { readonly lun: bigint; readonly connection: OddConnection }>();
  expCmdSn: number;
  maxCmdSn: number;
  #toldCmdSn: number;
  readonly #earlyData = new Map<number, ((task: OddTask) => void)[]>();
  #pingTag = 0;
  #lastId = 0;
  /** CmdSNs that an ABORT TASK has used up in place of the command that it names. */
  readonly #plugged = new Set<number>();
  /** Commands that are about to be rejected. */
  readonly #refused = new Set<number>();
  #lastDataOut: { readonly connection: OddConnection; readonly bhs: Uint8Array } | undefined;

  constructor(tsih: number, cmdSn: number, parts: OddSessionParts) {
    this.tsih = tsih;
    this.parts = parts;
    this.expCmdSn = cmdSn;
    this.#toldCmdSn = cmdSn;
    this.maxCmdSn = serialAdd(cmdSn, parts.settings.window - 1);
    this.texts = new OddTexts(this);
  }

  get isIdle(): boolean {
    return this.tasks.size === 0;
  }

  join(connection: OddConnection, parameters: NegotiatedParameters): void {
    this.connections.push(connection);
    this.parameters.set(connection, parameters);
    this.#pending.set(connection, []);
  }

  /** ExpCmdSN and MaxCmdSN; `isExact`: what has been taken in is acknowledged, as it need not be at once. */
  readonly numbers = (isExact = false): { expCmdSn: number; maxCmdSn: number } => {
    const { random, settings } = this.parts;
    const room = random.below(6) === 0 ? random.below(settings.window + 1) : settings.window;
    const max = serialAdd(this.expCmdSn, room - 1);
    if (serialLess(this.maxCmdSn, max)) this.maxCmdSn = max;
    if (isExact || random.below(5) > 0) this.#toldCmdSn = this.expCmdSn;
    return { expCmdSn: this.#toldCmdSn, maxCmdSn: this.maxCmdSn };
  };

  later(connection: OddConnection, move: Move): void {
    this.#pending.get(connection)!.push(move);
  }

  /** What a connection may say now. */
  moves(connection: OddConnection): Move[] {
    const pending = this.#pending.get(connection)!;
    const moves: Move[] = pending.map((move) => () => {
      pending.splice(pending.indexOf(move), 1);
      move();
    });
    for (const task of this.tasks.values()) {
      if (task.parts.connection === connection) moves.push(...task.moves());
    }
    // Nothing else may be there to carry what opens the window (RFC 7143 §4.2.2.1).
    const isShut = serialLess(this.maxCmdSn, this.expCmdSn);
    if (isShut) moves.push(() => this.nopIn(connection, false));
    return moves;
  }

  receive(connection: OddConnection, received: Received): void {
    const { pdu } = received;
    const { violated } = this.parts;
    if (connection.hasLoggedOut) violated("something follows a Logout Request");
    switch (pdu.opcode) {
      case Opcode.ScsiCommand:
        return this.#numbered(pdu.cmdSn, () => this.#command(connection, pdu, received));
      case Opcode.DataOut:
        this.#lastDataOut = { connection, bhs: received.bhs };
        return this.#dataOut(pdu, received.data);
      case Opcode.NopOut:
        if (pdu.itt === RESERVED_TAG) return this.#pong(connection, pdu.ttt, pdu.lun);
        if (pdu.immediate) {
          return this.later(connection, () => this.#answerPing(connection, pdu.itt));
        }
        return this.#numbered(
          pdu.cmdSn,
          () => this.later(connection, () => this.#answerPing(connection, pdu.itt)),
        );
      case Opcode.TaskManagementRequest:
        return this.#manage(connection, pdu);
      case Opcode.TextRequest:
        if (pdu.immediate) return this.texts.take(connection, pdu, received.data);
        return this.#numbered(pdu.cmdSn, () => this.texts.take(connection, pdu, received.data));
      case Opcode.LogoutRequest:
        return this.#logOut(connection, pdu.itt, pdu.reason);
      case Opcode.Snack:
        if (pdu.type !== 2) violated(`a SNACK of type ${pdu.type} where nothing was lost`);
        return;
      default:
        violated("a PDU that has no place here");
    }
  }

  /** Unsolicited data may come while its command waits for others. */
  #dataOut(pdu: DataOut, data: Uint8Array): void {
    const task = this.tasks.get(pdu.itt);
    if (task) return task.take(pdu, data);
    const early = this.#earlyData.get(pdu.itt) ?? [];
    early.push((task) => task.take(pdu, data));
    this.#earlyData.set(pdu.itt, early);
  }

  /** Requests are taken in by the order of CmdSN, whatever connection they come on. */
  #numbered(cmdSn: number, act: Move): void {
    if (this.#plugged.has(cmdSn)) return;
    if (serialDistance(this.expCmdSn, cmdSn) < 0 || serialLess(this.maxCmdSn, cmdSn)) {
      return this.parts.violated(
        `CmdSN ${cmdSn} is outside of the window ${this.expCmdSn} to ${this.maxCmdSn}`,
      );
    }
    this.#early.set(cmdSn, act);
    this.#takeIn();
  }

  #takeIn(): void {
    for (;;) {
      const act = this.#early.get(this.expCmdSn);
      if (act === undefined) return;
      this.#early.delete(this.expCmdSn);
      const cmdSn = this.expCmdSn;
      this.expCmdSn = serialAdd(cmdSn, 1);
      act();
      if (this.expCmdSn === cmdSn) return;
    }
  }

  #command(connection: OddConnection, pdu: ScsiCommand, { bhs, data, ahs }: Received): void {
    const plan = this.parts.plans.get(idOf(pdu.cdb));
    if (plan === undefined) return this.parts.violated("a command that nobody issued");
    if (this.tasks.has(pdu.itt)) this.parts.violated("a tag is used twice");
    this.#checkCommand(plan, pdu, ahs);
    this.parts.seen(plan.id);
    if (!plan.isStreamed && plan.id < this.#lastId) {
      this.parts.violated(`command ${plan.id} comes behind ${this.#lastId}`);
    }
    if (!plan.isStreamed) this.#lastId = plan.id;
    if (plan.fate === "reject") return this.#reject(connection, plan, pdu, bhs);
    const task = new OddTask(plan, pdu, bhs, data, {
      random: this.parts.random,
      connection,
      parameters: () => this.parameters.get(connection)!,
      numbers: () => this.numbers(),
      violated: this.parts.violated,
      ended: () => {
        this.tasks.delete(task.itt);
        this.lastEnded.set(connection, pdu.itt);
      },
      cut: (whole) => this.parts.cut(plan.id, whole),
    });
    this.tasks.set(pdu.itt, task);
    for (const take of this.#earlyData.get(pdu.itt) ?? []) take(task);
  }

  #checkCommand(plan: CommandPlan, pdu: ScsiCommand, ahs: Uint8Array): void {
    const { violated } = this.parts;
    const cdb = wholeCdb(pdu.cdb, ahs);
    const isSame = plan.cdb.every((byte, i) => byte === cdb[i]);
    if (!isSame || cdb.subarray(plan.cdb.length).some((byte) => byte !== 0)) {
      violated(`command ${plan.id} has another CDB`);
    }
    const expected = plan.write > 0 ? plan.write : plan.read;
    const isRight = pdu.expectedDataTransferLength === expected && pdu.lun === plan.lun &&
      pdu.write === plan.write > 0 && pdu.read === plan.read > 0;
    if (!isRight) violated(`command ${plan.id} has another length or LUN`);
  }

  /** A rejected command leaves its number free (RFC 7143 §7.3). */
  #reject(
    connection: OddConnection,
    plan: CommandPlan,
    { itt, cmdSn }: ScsiCommand,
    bhs: Uint8Array,
  ) {
    this.expCmdSn = cmdSn;
    this.#refused.add(itt);
    this.later(connection, () => {
      if (!this.#refused.delete(itt)) return;
      this.reject(connection, bhs, plan.code, true);
    });
  }

  reject(connection: OddConnection, bhs: Uint8Array, reason: number, isExact = false): void {
    connection.send({
      opcode: Opcode.Reject,
      reason,
      statSn: connection.nextStatSn(),
      dataSn: 0,
      ...this.numbers(isExact),
    }, bhs);
  }

  /** NOP-In: the target's own ping, or only numbers. */
  nopIn(connection: OddConnection, isPing: boolean): void {
    const { random } = this.parts;
    const ttt = isPing ? this.#pingTag++ : RESERVED_TAG;
    const lun = isPing ? pick(random, [0n, 5n << 48n]) : 0n;
    if (isPing) this.#pings.set(ttt, { lun, connection });
    const { statSn } = connection;
    connection.send({
      opcode: Opcode.NopIn,
      lun,
      itt: RESERVED_TAG,
      ttt,
      statSn,
      ...this.numbers(!isPing),
    });
  }

  #pong(connection: OddConnection, ttt: number, lun: bigint): void {
    const ping = this.#pings.get(ttt);
    if (ttt >= ODD_PING) return;
    this.#pings.delete(ttt);
    if (ping?.connection !== connection || ping.lun !== lun) {
      this.parts.violated("a ping is answered with another tag or LUN, or elsewhere");
    }
  }

  /** A tag for a ping that need not be answered. */
  oddPingTag(): number {
    return ODD_PING + this.#pingTag++;
  }

  get unansweredPings(): number {
    return [...this.#pings.values()].filter(({ connection }) => !connection.isClosed).length;
  }

  #answerPing(connection: OddConnection, itt: number): void {
    connection.send({
      opcode: Opcode.NopIn,
      lun: 0n,
      itt,
      ttt: RESERVED_TAG,
      statSn: connection.nextStatSn(),
      ...this.numbers(),
    });
  }

  asyncMessage(
    connection: OddConnection,
    asyncEvent: number,
    parameters: readonly [number, number, number],
    data?: Uint8Array,
  ): void {
    const [parameter1, parameter2, parameter3] = parameters;
    connection.send({
      opcode: Opcode.AsyncMessage,
      lun: 0n,
      statSn: connection.nextStatSn(),
      asyncEvent,
      asyncVCode: this.parts.random.below(256),
      parameter1,
      parameter2,
      parameter3,
      ...this.numbers(),
    }, data);
  }

  #manage(connection: OddConnection, pdu: TaskManagementRequest): void {
    const { random } = this.parts;
    if (pdu.function === TaskManagementFunction.AbortTask) return this.#abort(connection, pdu);
    const refusal = random.below(4) === 0 ? pick(random, [2, 5, 6, 255]) : undefined;
    const act = () => {
      // What was sent before it must have come first (RFC 7143 §4.2.3.3).
      if (serialLess(this.expCmdSn, pdu.cmdSn)) return this.later(connection, act);
      if (refusal === undefined) this.#endTasks(pdu);
      this.managed(connection, pdu.itt, refusal ?? 0);
    };
    this.later(connection, act);
  }

  #endTasks({ function: code, lun, cmdSn }: TaskManagementRequest): void {
    const isOfTarget = code === TaskManagementFunction.TargetWarmReset ||
      code === TaskManagementFunction.TargetColdReset;
    if (code === TaskManagementFunction.ClearAca) return;
    for (const task of [...this.tasks.values()]) {
      const isMeant = isOfTarget || task.lun === lun;
      if (isMeant && serialLess(task.cmdSn, cmdSn)) this.tasks.delete(task.itt);
    }
  }

  /**
   * The command ends with it, unless it was answered before; one that has not been taken in counts as if it had
   * (RFC 7143 §11.6.1).
   */
  #abort(connection: OddConnection, pdu: TaskManagementRequest): void {
    const isRefused = this.parts.random.below(12) === 0;
    const act = () => {
      const { referencedTaskTag: tag, refCmdSn } = pdu;
      // A command that can be neither ended nor forgotten takes the session with it (RFC 7143 §7.11).
      if (isRefused && this.tasks.has(tag)) {
        this.isEnding = true;
        return this.managed(connection, pdu.itt, pick(this.parts.random, [5, 6, 255]));
      }
      const isKnown = this.tasks.has(tag);
      const isAwaited = !isKnown && serialLess(refCmdSn, pdu.cmdSn) &&
        !serialLess(refCmdSn, this.expCmdSn) && !this.#plugged.has(refCmdSn);
      // The Reject of a command before it comes first.
      const isBehindReject = isAwaited && this.#refused.size > 0 && !this.#refused.has(tag);
      if (isBehindReject) return this.later(connection, act);
      this.tasks.delete(tag);
      if (isAwaited) this.#plug(tag, refCmdSn);
      this.managed(connection, pdu.itt, isKnown || isAwaited ? 0 : 1);
    };
    this.later(connection, act);
  }

  #plug(tag: number, cmdSn: number): void {
    this.#refused.delete(tag);
    this.#plugged.add(cmdSn);
    this.#early.set(cmdSn, () => {});
    this.#takeIn();
  }

  managed(connection: OddConnection, itt: number, response: number): void {
    connection.send({
      opcode: Opcode.TaskManagementResponse,
      response,
      itt,
      statSn: connection.nextStatSn(),
      ...this.numbers(true),
    });
  }

  #logOut(connection: OddConnection, itt: number, reason: number): void {
    if (reason === 0) { for (const each of this.connections) each.hasLoggedOut = true; }
    connection.hasLoggedOut = true;
    this.later(connection, () => {
      connection.send({
        opcode: Opcode.LogoutResponse,
        response: 0,
        itt,
        statSn: connection.nextStatSn(),
        time2Wait: this.parts.random.below(3),
        time2Retain: 0,
        ...this.numbers(),
      });
      for (const each of reason === 0 ? this.connections : [connection]) {
        if (each === connection || reason === 0) each.isSilent = true;
        if (this.parts.random.below(2) === 0) each.end();
      }
    });
  }

  /** A Reject of a Data-Out PDU: its command gets an answer of its own (RFC 7143 §7.3). */
  rejectSomeData(connection: OddConnection): void {
    if (this.#lastDataOut?.connection !== connection) return;
    this.reject(connection, this.#lastDataOut.bhs, RejectReason.ProtocolError);
  }
}
