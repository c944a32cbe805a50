import type { SharedRing } from "../server/shared_ring.ts";

/** What a test lets the kernel ask. */
export interface ScriptedCommand {
  readonly id: number;
  readonly cdb: readonly number[];
  /** Data areas: offset from the beginning of the data, length. */
  readonly areas?: readonly (readonly [offset: number, length: number])[];
  readonly returnAreas?: readonly (readonly [offset: number, length: number])[];
}

/** An answer, as the kernel finds it. */
export interface FoundAnswer {
  readonly id: number;
  readonly userFlags: number;
  readonly status: number;
  readonly readLength: number;
  readonly sense: Uint8Array;
}

const RING_OFFSET = 128;
const DATA_BYTES = 4096;

/** The kernel's side of a ring in plain memory, written from the layouts in linux/target_core_user.h. */
export class ScriptedKernel implements SharedRing {
  readonly memory: ArrayBuffer;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly data: Uint8Array;
  /** How often it was told to look. */
  notified = 0;
  readonly #ringBytes: number;
  /** Up to where answers were looked at. */
  #cleaned = 0;
  #wake: ((more: boolean) => void) | undefined;
  #pending = false;
  #gone = false;
  #onNotify: (() => void) | undefined;

  constructor({ ringBytes = 1024, flags = 7, version = 2, start = 0 } = {}) {
    this.memory = new ArrayBuffer(RING_OFFSET + ringBytes + DATA_BYTES);
    this.bytes = new Uint8Array(this.memory);
    this.view = new DataView(this.memory);
    this.data = this.bytes.subarray(RING_OFFSET + ringBytes);
    this.#ringBytes = ringBytes;
    this.view.setUint16(0, version, true);
    this.view.setUint16(2, flags, true);
    this.view.setUint32(4, RING_OFFSET, true);
    this.view.setUint32(8, ringBytes, true);
    this.head = start;
    this.view.setUint32(64, start, true);
    this.#cleaned = start;
  }

  get head(): number {
    return this.view.getUint32(12, true);
  }

  set head(position: number) {
    this.view.setUint32(12, position, true);
  }

  get tail(): number {
    return this.view.getUint32(64, true);
  }

  /** Bytes from the head to where the ring begins anew. */
  get toEnd(): number {
    return this.#ringBytes - this.head;
  }

  /** Puts a command where the head is, with padding before it when it does not fit behind; its length. */
  command({ id, cdb, areas = [], returnAreas = [] }: ScriptedCommand): number {
    const all = [...areas, ...returnAreas];
    const base = Math.max(48 + all.length * 16, 112);
    const length = base + Math.ceil(cdb.length / 8) * 8;
    if (length > this.toEnd) this.padding(this.toEnd);
    const at = this.#begin(length, 1, id);
    this.view.setUint32(at + 8, areas.length, true);
    this.view.setUint32(at + 12, returnAreas.length, true);
    this.view.setBigUint64(at + 24, BigInt(at + base), true);
    all.forEach(([offset, bytes], index) => {
      const base = BigInt(this.data.byteOffset + offset);
      this.view.setBigUint64(at + 48 + index * 16, base, true);
      this.view.setBigUint64(at + 56 + index * 16, BigInt(bytes), true);
    });
    this.bytes.set(cdb, at + base);
    this.#moveHead(length);
    return length;
  }

  padding(length: number): void {
    this.#begin(length, 0, 0);
    this.#moveHead(length);
  }

  taskManagement(functionCode: number, ids: readonly number[] = []): void {
    const length = Math.ceil((32 + ids.length * 2) / 8) * 8;
    const at = this.#begin(length, 2, 0);
    this.view.setUint8(at + 8, functionCode);
    this.view.setUint32(at + 12, ids.length, true);
    ids.forEach((id, index) => this.view.setUint16(at + 32 + index * 2, id, true));
    this.#moveHead(length);
  }

  /** An entry of a kind that there is not yet; its user flags are looked at through the memory at the place returned. */
  unknown(length: number): number {
    const at = this.#begin(length, 5, 0);
    this.#moveHead(length);
    return at;
  }

  /** The answers between where it last looked and the tail. */
  answers(): FoundAnswer[] {
    const found: FoundAnswer[] = [];
    while (this.#cleaned !== this.tail) {
      const at = RING_OFFSET + this.#cleaned;
      const word = this.view.getUint32(at, true);
      if ((word & 7) === 1) found.push(this.#answerAt(at));
      this.#cleaned = (this.#cleaned + (word & ~7)) % this.#ringBytes;
    }
    return found;
  }

  /** Wakes the user. */
  ring(): void {
    this.#pending = true;
    this.#settle();
  }

  /** The device is gone. */
  remove(): void {
    this.#gone = true;
    this.#settle();
  }

  /** Resolves when it has been told to look `count` times in all. */
  notifiedTimes(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onNotify = () => this.notified >= count && resolve();
      this.#onNotify();
    });
  }

  wait(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#settle();
    });
  }

  notify(): void {
    this.notified++;
    this.#onNotify?.();
  }

  #settle(): void {
    if (this.#wake === undefined || !(this.#pending || this.#gone)) return;
    const wake = this.#wake;
    this.#wake = undefined;
    this.#pending = false;
    wake(!this.#gone);
  }

  #begin(length: number, kind: number, id: number): number {
    const at = RING_OFFSET + this.head;
    // What was there before must not matter.
    this.bytes.fill(0xa5, at, at + length);
    this.bytes.fill(0, at, at + Math.min(length, 48));
    this.view.setUint32(at, length | kind, true);
    if (length > 4) this.view.setUint16(at + 4, id, true);
    return at;
  }

  #moveHead(length: number): void {
    this.head = (this.head + length) % this.#ringBytes;
  }

  #answerAt(at: number): FoundAnswer {
    return {
      id: this.view.getUint16(at + 4, true),
      userFlags: this.bytes[at + 7],
      status: this.bytes[at + 8],
      readLength: this.view.getUint32(at + 12, true),
      sense: this.bytes.slice(at + 16, at + 112),
    };
  }
}
