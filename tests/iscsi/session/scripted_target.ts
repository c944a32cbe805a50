import assert from "node:assert/strict";
import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import type { LoginOptions, NegotiatedParameters } from "../../../iscsi/negotiation/login.ts";
import { encodeText } from "../../../iscsi/negotiation/text_keys.ts";
import {
  ahsLength,
  BHS_LENGTH,
  dataSegmentLength,
  padded,
  RESERVED_TAG,
  writeU24,
} from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { decodePdu, encodePdu, type InitiatorPdu, type Pdu } from "../../../iscsi/pdu/pdu.ts";
import { Initiator } from "../../../iscsi/session/initiator.ts";
import type { KeepaliveOptions } from "../../../iscsi/connection/keepalive.ts";
import { OutputBatch } from "../../../iscsi/connection/output_batch.ts";
import { ScsiTask } from "../../../iscsi/session/scsi_task.ts";
import { TextExchange } from "../../../iscsi/session/text_exchange.ts";

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
const ISID: Uint8Array = new Uint8Array([0x80, 1, 2, 3, 4, 5]);

export interface ScriptOptions {
  /** Keys of the login response. */
  readonly answers?: readonly (readonly [string, string])[];
  readonly login?: Partial<LoginOptions>;
  readonly keepalive?: KeepaliveOptions | false;
  /** Commands that the target lets in ahead of the last one it has seen. */
  readonly window?: number;
}

/** The initiator's core, played against by hand: a test is the target, and time is a number. */
export class ScriptedTarget {
  readonly initiator: Initiator;
  now = 0;
  parameters: NegotiatedParameters | undefined;
  closedWith: { error: unknown } | undefined;
  readonly notices: string[] = [];
  redirect: string | undefined;

  statSn = 100;
  expCmdSn = 1;
  maxCmdSn = 1;
  readonly #window: number;
  readonly #answers: readonly (readonly [string, string])[];
  readonly #batch = new OutputBatch();

  constructor(options: ScriptOptions = {}) {
    const { answers = [], login = {}, keepalive = false, window = 32 } = options;
    this.#answers = answers;
    this.#window = window;
    this.initiator = new Initiator({
      login: {
        initiatorName: "iqn.2026-03.com.example:initiator",
        targetName: "iqn.2026-03.com.example:tape",
        ...login,
      },
      loginConnection: { isid: ISID, tsih: 0, randomBytes: (n) => new Uint8Array(n).fill(7) },
      connection: { cid: 0, stagingBytes: 4096 },
      loginTimeoutMs: 15_000,
      abortTimeoutMs: 5_000,
      logoutTimeoutMs: 5_000,
      keepalive,
    }, {
      loggedIn: (parameters) => this.parameters = parameters,
      redirected: (address) => this.redirect = address,
      closed: (error) => this.closedWith = { error },
      deadlineMoved: () => {},
      notice: (message) => this.notices.push(message),
    });
  }

  /** Goes through a login that offers nothing but what `answers` says, and opens the window. */
  static loggedIn(options: ScriptOptions = {}): ScriptedTarget {
    const target = new ScriptedTarget(options);
    target.initiator.start(0);
    for (let round = 0; round < 4 && !target.parameters; round++) target.#answerLogin();
    assert.ok(target.parameters, "the login did not end");
    return target;
  }

  #answerLogin(): void {
    const request = this.only(Opcode.LoginRequest);
    const operational = request.pdu.csg === 1;
    const keys = operational ? this.#answers : [["AuthMethod", "None"] as const];
    this.maxCmdSn = this.expCmdSn + this.#window - 1;
    this.feed({
      opcode: Opcode.LoginResponse,
      transit: request.pdu.transit,
      continue: false,
      csg: request.pdu.csg,
      nsg: request.pdu.nsg,
      versionMax: 0,
      versionActive: 0,
      isid: ISID,
      tsih: operational ? 1 : 0,
      itt: request.pdu.itt,
      statSn: this.statSn++,
      expCmdSn: this.expCmdSn,
      maxCmdSn: this.maxCmdSn,
      statusClass: 0,
      statusDetail: 0,
    }, encodeText(keys));
  }

  /** Submits a command. */
  command(
    cdb: readonly number[],
    options: { dataIn?: Uint8Array; dataOut?: Uint8Array; timeoutMs?: number; lun?: bigint } = {},
  ): Command {
    const { dataIn, dataOut, timeoutMs = 60_000, lun = 0n } = options;
    const command: { task: ScsiTask; outcome: Outcome } = {
      outcome: undefined,
      task: new ScsiTask({
        lun,
        command: { cdb: new Uint8Array(cdb), dataIn, dataOut },
        name: "TEST COMMAND",
        timeoutMs,
        now: this.now,
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
    const exchange: { outcome: string | { error: unknown } } = { outcome: "" };
    this.initiator.submitText(
      new TextExchange(encodeText(pairs), this.now, 30_000, {
        completed: (text) => exchange.outcome = new TextDecoder().decode(text),
        failed: (error) => exchange.outcome = { error },
      }),
    );
    return exchange;
  }

  /** Everything that the initiator has to send, taken apart. */
  sent(): SentPdu[] {
    const pdus: SentPdu[] = [];
    while (this.initiator.produce(this.#batch)) {
      pdus.push(...split(concatenated(this.#batch.take())));
      this.#batch.clear();
      this.initiator.written();
    }
    for (const { pdu } of pdus) this.#count(pdu);
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
  feed(pdu: Pdu, data: Uint8Array = NO_BYTES, chunk: number = Infinity): void {
    const wire = new Uint8Array(BHS_LENGTH + padded(data.length));
    encodePdu(pdu, wire.subarray(0, BHS_LENGTH));
    writeU24(wire, 5, data.length);
    wire.set(data, BHS_LENGTH);
    this.feedBytes(wire, chunk);
  }

  feedBytes(wire: Uint8Array, chunk: number = Infinity): void {
    for (let at = 0; at < wire.length && !this.initiator.closed;) {
      const destination = this.initiator.destination();
      const count = Math.min(destination.length, chunk, wire.length - at);
      destination.set(wire.subarray(at, at + count));
      this.initiator.received(count, this.now);
      at += count;
    }
  }

  /** SCSI Response to a command. */
  respond(
    itt: number,
    fields: Partial<Extract<Pdu, { opcode: typeof Opcode.ScsiResponse }>> = {},
    data: Uint8Array = NO_BYTES,
  ): void {
    this.feed({
      opcode: Opcode.ScsiResponse,
      bidirectionalOverflow: false,
      bidirectionalUnderflow: false,
      overflow: false,
      underflow: false,
      response: 0,
      status: 0,
      itt,
      snackTag: 0,
      statSn: this.statSn++,
      expDataSn: 0,
      bidirectionalResidual: 0,
      residual: 0,
      ...this.numbers(),
      ...fields,
    }, data);
  }

  /** Data-In of a command. */
  dataIn(
    itt: number,
    data: Uint8Array,
    fields: Partial<Extract<Pdu, { opcode: typeof Opcode.DataIn }>> = {},
    chunk: number = Infinity,
  ): void {
    this.feed(
      {
        opcode: Opcode.DataIn,
        final: true,
        acknowledge: false,
        overflow: false,
        underflow: false,
        hasStatus: false,
        status: 0,
        lun: 0n,
        itt,
        ttt: RESERVED_TAG,
        statSn: fields.hasStatus ? this.statSn++ : 0,
        dataSn: 0,
        bufferOffset: 0,
        residual: 0,
        ...this.numbers(),
        ...fields,
      },
      data,
      chunk,
    );
  }

  /** R2T for a command. */
  readyToTransfer(
    itt: number,
    fields: Partial<Extract<Pdu, { opcode: typeof Opcode.ReadyToTransfer }>>,
  ): void {
    this.feed({
      opcode: Opcode.ReadyToTransfer,
      lun: 0n,
      itt,
      ttt: 1,
      statSn: this.statSn,
      r2tSn: 0,
      bufferOffset: 0,
      desiredDataTransferLength: 0,
      ...this.numbers(),
      ...fields,
    });
  }

  /** ExpCmdSN and MaxCmdSN as they stand. */
  numbers(): { expCmdSn: number; maxCmdSn: number } {
    return { expCmdSn: this.expCmdSn >>> 0, maxCmdSn: this.maxCmdSn >>> 0 };
  }

  /** Lets time pass, with a look at the clock at each deadline. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (let steps = 0; steps < 1000; steps++) {
      const next = this.initiator.nextDeadline();
      if (next > end) break;
      this.now = next;
      this.initiator.tick(this.now);
    }
    this.now = end;
  }

  #count(pdu: InitiatorPdu): void {
    const numbered = "cmdSn" in pdu && !("immediate" in pdu && pdu.immediate) &&
      pdu.opcode !== Opcode.LoginRequest;
    if (!numbered) return;
    assert.equal(pdu.cmdSn, this.expCmdSn >>> 0, "commands arrive in the order of CmdSN");
    this.expCmdSn = (this.expCmdSn + 1) >>> 0;
    this.maxCmdSn = (this.expCmdSn + this.#window - 1) >>> 0;
  }
}

function concatenated(chunks: readonly Uint8Array[]): Uint8Array {
  const wire = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    wire.set(chunk, at);
    at += chunk.length;
  }
  return wire;
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
