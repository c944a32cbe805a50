import assert from "node:assert/strict";
import {
  NO_DIGESTS,
  OutputBatch,
  type OutputDigests,
} from "../../../iscsi/connection/output_batch.ts";
import { encodeText, type KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { RunningCrc32c } from "../../../iscsi/pdu/crc32c.ts";
import type { DataIn } from "../../../iscsi/pdu/data_in.ts";
import { PduFramer } from "../../../iscsi/pdu/framer.ts";
import type { LoginResponse } from "../../../iscsi/pdu/login.ts";
import type { LogoutResponse } from "../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import {
  decodePdu,
  encodePdu,
  type InitiatorPdu,
  opcodeName,
  type Pdu,
} from "../../../iscsi/pdu/pdu.ts";
import type { ScsiCommand } from "../../../iscsi/pdu/scsi_command.ts";
import type { ScsiResponse } from "../../../iscsi/pdu/scsi_response.ts";
import { decodeText } from "../../../iscsi/negotiation/text_keys.ts";
import type { TaskManagementRequest } from "../../../iscsi/pdu/task_management.ts";
import type { ByteStream } from "../../../transport/byte_stream.ts";
import { concat } from "../../../transport/concat.ts";

/** A PDU from the target with its data segment. */
export interface Received<P extends Pdu = Pdu> {
  readonly pdu: P;
  readonly data: Uint8Array;
}

/** What a test may change about a PDU that it sends. */
export interface SendOptions {
  readonly ahs?: Uint8Array;
  /** Damages the data digest. */
  readonly corrupt?: boolean;
}

/** What a login says; the rest is as an initiator would have it. */
export interface ScriptedLogin {
  readonly initiatorName?: string;
  readonly isid?: readonly number[];
  readonly cmdSn?: number;
  /** Keys of the operational stage. */
  readonly keys?: readonly KeyValuePair[];
  readonly discovery?: boolean;
  readonly targetName?: string;
  /** The session to join. */
  readonly tsih?: number;
  readonly cid?: number;
}

export const TARGET_NAME = "iqn.2026-03.com.example:tape";
export const INITIATOR_NAME = "iqn.2026-03.com.example:tester";
const NO_BYTES = new Uint8Array(0);

/** An initiator that does what its test says, right or wrong. */
export class ScriptedInitiator {
  cmdSn = 1;
  /** What every PDU acknowledges. */
  expStatSn = 0;
  cid = 0;
  readonly #stream: ByteStream;
  readonly #framer: PduFramer;
  readonly #received: Received[] = [];
  #digests: OutputDigests = NO_DIGESTS;
  #itt = 100;
  readonly isid: number[] = [0x80, 1, 2, 3, 0, 1];

  constructor(stream: ByteStream) {
    this.#stream = stream;
    this.#framer = new PduFramer({
      place: () => undefined,
      receive: (header, data, intact) => {
        assert.ok(intact, "the target's data digest is right");
        this.#received.push({ pdu: decodePdu(header)!, data: data.slice() });
      },
    }, { maxDataSegmentLength: 2 ** 24 - 1, stagingBytes: 65536 });
  }

  /** A tag that was not used before. */
  tag(): number {
    return this.#itt++;
  }

  async send(pdu: InitiatorPdu, data: Uint8Array = NO_BYTES, options: SendOptions = {}) {
    const batch = new OutputBatch();
    encodePdu(pdu, batch.bhs);
    batch.add(data, this.#digests, options.ahs);
    const chunks = batch.take().map((chunk) => chunk.slice());
    if (options.corrupt) chunks.at(-1)![chunks.at(-1)!.length - 1] ^= 0xff;
    await this.sendBytes(chunks);
  }

  sendBytes(chunks: readonly Uint8Array[]): Promise<void> {
    return this.#stream.write(chunks);
  }

  /** The next PDU; undefined when the target has closed the connection. */
  async next(): Promise<Received | undefined> {
    while (this.#received.length === 0) {
      const count = await this.#stream.read(this.#framer.destination());
      if (count === null) return undefined;
      this.#framer.advance(count);
    }
    return this.#received.shift();
  }

  /** The next PDU, which must be of this kind. */
  async expect<Code extends Pdu["opcode"]>(
    opcode: Code,
  ): Promise<Received<Extract<Pdu, { opcode: Code }>>> {
    const received = await this.next();
    const name = received === undefined ? "the end" : opcodeName(received.pdu.opcode);
    assert.equal(name, opcodeName(opcode));
    return received as Received<Extract<Pdu, { opcode: Code }>>;
  }

  /** The target must close the connection without another word. */
  async expectEnd(): Promise<void> {
    assert.equal(await this.next(), undefined);
  }

  close(): void {
    this.#stream.close();
  }

  /** One Login Request and its answer. */
  async loginRound(
    fields: { csg: number; nsg?: number; transit?: boolean; continue?: boolean; tsih?: number },
    text: readonly KeyValuePair[] | Uint8Array,
  ): Promise<Received<LoginResponse>> {
    await this.send({
      opcode: Opcode.LoginRequest,
      transit: fields.transit ?? true,
      continue: fields.continue ?? false,
      csg: fields.csg,
      nsg: fields.transit === false ? 0 : fields.nsg ?? 3,
      versionMax: 0,
      versionMin: 0,
      isid: Uint8Array.from(this.isid),
      tsih: fields.tsih ?? 0,
      itt: 1,
      cid: this.cid,
      cmdSn: this.cmdSn,
      expStatSn: this.expStatSn,
    }, text instanceof Uint8Array ? text : encodeText(text));
    return await this.expect(Opcode.LoginResponse);
  }

  /** Logs in without authentication, in one round. */
  async login(options: ScriptedLogin = {}): Promise<LoginResponse> {
    const { keys = [], discovery = false, targetName = TARGET_NAME } = options;
    this.cmdSn = options.cmdSn ?? this.cmdSn;
    this.cid = options.cid ?? this.cid;
    // Tags are unique in the whole session.
    if (options.tsih) this.#itt += 10_000 * this.cid;
    if (options.isid) this.isid.splice(0, 6, ...options.isid);
    const { pdu, data } = await this.loginRound({ csg: 1, tsih: options.tsih }, [
      ["InitiatorName", options.initiatorName ?? INITIATOR_NAME],
      ...(discovery
        ? [["SessionType", "Discovery"] as const]
        : [["TargetName", targetName] as const]),
      ...keys,
    ]);
    assert.deepEqual([pdu.statusClass, pdu.statusDetail], [0, 0]);
    assert.ok(pdu.transit && pdu.nsg === 3);
    this.#useDigests(new Map(decodeText(data)));
    return pdu;
  }

  #useDigests(answers: ReadonlyMap<string, string>): void {
    const header = answers.get("HeaderDigest") === "CRC32C";
    const data = answers.get("DataDigest") === "CRC32C";
    this.#digests = { header, data: data ? new RunningCrc32c() : undefined };
    this.#framer.setDigests(header, data ? new RunningCrc32c() : undefined);
  }

  /** A SCSI Command with the next CmdSN; returns it for its tag and number. */
  async command(
    fields: Partial<ScsiCommand>,
    data: Uint8Array = NO_BYTES,
    options: SendOptions = {},
  ): Promise<ScsiCommand> {
    const pdu: ScsiCommand = {
      opcode: Opcode.ScsiCommand,
      immediate: false,
      final: true,
      read: false,
      write: false,
      attributes: 1,
      lun: 0n,
      itt: this.tag(),
      expectedDataTransferLength: 0,
      cmdSn: this.cmdSn,
      expStatSn: this.expStatSn,
      cdb: new Uint8Array(16),
      ...fields,
    };
    if (!pdu.immediate && fields.cmdSn === undefined) this.cmdSn = (this.cmdSn + 1) >>> 0;
    await this.send(pdu, data, options);
    return pdu;
  }

  /** A Data-Out PDU. */
  dataOut(
    fields: { itt: number; offset: number; dataSn?: number; final?: boolean; ttt?: number },
    data: Uint8Array,
    options: SendOptions = {},
  ): Promise<void> {
    return this.send(
      {
        opcode: Opcode.DataOut,
        final: fields.final ?? true,
        lun: 0n,
        itt: fields.itt,
        ttt: fields.ttt ?? RESERVED_TAG,
        expStatSn: this.expStatSn,
        dataSn: fields.dataSn ?? 0,
        bufferOffset: fields.offset,
      },
      data,
      options,
    );
  }

  /** A ping whose answer proves that the target has nothing to say before it. */
  async expectSilence(): Promise<void> {
    const itt = this.tag();
    await this.ping({ itt });
    const { pdu } = await this.expect(Opcode.NopIn);
    assert.equal(pdu.itt, itt);
  }

  ping(
    fields: { itt: number; immediate?: boolean; cmdSn?: number; ttt?: number },
    data: Uint8Array = NO_BYTES,
  ): Promise<void> {
    return this.send({
      opcode: Opcode.NopOut,
      immediate: fields.immediate ?? true,
      lun: 0n,
      itt: fields.itt,
      ttt: fields.ttt ?? RESERVED_TAG,
      cmdSn: fields.cmdSn ?? this.cmdSn,
      expStatSn: this.expStatSn,
    }, data);
  }

  /** A SNACK. */
  snack(
    fields: { type: number; itt?: number; ttt?: number; begRun?: number; runLength?: number },
  ): Promise<void> {
    return this.send({
      opcode: Opcode.Snack,
      type: fields.type,
      lun: 0n,
      itt: fields.itt ?? RESERVED_TAG,
      ttt: fields.ttt ?? RESERVED_TAG,
      expStatSn: this.expStatSn,
      begRun: fields.begRun ?? 0,
      runLength: fields.runLength ?? 0,
    });
  }

  /** An immediate task management request, and the code of its response. */
  async manage(request: Partial<TaskManagementRequest>): Promise<number> {
    await this.send({
      opcode: Opcode.TaskManagementRequest,
      immediate: true,
      function: 0,
      lun: 0n,
      itt: this.tag(),
      referencedTaskTag: RESERVED_TAG,
      cmdSn: this.cmdSn,
      expStatSn: this.expStatSn,
      refCmdSn: 0,
      expDataSn: 0,
      ...request,
    });
    return (await this.expect(Opcode.TaskManagementResponse)).pdu.response;
  }

  /** An immediate Logout Request, and its response. */
  async logout(reason: number, cid: number = this.cid): Promise<LogoutResponse> {
    await this.send({
      opcode: Opcode.LogoutRequest,
      immediate: true,
      reason,
      itt: this.tag(),
      cid,
      cmdSn: this.cmdSn,
      expStatSn: this.expStatSn,
    });
    return (await this.expect(Opcode.LogoutResponse)).pdu;
  }

  /** Data-In up to and with the status, put together. */
  async readData(): Promise<{ data: Uint8Array; pdus: DataIn[]; response?: ScsiResponse }> {
    const parts: Uint8Array[] = [];
    const pdus: DataIn[] = [];
    for (;;) {
      const received = await this.next();
      assert.ok(received, "the connection is open");
      const { pdu, data } = received;
      if (pdu.opcode === Opcode.ScsiResponse) return { data: concat(parts), pdus, response: pdu };
      assert.equal(pdu.opcode, Opcode.DataIn);
      pdus.push(pdu as DataIn);
      parts.push(data);
      if ((pdu as DataIn).hasStatus) return { data: concat(parts), pdus };
    }
  }
}

/** Bytes that differ from one another, so that what is out of place shows. */
export function pattern(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) * 13 + seed) & 0xff);
}
