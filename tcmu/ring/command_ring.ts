/**
 * The ring in which the kernel hands over commands, and takes answers.
 *
 * @module
 */

import { areaBytes, clear, gather, scatter } from "./data_area.ts";
import { ENTRY_ALIGNMENT, Mailbox } from "./mailbox.ts";
import {
  corrupt,
  decodeCommand,
  decodeTaskManagement,
  EntryKind,
  EntryOffset,
  KIND_MASK,
  type RingCommand,
  type RingTaskManagement,
} from "./ring_entry.ts";

const UNKNOWN_KIND = 0x1;
const HAS_READ_LENGTH = 0x2;
const NO_BYTES = new Uint8Array(0);

/** The answer to a command. */
export interface RingAnswer {
  /** SAM-5 status code. */
  readonly status: number;
  /** Sense data; the kernel takes 96 bytes of it. @default none */
  readonly sense?: Uint8Array;
  /** Data-In; what finds no room is left out. @default none */
  readonly dataIn?: Uint8Array;
}

/** A stretch of the ring between the tail and what was taken. */
interface Slot {
  readonly length: number;
  /** Whether a command was in it, so that it will be given back with an answer. */
  readonly isCommand: boolean;
}

/**
 * One user's view of the ring. Commands are copied out of it when they are taken, so that they can be answered in any
 * order: each answer goes into the oldest slot that waits for one, and names its command.
 */
export class CommandRing {
  readonly #mailbox: Mailbox;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #open = new Map<number, RingCommand>();
  readonly #slots: Slot[] = [];
  /** Where the first of `#slots` begins, and where the last ends. */
  #tail: number;
  #taken: number;

  /** Begins at the tail: what the kernel has put there already comes first. @throws {TcmuError} when there is no ring. */
  constructor(memory: ArrayBuffer) {
    this.#mailbox = new Mailbox(memory);
    this.#bytes = new Uint8Array(memory);
    this.#view = new DataView(memory);
    this.#tail = this.#taken = this.#mailbox.tail;
  }

  /** Whether the kernel tells of task management functions. */
  get hasTaskManagement(): boolean {
    return this.#mailbox.hasTaskManagement;
  }

  /** What has come since the last call, in order. @throws {TcmuError} when the ring makes no sense. */
  take(): (RingCommand | RingTaskManagement)[] {
    const entries: (RingCommand | RingTaskManagement)[] = [];
    const head = this.#mailbox.head;
    while (this.#taken !== head) {
      const entry = this.#takeOne(head);
      if (entry !== undefined) entries.push(entry);
    }
    this.#giveBack();
    return entries;
  }

  /** The Data-Out of a command that was taken, copied into `into`, which is no longer than the command's data. */
  dataOut({ areas }: RingCommand, into: Uint8Array): void {
    gather(this.#bytes, areas, into);
  }

  /** Answers a command that was taken and not answered. The kernel looks once it is notified. */
  answer(command: RingCommand, { status, sense = NO_BYTES, dataIn }: RingAnswer): void {
    if (this.#open.get(command.id) !== command) {
      throw new RangeError(`Command ${command.id} is not one that waits for an answer`);
    }
    this.#open.delete(command.id);
    const room = command.returnAreas.length > 0 ? command.returnAreas : command.areas;
    const read = dataIn === undefined ? 0 : scatter(this.#bytes, room, dataIn);
    // Of a length of 0 the kernel makes the whole length: nothing of other commands may be there.
    if (dataIn?.length === 0) clear(this.#bytes, room);
    const at = this.#mailbox.ringOffset + this.#tail;
    this.#view.setUint16(at + EntryOffset.id, command.id, true);
    this.#bytes[at + EntryOffset.userFlags] = HAS_READ_LENGTH;
    this.#bytes.fill(0, at + EntryOffset.headerEnd, at + EntryOffset.answerEnd);
    this.#bytes[at + EntryOffset.status] = status;
    this.#view.setUint32(at + EntryOffset.readLength, read, true);
    const senseRoom = EntryOffset.answerEnd - EntryOffset.sense;
    this.#bytes.set(sense.subarray(0, senseRoom), at + EntryOffset.sense);
    this.#advance();
    this.#giveBack();
  }

  #takeOne(head: number): RingCommand | RingTaskManagement | undefined {
    const offset = this.#mailbox.ringOffset + this.#taken;
    const word = this.#view.getUint32(offset, true);
    const kind = word & KIND_MASK;
    const length = (word & ~KIND_MASK) >>> 0;
    this.#checkLength(offset, length, head);
    const entry = this.#decode(kind, offset, length);
    this.#slots.push({ length, isCommand: kind === EntryKind.Command });
    this.#taken = (this.#taken + length) % this.#mailbox.ringBytes;
    return entry;
  }

  #checkLength(offset: number, length: number, head: number): void {
    const { ringBytes } = this.#mailbox;
    const filled = (head - this.#taken + ringBytes) % ringBytes;
    const toEnd = ringBytes - this.#taken;
    if (length < ENTRY_ALIGNMENT || length > Math.min(filled, toEnd)) {
      throw corrupt(offset, `an entry of ${length} bytes, with ${Math.min(filled, toEnd)} filled`);
    }
  }

  #decode(
    kind: number,
    offset: number,
    length: number,
  ): RingCommand | RingTaskManagement | undefined {
    switch (kind) {
      case EntryKind.Command:
        return this.#opened(decodeCommand(this.#view, offset, length), offset);
      case EntryKind.TaskManagement:
        return decodeTaskManagement(this.#view, offset, length);
      case EntryKind.Padding:
        return undefined;
      default:
        this.#bytes[offset + EntryOffset.userFlags] |= UNKNOWN_KIND;
        return undefined;
    }
  }

  #opened(command: RingCommand, offset: number): RingCommand {
    if (this.#open.has(command.id)) {
      throw corrupt(offset, `command ${command.id}, which has come before and was not answered`);
    }
    this.#open.set(command.id, command);
    return command;
  }

  /** Padding and task management are given back without an answer, once what stands before them has one. */
  #giveBack(): void {
    while (this.#slots.length > 0 && !this.#slots[0].isCommand) this.#advance();
    this.#mailbox.tail = this.#tail;
  }

  #advance(): void {
    const { length } = this.#slots.shift()!;
    this.#tail = (this.#tail + length) % this.#mailbox.ringBytes;
  }
}

/** Bytes of data that came, or find room, with a command. */
export function commandBytes({ areas }: RingCommand): number {
  return areaBytes(areas);
}
