import assert from "node:assert/strict";
import { concat } from "../../../transport/concat.ts";
import { digest, FINAL, header, NO_TAG, Op, type WirePdu } from "./wire_pdu.ts";
import { WireStream } from "./wire_stream.ts";

/** Numbers of the session that every connection tells: what the target has let in. */
export interface WindowNumbers {
  expCmdSn: number;
  maxCmdSn: number;
  /** Takes in a numbered command. */
  count(cmdSn: number): void;
}

/** Fields of a SCSI Response; what is left out is 0. */
export interface ResponseFields {
  readonly status?: number;
  readonly response?: number;
  /** o 10h, u 08h, O 04h, U 02h. */
  readonly flags?: number;
  readonly residual?: number;
  readonly expDataSn?: number;
  readonly statSn?: number;
  readonly snackTag?: number;
  readonly data?: Uint8Array;
  /** Which digest is wrong. */
  readonly spoil?: "header" | "data";
}

/** Fields of a Data-In. */
export interface DataInFields {
  /** F 80h, A 40h, O 04h, U 02h, S 01h. @default F */
  readonly flags?: number;
  readonly status?: number;
  readonly dataSn?: number;
  readonly offset?: number;
  readonly residual?: number;
  readonly ttt?: number;
  readonly lun?: bigint;
  readonly statSn?: number;
}

/** Fields of an R2T. */
export interface R2tFields {
  readonly ttt: number;
  readonly r2tSn?: number;
  readonly offset: number;
  readonly length: number;
  readonly lun?: bigint;
}

/** S of a Data-In: it carries the status. */
export const STATUS = 0x01;
/** A of a Data-In: it asks for a DataACK. */
export const ACKNOWLEDGE = 0x40;

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Lets everything happen that needs no time. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** One connection as a target has it: sends PDUs made by hand, and looks at what comes. */
export class WireConnection {
  readonly stream = new WireStream();
  statSn: number;
  readonly #numbers: WindowNumbers;
  #looked = 0;

  constructor(numbers: WindowNumbers, statSn: number) {
    this.#numbers = numbers;
    this.statSn = statSn;
  }

  /** All PDUs that have come and were not looked at. */
  async received(): Promise<WirePdu[]> {
    await turn();
    const pdus = this.stream.sent.slice(this.#looked);
    for (let index = 0; index < pdus.length; index++) this.#look();
    return pdus;
  }

  /** The next PDU; it must be of this kind. */
  async next(opcode: number): Promise<WirePdu> {
    if (this.stream.sent.length === this.#looked) await turn();
    assert.ok(this.stream.sent.length > this.#looked, "the initiator has sent nothing more");
    const pdu = this.#look();
    assert.equal(name(pdu.opcode), name(opcode));
    return pdu;
  }

  /** The next PDU, which must be of this kind and the last one. */
  async only(opcode: number): Promise<WirePdu> {
    const pdu = await this.next(opcode);
    await this.quiet();
    return pdu;
  }

  /** Nothing more has come. */
  async quiet(): Promise<void> {
    assert.deepEqual((await this.received()).map(({ opcode }) => name(opcode)), []);
  }

  #look(): WirePdu {
    const pdu = this.stream.sent[this.#looked++];
    const isNumbered = pdu.opcode !== Op.LoginRequest && pdu.opcode !== Op.DataOut &&
      pdu.opcode !== Op.Snack && !pdu.immediate;
    if (isNumbered) this.#numbers.count(pdu.cmdSn);
    return pdu;
  }

  /** Sends a PDU: the numbers of the session, length, padding and digests are added. */
  send(bhs: Uint8Array, data: Uint8Array = NO_BYTES, spoil?: "header" | "data"): void {
    this.stream.deliver(this.encode(bhs, data, spoil));
  }

  /** The bytes of {@link send}. */
  encode(bhs: Uint8Array, data: Uint8Array = NO_BYTES, spoil?: "header" | "data"): Uint8Array {
    const view = new DataView(bhs.buffer);
    view.setUint32(28, this.#numbers.expCmdSn);
    view.setUint32(32, this.#numbers.maxCmdSn);
    view.setUint32(4, data.length);
    const { digests } = this.stream;
    const segment = new Uint8Array(Math.ceil(data.length / 4) * 4);
    segment.set(data);
    const parts = [bhs];
    if (digests.header) parts.push(spoiled(digest(bhs), spoil === "header"));
    parts.push(segment);
    if (digests.data && data.length > 0) parts.push(spoiled(digest(segment), spoil === "data"));
    return concat(parts);
  }

  loginResponse(
    request: WirePdu,
    text: string,
    fields: {
      readonly flags?: number;
      readonly status?: number;
      readonly tsih?: number;
      readonly statSn?: number;
      readonly isid?: Uint8Array;
      readonly itt?: number;
      readonly version?: number;
    } = {},
  ): void {
    const { flags = request.u8(1), status = 0, itt = request.itt, version = 0 } = fields;
    const { tsih = request.u16(14), statSn = this.statSn++ } = fields;
    const bhs = header(Op.LoginResponse, flags, {
      3: [8, version],
      14: [16, tsih],
      16: [32, itt],
      24: [32, statSn >>> 0],
      36: [16, status],
    });
    bhs.set(fields.isid ?? request.bhs.subarray(8, 14), 8);
    this.send(bhs, new TextEncoder().encode(text));
  }

  response(itt: number, fields: ResponseFields = {}): void {
    const { status = 0, response = 0, flags = 0, residual = 0, expDataSn = 0 } = fields;
    const { statSn = this.statSn++, snackTag = 0, data, spoil } = fields;
    this.send(
      header(Op.Response, FINAL | flags, {
        2: [8, response],
        3: [8, status],
        16: [32, itt],
        20: [32, snackTag],
        24: [32, statSn >>> 0],
        36: [32, expDataSn],
        44: [32, residual],
      }),
      data,
      spoil,
    );
  }

  dataIn(
    itt: number,
    data: Uint8Array,
    fields: DataInFields = {},
    spoil?: "header" | "data",
  ): void {
    const { flags = FINAL, status = 0, dataSn = 0, offset = 0, residual = 0 } = fields;
    const { ttt = NO_TAG, lun = 0n } = fields;
    const { statSn = flags & STATUS ? this.statSn++ : 0 } = fields;
    this.send(
      header(Op.DataIn, flags, {
        3: [8, status],
        8: [64, lun],
        16: [32, itt],
        20: [32, ttt],
        24: [32, statSn >>> 0],
        36: [32, dataSn],
        40: [32, offset],
        44: [32, residual],
      }),
      data,
      spoil,
    );
  }

  r2t(itt: number, { ttt, r2tSn = 0, offset, length, lun = 0n }: R2tFields): void {
    this.send(header(Op.R2t, FINAL, {
      8: [64, lun],
      16: [32, itt],
      20: [32, ttt],
      24: [32, this.statSn >>> 0],
      36: [32, r2tSn],
      40: [32, offset],
      44: [32, length],
    }));
  }

  /** NOP-In: numbers only, a ping (`ttt`), or the answer to one of the initiator's (`itt`). */
  nopIn(
    fields: { itt?: number; ttt?: number; lun?: bigint; data?: Uint8Array; statSn?: number } = {},
  ): void {
    const { itt = NO_TAG, ttt = NO_TAG, lun = 0n, data } = fields;
    const { statSn = itt === NO_TAG ? this.statSn : this.statSn++ } = fields;
    this.send(
      header(Op.NopIn, FINAL, {
        8: [64, lun],
        16: [32, itt],
        20: [32, ttt],
        24: [32, statSn >>> 0],
      }),
      data,
    );
  }

  taskResponse(itt: number, response = 0): void {
    this.send(header(Op.TaskResponse, FINAL, {
      2: [8, response],
      16: [32, itt],
      24: [32, this.statSn++ >>> 0],
    }));
  }

  /** `flags`: F 80h, C 40h. */
  textResponse(
    itt: number,
    text: string,
    fields: { flags?: number; ttt?: number; lun?: bigint } = {},
  ): void {
    const { flags = FINAL, ttt = NO_TAG, lun = 0n } = fields;
    this.send(
      header(Op.TextResponse, flags, {
        8: [64, lun],
        16: [32, itt],
        20: [32, ttt],
        24: [32, this.statSn++ >>> 0],
      }),
      new TextEncoder().encode(text),
    );
  }

  logoutResponse(itt: number, response = 0, time2Wait = 2): void {
    this.send(header(Op.LogoutResponse, FINAL, {
      2: [8, response],
      16: [32, itt],
      24: [32, this.statSn++ >>> 0],
      40: [16, time2Wait],
      42: [16, 20],
    }));
  }

  async(
    event: number,
    parameters: readonly number[] = [],
    lun = 0n,
    data: Uint8Array = NO_BYTES,
  ): void {
    const [one = 0, two = 0, three = 0] = parameters;
    const bhs = header(Op.Async, FINAL, {
      8: [64, lun],
      16: [32, NO_TAG],
      24: [32, this.statSn++ >>> 0],
      36: [8, event],
      38: [16, one],
      40: [16, two],
      42: [16, three],
    });
    this.send(bhs, data);
  }

  /** Rejects a PDU of the initiator's (RFC 7143 §11.17): its header is the data. */
  reject(rejected: WirePdu, reason: number): void {
    this.send(
      header(Op.Reject, FINAL, {
        2: [8, reason],
        16: [32, NO_TAG],
        24: [32, this.statSn++ >>> 0],
      }),
      rejected.bhs,
    );
  }
}

function spoiled(bytes: Uint8Array, spoil: boolean): Uint8Array {
  if (spoil) bytes[0] ^= 1;
  return bytes;
}

function name(opcode: number): string {
  return Object.entries(Op).find(([, code]) => code === opcode)?.[0] ?? opcode.toString(16);
}
