/** PDUs as bytes, with offsets from the figures of RFC 7143 §11 and nothing from the library's own codec. */

/** Operation codes (RFC 7143 §11.2.1.2). */
export const Op = {
  NopOut: 0x00,
  Command: 0x01,
  TaskRequest: 0x02,
  LoginRequest: 0x03,
  TextRequest: 0x04,
  DataOut: 0x05,
  LogoutRequest: 0x06,
  Snack: 0x10,
  NopIn: 0x20,
  Response: 0x21,
  TaskResponse: 0x22,
  LoginResponse: 0x23,
  TextResponse: 0x24,
  DataIn: 0x25,
  LogoutResponse: 0x26,
  R2t: 0x31,
  Async: 0x32,
  Reject: 0x3f,
} as const;

/** The tag that stands for "none" (RFC 7143 §11.2.1.8, §11.7.4). */
export const NO_TAG = 0xffffffff;

/** F of every PDU, which is T of the login. */
export const FINAL = 0x80;
/** C of login and text. */
export const CONTINUE = 0x40;

/** A PDU that the initiator sent, field by field where the RFC's figures have them. */
export class WirePdu {
  readonly bhs: Uint8Array;
  readonly ahs: Uint8Array;
  readonly data: Uint8Array;
  readonly #view: DataView;

  constructor(bhs: Uint8Array, ahs: Uint8Array, data: Uint8Array) {
    this.bhs = bhs;
    this.ahs = ahs;
    this.data = data;
    this.#view = new DataView(bhs.buffer, bhs.byteOffset, 48);
  }

  u8(offset: number): number {
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    return this.#view.getUint16(offset);
  }

  u32(offset: number): number {
    return this.#view.getUint32(offset);
  }

  get immediate(): boolean {
    return (this.u8(0) & 0x40) !== 0;
  }

  get opcode(): number {
    return this.u8(0) & 0x3f;
  }

  /** F, T. */
  get final(): boolean {
    return (this.u8(1) & FINAL) !== 0;
  }

  get dataSegmentLength(): number {
    return this.u32(4) & 0xffffff;
  }

  /** The eight bytes as one number. */
  get lun(): bigint {
    return this.#view.getBigUint64(8);
  }

  get itt(): number {
    return this.u32(16);
  }

  /** Target Transfer Tag of NOP-Out, Text, Data-Out and SNACK; Referenced Task Tag of task management. */
  get ttt(): number {
    return this.u32(20);
  }

  /** Expected Data Transfer Length of a command. */
  get expectedLength(): number {
    return this.u32(20);
  }

  /** CID of login and logout. */
  get cid(): number {
    return this.u16(20);
  }

  get cmdSn(): number {
    return this.u32(24);
  }

  get expStatSn(): number {
    return this.u32(28);
  }

  get refCmdSn(): number {
    return this.u32(32);
  }

  /** DataSN of Data-Out, ExpDataSN of task management. */
  get dataSn(): number {
    return this.u32(36);
  }

  /** Buffer Offset of Data-Out, BegRun of SNACK. */
  get bufferOffset(): number {
    return this.u32(40);
  }

  get runLength(): number {
    return this.u32(44);
  }

  get cdb(): number[] {
    return [...this.bhs.subarray(32, 48)];
  }

  /** Function code, logout reason or SNACK type: byte 1 without its first bit. */
  get function(): number {
    return this.u8(1) & 0x7f;
  }

  get csg(): number {
    return this.u8(1) >> 2 & 3;
  }

  get nsg(): number {
    return this.u8(1) & 3;
  }

  get text(): string {
    return new TextDecoder().decode(this.data);
  }

  /** The keys of a login or text PDU (RFC 7143 §6.1). */
  get keys(): Record<string, string> {
    const pairs = this.text.split("\0").filter((pair) => pair !== "");
    return Object.fromEntries(pairs.map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }));
  }
}

/** Fields of a header to be sent, by offset. */
export interface Fields {
  readonly [offset: number]: readonly [bits: 8 | 16 | 32 | 64, value: number | bigint];
}

/** A header with its operation code, byte 1 and further fields. */
export function header(opcode: number, flags: number, fields: Fields): Uint8Array {
  const bhs = new Uint8Array(48);
  const view = new DataView(bhs.buffer);
  bhs[0] = opcode;
  bhs[1] = flags;
  for (const [offset, [bits, value]] of Object.entries(fields)) {
    const at = Number(offset);
    if (bits === 64) view.setBigUint64(at, BigInt(value));
    else if (bits === 32) view.setUint32(at, Number(value));
    else if (bits === 16) view.setUint16(at, Number(value));
    else view.setUint8(at, Number(value));
  }
  return bhs;
}

/** CRC32C bit by bit (RFC 7143 §11.2.3 and Appendix A), as the four bytes of the wire. */
export function digest(...parts: readonly Uint8Array[]): Uint8Array {
  let crc = 0xffffffff;
  for (const part of parts) {
    for (const byte of part) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
    }
  }
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, ~crc, true);
  return bytes;
}

/** Bytes of text as `key=value` pairs, each with its NUL. */
export function keysText(keys: Readonly<Record<string, string>>): string {
  return Object.entries(keys).map(([key, value]) => `${key}=${value}\0`).join("");
}
