/**
 * PDUs as lines for people: a trace, and the last PDUs before something went wrong. Secrets are not shown.
 *
 * @module
 */

import type { Direction } from "../transport/tracing.ts";
import { InvalidOptionError } from "./errors.ts";
import { BHS_LENGTH, FLAGS, OPCODE, OPCODE_MASK } from "./pdu/bhs.ts";
import { Opcode } from "./pdu/opcode.ts";
import { clipped } from "./tracing/one_line.ts";
import { joined, pduWords } from "./tracing/pdu_words.ts";

/** As much as a log line should have; the numbers of every PDU fit. */
const MAX_LINE_LENGTH = 512;
const CONTINUE = 0x40;

/** What {@link describePdu} may know beside the bytes. */
export interface DescribePduOptions {
  /**
   * Whether the text of this Login or Text PDU is known to begin inside a pair, because the last one of its direction
   * had the C bit. The rest of that pair is then hidden. Unless it is known, a first pair is shown only if RFC 7143
   * defines its key, for it might be the rest of a secret.
   *
   * @default false
   */
  readonly continued?: boolean;
  /** Peripheral device type of the logical unit, for the names of commands. @default unknown: all that it may be */
  readonly deviceType?: number;
}

/**
 * One PDU as a line of at most 512 characters: `>` for out and `<` for in, the standard's name, then its fields, names
 * for codes, decoded sense, the keys of Login and Text.
 *
 *     > SCSI Command itt=5 lun=0 READ(6) edtl=262144 R F cmdsn=12 expstatsn=9 simple cdb=080004000000
 *     < SCSI Data-In itt=5 datasn=0 offset=0 length=262144 F S status=GOOD statsn=10 window=[13,45]
 *
 * Values of CHAP_C and CHAP_R, and of every key that RFC 7143 does not define or whose name sounds of a secret, come
 * out as `***`; user data does not come out at all. `header` is BHS and AHS (RFC 7143 §11.2) with their lengths filled
 * in, `data` the data segment or its beginning; nothing of either is kept. Never throws: of what is cut off or
 * malformed it shows what can be shown.
 */
export function describePdu(
  header: Uint8Array,
  data: Uint8Array,
  direction: Direction,
  options: DescribePduOptions = {},
): string {
  const { continued = false, deviceType } = options;
  const words = pduWords(header, data, { continued, deviceType });
  return clipped(`${direction === "out" ? ">" : "<"} ${joined(words)}`, MAX_LINE_LENGTH);
}

/** Options of a {@link PduRing}. */
export interface PduRingOptions {
  /** PDUs that are kept; each takes about 120 bytes from the start. @default 16 */
  readonly capacity?: number;
}

const KEPT_DATA_BYTES = 64;
const SLOT_BYTES = BHS_LENGTH + KEPT_DATA_BYTES;

/** The PDUs whose data segments have something to say; nobody's records or encryption keys are kept. */
const KEEPS_DATA: ReadonlySet<number> = new Set([
  Opcode.LoginRequest,
  Opcode.LoginResponse,
  Opcode.TextRequest,
  Opcode.TextResponse,
  Opcode.ScsiResponse,
  Opcode.AsyncMessage,
  Opcode.Reject,
]);
const HAS_TEXT: ReadonlySet<number> = new Set([
  Opcode.LoginRequest,
  Opcode.LoginResponse,
  Opcode.TextRequest,
  Opcode.TextResponse,
]);

/**
 * The last PDUs of a connection, in memory that is taken once. Keeping one copies at most 112 bytes; the lines are
 * made when they are asked for.
 */
export class PduRing {
  readonly #capacity: number;
  readonly #memory: Uint8Array;
  /** Bytes of header and of data in each slot. */
  readonly #headerLengths: Uint8Array;
  readonly #dataLengths: Uint8Array;
  readonly #directions: Direction[];
  readonly #continued: boolean[];
  /** Whether the last text of a direction had the C bit. */
  readonly #openText: Record<Direction, boolean> = { in: false, out: false };
  #added = 0;

  /**
   * A ring that holds nothing yet.
   *
   * @throws {InvalidOptionError} when `capacity` is no whole number from 1 on.
   */
  constructor(options: PduRingOptions = {}) {
    const { capacity = 16 } = options;
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new InvalidOptionError("capacity", `Keep the last PDUs: ${capacity} is not a count`);
    }
    this.#capacity = capacity;
    this.#memory = new Uint8Array(capacity * SLOT_BYTES);
    this.#headerLengths = new Uint8Array(capacity);
    this.#dataLengths = new Uint8Array(capacity);
    this.#directions = new Array<Direction>(capacity).fill("in");
    this.#continued = new Array<boolean>(capacity).fill(false);
  }

  /**
   * Keeps a PDU and forgets the oldest. `header` is BHS and AHS with their lengths filled in, `data` the data segment;
   * what is kept of both is copied.
   */
  add(header: Uint8Array, data: Uint8Array, direction: Direction): void {
    const slot = this.#added++ % this.#capacity;
    const opcode = header[OPCODE] & OPCODE_MASK;
    const at = slot * SLOT_BYTES;
    this.#headerLengths[slot] = this.#copy(header, BHS_LENGTH, at);
    const keepsData = KEEPS_DATA.has(opcode);
    this.#dataLengths[slot] = keepsData ? this.#copy(data, KEPT_DATA_BYTES, at + BHS_LENGTH) : 0;
    this.#directions[slot] = direction;
    this.#continued[slot] = this.#openText[direction];
    if (keepsData && HAS_TEXT.has(opcode)) {
      this.#openText[direction] = (header[FLAGS] & CONTINUE) !== 0;
    }
  }

  /** The kept PDUs, oldest first, as {@link describePdu} has them; text beyond 64 bytes is cut off. */
  lines(options: Pick<DescribePduOptions, "deviceType"> = {}): string[] {
    const first = Math.max(0, this.#added - this.#capacity);
    return Array.from(
      { length: this.#added - first },
      (_, index) => this.#line((first + index) % this.#capacity, options),
    );
  }

  #line(slot: number, options: Pick<DescribePduOptions, "deviceType">): string {
    const at = slot * SLOT_BYTES;
    const dataAt = at + BHS_LENGTH;
    return describePdu(
      this.#memory.subarray(at, at + this.#headerLengths[slot]),
      this.#memory.subarray(dataAt, dataAt + this.#dataLengths[slot]),
      this.#directions[slot],
      { ...options, continued: this.#continued[slot] },
    );
  }

  #copy(bytes: Uint8Array, max: number, at: number): number {
    if (bytes.length <= max) {
      this.#memory.set(bytes, at);
      return bytes.length;
    }
    // Byte by byte: cutting it would make a view for each PDU.
    for (let index = 0; index < max; index++) this.#memory[at + index] = bytes[index];
    return max;
  }
}
