import assert from "node:assert/strict";
import { writeU24 } from "../../../scsi/big_endian.ts";
import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import type { LoginOptions, NegotiatedParameters } from "../../../iscsi/negotiation/login.ts";
import { encodeText } from "../../../iscsi/negotiation/text_keys.ts";
import { ahsLength, BHS_LENGTH, dataSegmentLength, padded } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { decodePdu, encodePdu, type InitiatorPdu, type Pdu } from "../../../iscsi/pdu/pdu.ts";
import { Initiator } from "../../../iscsi/session/core/initiator.ts";
import type { KeepaliveOptions } from "../../../iscsi/connection/keepalive.ts";
import { OutputBatch } from "../../../iscsi/connection/output_batch.ts";
import type { SessionConnection } from "../../../iscsi/session/core/session_connection.ts";
import { ScsiTask } from "../../../iscsi/session/requests/scsi_task.ts";
import type {
  ConnectionChange,
  PduEvent,
  SessionStateChange,
} from "../../../iscsi/session/session_hooks.ts";
import type { StreamedDataIn } from "../../../iscsi/session/streaming/streamed_data_in.ts";
import type { StreamedDataOut } from "../../../iscsi/session/streaming/streamed_data_out.ts";
import { TextExchange } from "../../../iscsi/session/requests/text_exchange.ts";
import { concat } from "../../../transport/concat.ts";
import { ISID, TargetWords } from "./target_words.ts";

/** A PDU that the initiator sent, with its data segment. */
export interface SentPdu {
  readonly pdu: InitiatorPdu;
  readonly bhs: Uint8Array;
  readonly data: Uint8Array;
  readonly ahs: Uint8Array;
}

/** How a command or text request ended. */
export type Outcome = { result: ScsiResult } | { error: unknown } | undefined;

/** A SCSI command under test and what became of it. */
export interface Command {
  readonly task: ScsiTask;
  outcome: Outcome;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

export interface ScriptOptions {
  /** Keys of the login response. */
  readonly answers?: readonly (readonly [string, string])[];
  readonly login?: Partial<LoginOptions>;
  readonly keepalive?: KeepaliveOptions | false;
  /** Commands that the target lets in ahead of the last one it has seen. */
  readonly window?: number;
  /** CmdSN of the login. */
  readonly initialCmdSn?: number;
  /** The initiator's first tag. */
  readonly initialTag?: number;
  readonly pdu?: (event: PduEvent) => void;
  readonly abortTimeoutMs?: number;
  /** Connections that the initiator wants. */
  readonly connections?: number;
  readonly resetsUnits?: boolean;
}

/** The function that a task management request under test asked for, and what became of it. */
export interface ManagedTasks {
  outcome: "pending" | "complete" | { error: unknown };
}

/** The result of a command, which must have one. */
export function resultOf({ outcome }: Command): ScsiResult {
  assert.ok(outcome && "result" in outcome, "the command has no result");
  return outcome.result;
}

/** What a command or function failed with, which it must have. */
export function failureOf({ outcome }: Command | ManagedTasks): unknown {
  assert.ok(typeof outcome === "object" && "error" in outcome, "it has not failed");
  return outcome.error;
}

/** The initiator's core, played against by hand: a test is the target, and time is a number. */
export class ScriptedTarget extends TargetWords {
  readonly initiator: Initiator;
  /** The leading connection. */
  readonly connection: SessionConnection;
  /** CIDs that the initiator wants to have dialed, and those whose sockets it wants to have closed. */
  readonly dialed: number[] = [];
  readonly disconnected: number[] = [];
  readonly connectionChanges: ConnectionChange[] = [];
  /** How often the drivers of all connections were told to look what is due. */
  wakes = 0;
  parameters: NegotiatedParameters | undefined;
  closedWith: { error: unknown } | undefined;
  readonly notices: string[] = [];
  readonly changes: SessionStateChange[] = [];
  redirect: string | undefined;

  /** What all connections of the session share. */
  readonly #shared: { now: number; expCmdSn: number; maxCmdSn: number };
  readonly #isLeading: boolean;
  readonly #window: number;
  readonly #answers: readonly (readonly [string, string])[];
  readonly #batch = new OutputBatch();
  /** What was sent while the connection did not read. */
  readonly #unread: Uint8Array[] = [];

  /** `leading` makes it the other end of one more connection of that one's session. */
  constructor(
    options: ScriptOptions = {},
    leading?: { readonly target: ScriptedTarget; readonly cid: number },
  ) {
    super();
    const { answers = [], login = {}, keepalive = false, window = 32 } = options;
    const { initialCmdSn = 1, initialTag, abortTimeoutMs = 5000 } = options;
    this.#answers = answers;
    this.#window = window;
    this.#isLeading = leading === undefined;
    this.#shared = leading
      ? leading.target.#shared
      : { now: 0, expCmdSn: initialCmdSn, maxCmdSn: initialCmdSn };
    this.initiator = leading?.target.initiator ?? new Initiator({
      login: {
        initiatorName: "iqn.2026-03.com.example:initiator",
        targetName: "iqn.2026-03.com.example:tape",
        ...login,
      },
      loginConnection: { isid: ISID, tsih: 0, randomBytes: (n) => new Uint8Array(n).fill(7) },
      connections: options.connections ?? 1,
      stagingBytes: 4096,
      pdu: options.pdu,
      resetsUnits: options.resetsUnits ?? false,
      loginTimeoutMs: 15_000,
      abortTimeoutMs,
      logoutTimeoutMs: 5_000,
      keepalive,
      initialCmdSn,
      initialTag,
    }, {
      loggedIn: (parameters) => this.parameters = parameters,
      redirected: (address) => this.redirect = address,
      dial: (cid) => this.dialed.push(cid),
      disconnected: ({ cid }) => this.disconnected.push(cid),
      outputDue: () => this.wakes++,
      closed: (error) => this.closedWith = { error },
      connectionChanged: (change) => this.connectionChanges.push(change),
      stateChanged: (change) => this.changes.push(change),
      notice: (message) => this.notices.push(message),
    });
    this.connection = this.initiator.open(leading?.cid ?? 0);
  }

  get now(): number {
    return this.#shared.now;
  }

  set now(now: number) {
    this.#shared.now = now;
  }

  get expCmdSn(): number {
    return this.#shared.expCmdSn;
  }

  set expCmdSn(expCmdSn: number) {
    this.#shared.expCmdSn = expCmdSn;
  }

  get maxCmdSn(): number {
    return this.#shared.maxCmdSn;
  }

  set maxCmdSn(maxCmdSn: number) {
    this.#shared.maxCmdSn = maxCmdSn;
  }

  /** Accepts one more connection of the session and goes through its login; StatSN begins at `statSn`. */
  join(cid: number, statSn: number): ScriptedTarget {
    const options = { window: this.#window, answers: this.#answers.filter(isOfConnection) };
    const peer = new ScriptedTarget(options, { target: this, cid });
    peer.statSn = statSn;
    peer.logIn();
    return peer;
  }

  /** Ends the connection as a network does, and lets the socket go of all buffers. */
  breakOff(): void {
    this.connection.connectionEnded(new Error("cut"));
    this.connection.readEnded();
  }

  /** One write's worth of output, which the socket keeps. */
  batch(): SentPdu[] {
    const batch = new OutputBatch();
    return this.connection.produce(batch) ? split(concat(batch.take())) : [];
  }

  /** What the initiator sends on a connection that is dead already: the target never sees it. */
  lost(): SentPdu[] {
    return this.#take();
  }

  /** Goes through a login that offers nothing but what `answers` says, and opens the window. */
  static loggedIn(options: ScriptOptions = {}): ScriptedTarget {
    const target = new ScriptedTarget(options);
    target.logIn();
    return target;
  }

  /** Goes through the login. */
  logIn(): void {
    this.connection.start(this.now);
    const isDone = () => this.connection.phase === "full-feature";
    for (let round = 0; round < 4 && !isDone(); round++) this.#answerLogin();
    assert.ok(isDone(), "the login did not end");
  }

  #answerLogin(): void {
    const request = this.only(Opcode.LoginRequest);
    const operational = request.pdu.csg === 1;
    const keys = operational ? this.#answers : [["AuthMethod", "None"] as const];
    this.maxCmdSn = (this.expCmdSn + this.#window - 1) >>> 0;
    this.loginResponse(request.pdu.itt, encodeText(keys), {
      transit: request.pdu.transit,
      csg: request.pdu.csg,
      nsg: request.pdu.nsg,
      tsih: operational || !this.#isLeading ? 1 : 0,
    });
  }

  /** Submits a command. */
  command(
    cdb: readonly number[],
    options: {
      dataIn?: Uint8Array;
      dataOut?: Uint8Array;
      streamIn?: StreamedDataIn;
      streamOut?: StreamedDataOut;
      timeoutMs?: number;
      lun?: bigint;
    } = {},
  ): Command {
    const { dataIn, dataOut, streamIn, streamOut, timeoutMs = 60_000, lun = 0n } = options;
    const command: { task: ScsiTask; outcome: Outcome } = {
      outcome: undefined,
      task: new ScsiTask({
        lun,
        command: { cdb: new Uint8Array(cdb), dataIn, dataOut },
        name: "TEST COMMAND",
        timeoutMs,
        now: this.now,
        streamIn,
        streamOut,
        owner: {
          completed: (result) => settle({ result }),
          failed: (error) => settle({ error }),
        },
      }),
    };
    const settle = (outcome: Outcome) => {
      assert.equal(command.outcome, undefined, "a command settled twice");
      command.outcome = outcome;
    };
    this.initiator.submit(command.task);
    return command;
  }

  text(pairs: readonly (readonly [string, string])[]): { outcome: string | { error: unknown } } {
    return this.textExchange(pairs).state;
  }

  /** Submits a text request; the exchange is for aborting it. */
  textExchange(pairs: readonly (readonly [string, string])[], timeoutMs: number = 30_000) {
    const state: { outcome: string | { error: unknown } } = { outcome: "" };
    const exchange = new TextExchange(encodeText(pairs), this.now, timeoutMs, {
      completed: (text) => state.outcome = new TextDecoder().decode(text),
      failed: (error) => state.outcome = { error },
    });
    this.initiator.submit(exchange);
    return { state, exchange };
  }

  /** Asks for a task management function that acts on many tasks. */
  manage(
    code: number,
    lun: bigint | undefined,
    options: { name?: string; timeoutMs?: number } = {},
  ): ManagedTasks {
    const { name = "TEST FUNCTION", timeoutMs = 1000 } = options;
    const managed: ManagedTasks = { outcome: "pending" };
    this.initiator.manage({ function: code, name, lun, timeoutMs }, {
      completed: () => managed.outcome = "complete",
      failed: (error) => managed.outcome = { error },
    }, this.now);
    return managed;
  }

  /** Everything that the initiator has to send, taken apart. */
  sent(): SentPdu[] {
    const pdus = this.#take();
    for (const { pdu } of pdus) this.#count(pdu);
    return pdus;
  }

  #take(): SentPdu[] {
    const pdus: SentPdu[] = [];
    while (this.connection.produce(this.#batch)) {
      pdus.push(...split(concat(this.#batch.take())));
      this.#batch.clear();
      this.connection.written();
    }
    return pdus;
  }

  /** The one PDU that the initiator has to send. */
  only<Code extends Opcode>(
    opcode: Code,
  ): SentPdu & { pdu: Extract<InitiatorPdu, { opcode: Code }> } {
    const pdus = this.sent();
    assert.deepEqual(pdus.map(({ pdu }) => pdu.opcode), [opcode]);
    return pdus[0] as SentPdu & { pdu: Extract<InitiatorPdu, { opcode: Code }> };
  }

  /** Hands bytes of a PDU to the initiator, `chunk` at a time. */
  override feed(pdu: Pdu, data: Uint8Array = NO_BYTES, chunk: number = Infinity): void {
    const wire = new Uint8Array(BHS_LENGTH + padded(data.length));
    encodePdu(pdu, wire.subarray(0, BHS_LENGTH));
    writeU24(wire, 5, data.length);
    wire.set(data, BHS_LENGTH);
    this.feedBytes(wire, chunk);
  }

  override feedBytes(wire: Uint8Array, chunk: number = Infinity): void {
    for (let at = 0; at < wire.length && !this.initiator.closed;) {
      if (this.connection.isPaused) return void this.#unread.push(wire.slice(at));
      const destination = this.connection.destination();
      const count = Math.min(destination.length, chunk, wire.length - at);
      destination.set(wire.subarray(at, at + count));
      this.connection.received(count, this.now);
      at += count;
    }
  }

  /** There may be room for data again: the connection reads on. */
  resume(): void {
    this.initiator.resume(this.now);
    for (const wire of this.#unread.splice(0)) this.feedBytes(wire);
  }

  /** ExpCmdSN and MaxCmdSN as they stand. */
  override numbers(): { expCmdSn: number; maxCmdSn: number } {
    return { expCmdSn: this.expCmdSn >>> 0, maxCmdSn: this.maxCmdSn >>> 0 };
  }

  /** Lets time pass, with a look at the clock at each deadline. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (let steps = 0; steps < 1000; steps++) {
      const next = this.initiator.nextDeadline();
      if (next > end) break;
      assert.ok(next > this.now || steps < 999, "the clock is looked at over and over again");
      this.now = Math.max(next, this.now);
      this.initiator.tick(this.now);
    }
    this.now = end;
  }

  /** Commands that a test took from the initiator by itself. */
  countCommands(count: number): void {
    this.expCmdSn = (this.expCmdSn + count) >>> 0;
    this.maxCmdSn = (this.expCmdSn + this.#window - 1) >>> 0;
  }

  #count(pdu: InitiatorPdu): void {
    const numbered = "cmdSn" in pdu && !("immediate" in pdu && pdu.immediate) &&
      pdu.opcode !== Opcode.LoginRequest;
    if (!numbered) return;
    if (this.initiator.cids.length > 1 || !this.#isLeading) return this.#countPast(pdu.cmdSn);
    assert.equal(pdu.cmdSn, this.expCmdSn >>> 0, "commands arrive in the order of CmdSN");
    this.countCommands(1);
  }

  /** Over several connections commands may come in any order; a test looks at their numbers by itself. */
  #countPast(cmdSn: number): void {
    if (((cmdSn - this.expCmdSn) | 0) >= 0) this.countCommands(((cmdSn - this.expCmdSn) | 0) + 1);
  }
}

function isOfConnection([key]: readonly [string, string]): boolean {
  return key === "MaxRecvDataSegmentLength" || key.endsWith("Digest");
}

function split(wire: Uint8Array): SentPdu[] {
  const pdus: SentPdu[] = [];
  for (let at = 0; at < wire.length;) {
    const bhs = wire.slice(at, at + BHS_LENGTH);
    const dataAt = at + BHS_LENGTH + ahsLength(bhs);
    const length = dataSegmentLength(bhs);
    pdus.push({
      pdu: decodePdu(bhs) as InitiatorPdu,
      bhs,
      ahs: wire.slice(at + BHS_LENGTH, dataAt),
      data: wire.slice(dataAt, dataAt + length),
    });
    at = dataAt + padded(length);
  }
  return pdus;
}
