/**
 * READ ELEMENT STATUS until all elements are known, from changers that err in their counts, cut their answers short,
 * or refuse some of what can be asked for (SMC-3 §6.11).
 *
 * @module
 */

import { decodeElementStatus } from "../scsi/element/decode_element_status.ts";
import type { ElementAssignment } from "../scsi/element/changer_pages.ts";
import type { ElementStatus, ElementStatusData } from "../scsi/element/element_status.ts";
import { ELEMENT_TYPES, type ElementType, ElementTypeCode } from "../scsi/element/element_type.ts";
import type { ChangerDevice } from "./changer_device.ts";
import { type ElementRange, readElementStatusCdb } from "./commands.ts";
import { ChangerError } from "./errors.ts";

/** The header alone, which tells how long the whole is. */
const HEADER_LENGTH = 8;
/** Some changers keep the length in 16 bits. */
const MAX_ALLOCATION = 0xffff;
/** As many elements as surely fit: 12 bytes, two volume tags of 36, an identifier of up to 100. */
const CHUNK = 256;
const ALL_ADDRESSES: ElementRange = { first: 0, count: 0x10000 };
/** A library that looks different each time is believed all the same. */
const MAX_READINGS = 4;

/** What is asked for about each element; a changer that refuses it is not asked again. */
interface Extras {
  readonly volumeTags: boolean;
  readonly deviceIds: boolean;
}

const EVERYTHING: Extras = { volumeTags: true, deviceIds: true };
const TAGS: Extras = { volumeTags: true, deviceIds: false };
const IDS: Extras = { volumeTags: false, deviceIds: true };
const NOTHING: Extras = { volumeTags: false, deviceIds: false };

/** Options of {@linkcode ElementReader}. */
export interface ElementReadOptions {
  /** Asks for what is known without moving anything. @default false */
  readonly currentData?: boolean;
  /** Calls it off. */
  readonly signal?: AbortSignal;
}

/** Reads element status from one changer, and remembers what that changer refuses. */
export class ElementReader {
  readonly #device: ChangerDevice;
  readonly #assignment: ElementAssignment | undefined;
  /** What the changer takes, by type: tried in order, the answers joined. */
  readonly #accepted = new Map<ElementType, readonly Extras[]>();
  #hasHeaderPass = true;
  #hasCurrentData = true;
  /** How many answers the last list took. */
  #answers = 0;

  /** `assignment` is mode page 1Dh, where the changer has it. */
  constructor(device: ChangerDevice, assignment: ElementAssignment | undefined) {
    this.#device = device;
    this.#assignment = assignment;
  }

  /**
   * All elements. One answer shows what is where at one moment, and several are needed: a cartridge that another host moves meanwhile would be seen nowhere, or
   * twice. So everything is read twice but the storage elements where one answer has them all, and it starts over when that shows a move. Errors as
   * {@linkcode ofType}.
   */
  async all(options: ElementReadOptions = {}): Promise<ElementStatus[]> {
    for (let reading = 1;; reading++) {
      const before = await this.#ofTypes(OTHER_TYPES, options);
      const { upheavals } = this.#device;
      let storage = await this.ofType("storage", options);
      let isQuiet = true;
      if (this.#answers > 1) {
        const again = await this.ofType("storage", options);
        isQuiet = haveSameCartridges(storage, again);
        storage = again;
      }
      const others = await this.#ofTypes(OTHER_TYPES, options);
      isQuiet &&= haveSameCartridges(before, others) &&
        upheavals === this.#device.upheavals;
      if (isQuiet || reading >= MAX_READINGS) return [...storage, ...others];
    }
  }

  async #ofTypes(
    types: readonly ElementType[],
    options: ElementReadOptions,
  ): Promise<ElementStatus[]> {
    const elements: ElementStatus[] = [];
    for (const type of types) elements.push(...await this.ofType(type, options));
    return elements;
  }

  /**
   * The elements of one type, by address.
   *
   * @throws {ChangerError} of the class that belongs to the changer's answer.
   * @throws {ServiceDeliveryError} when no status came back.
   */
  async ofType(type: ElementType, options: ElementReadOptions = {}): Promise<ElementStatus[]> {
    const range = this.#assignment?.[type] ?? ALL_ADDRESSES;
    if (range.count === 0) return [];
    const [first, second] = await this.#readAs(type, range, options);
    const elements = second === undefined ? first : joined(first, second);
    return elements.sort((a, b) => a.address - b.address);
  }

  /** One list for each way of asking: a changer may give volume tags and identifiers only one at a time. */
  async #readAs(
    type: ElementType,
    range: ElementRange,
    options: ElementReadOptions,
  ): Promise<ElementStatus[][]> {
    let refusal: unknown;
    for (const extras of waysOfAsking(type, this.#accepted.get(type))) {
      try {
        const lists: ElementStatus[][] = [];
        for (const one of extras) lists.push(await this.#run(type, range, one, options));
        this.#accepted.set(type, extras);
        return lists;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refusal = error;
      }
    }
    this.#accepted.delete(type);
    throw refusal;
  }

  /** Chunk by chunk, each from behind the last element that came. */
  async #run(
    type: ElementType,
    range: ElementRange,
    extras: Extras,
    options: ElementReadOptions,
  ): Promise<ElementStatus[]> {
    const elements: ElementStatus[] = [];
    this.#answers = 0;
    const end = Math.min(range.first + range.count, ALL_ADDRESSES.count);
    for (let next = range.first; next < end;) {
      const count = Math.min(end - next, CHUNK);
      const chunk = await this.#chunk(type, { first: next, count }, extras, options);
      const isFresh = (element: ElementStatus) =>
        element.type === type && element.address >= next && element.address < end;
      const fresh = chunk.elements.filter(isFresh);
      // tgt cuts its last element off however it is asked: what is there of it is all there is.
      if (fresh.length === 0 && chunk.cut !== undefined && isFresh(chunk.cut)) {
        fresh.push(chunk.cut);
      }
      if (fresh.length === 0) break;
      elements.push(...fresh);
      this.#answers++;
      next = Math.max(...fresh.map(({ address }) => address)) + 1;
    }
    return unique(elements);
  }

  async #chunk(
    type: ElementType,
    range: ElementRange,
    extras: Extras,
    options: ElementReadOptions,
  ): Promise<ElementStatusData> {
    const allocation = await this.#allocation(type, range, extras, options);
    const data = await this.#ask(type, range, extras, allocation, options);
    const isUseful = data.elements.length > 0 || data.available === 0;
    if (isUseful || allocation === MAX_ALLOCATION) return data;
    // The header told too short a length for a single element.
    return await this.#ask(type, range, extras, MAX_ALLOCATION, options);
  }

  /** Bytes that the answer has, from its header alone. */
  async #allocation(
    type: ElementType,
    range: ElementRange,
    extras: Extras,
    options: ElementReadOptions,
  ): Promise<number> {
    if (!this.#hasHeaderPass) return MAX_ALLOCATION;
    try {
      const { totalLength } = await this.#ask(type, range, extras, HEADER_LENGTH, options);
      return totalLength > HEADER_LENGTH ? Math.min(totalLength, MAX_ALLOCATION) : MAX_ALLOCATION;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#hasHeaderPass = false;
      return MAX_ALLOCATION;
    }
  }

  async #ask(
    type: ElementType,
    range: ElementRange,
    extras: Extras,
    allocation: number,
    options: ElementReadOptions,
  ): Promise<ElementStatusData> {
    const { signal } = options;
    const currentData = (options.currentData ?? false) && this.#hasCurrentData;
    const request = { type: ElementTypeCode[type], ...range, ...extras, currentData };
    const dataIn = new Uint8Array(allocation);
    const cdb = readElementStatusCdb(allocation, request);
    try {
      const { dataInLength } = await this.#device.perform({ cdb, dataIn, signal });
      return decodeElementStatus(dataIn.subarray(0, dataInLength));
    } catch (error) {
      if (isBeyondTheLast(error)) return decodeElementStatus(dataIn.subarray(0, 0));
      if (!isRefusal(error) || !currentData) throw error;
      // It may have refused something else: that it takes the same without CURDATA tells.
      const looking = { ...options, currentData: false };
      const data = await this.#ask(type, range, extras, allocation, looking);
      this.#hasCurrentData = false;
      return data;
    }
  }
}

const OTHER_TYPES = ELEMENT_TYPES.filter((type) => type !== "storage");

function haveSameCartridges(
  before: readonly ElementStatus[],
  after: readonly ElementStatus[],
): boolean {
  return before.length === after.length && before.every(({ full, barcode, source }, index) => {
    const now = after[index];
    return full === now.full && barcode === now.barcode && source === now.source;
  });
}

/** Identifiers are those of drives. */
function waysOfAsking(
  type: ElementType,
  accepted: readonly Extras[] | undefined,
): (readonly Extras[])[] {
  if (accepted !== undefined) return [accepted];
  const ways: (readonly Extras[])[] = [[TAGS], [NOTHING]];
  return type === "drive" ? [[EVERYTHING], [TAGS, IDS], [TAGS], [IDS], [NOTHING]] : ways;
}

/** The same elements twice: with volume tags, and with identifiers. */
function joined(tagged: ElementStatus[], named: readonly ElementStatus[]): ElementStatus[] {
  const ids = new Map(named.map(({ address, deviceId }) => [address, deviceId]));
  return tagged.map((element) => {
    const deviceId = element.deviceId ?? ids.get(element.address);
    return deviceId === undefined ? element : { ...element, deviceId };
  });
}

function unique(elements: readonly ElementStatus[]): ElementStatus[] {
  return [...new Map(elements.map((element) => [element.address, element])).values()];
}

const INVALID_FIELD_IN_CDB = 0x24;
const PARAMETER_LENGTH = 0x1a;

function isRefusal(error: unknown): boolean {
  return error instanceof ChangerError && error.kind === "illegal-request" &&
    (error.asc === INVALID_FIELD_IN_CDB || error.asc === PARAMETER_LENGTH);
}

/** Some changers refuse a first address beyond their last element instead of reporting none. */
function isBeyondTheLast(error: unknown): boolean {
  return error instanceof ChangerError && error.kind === "invalid-element";
}
