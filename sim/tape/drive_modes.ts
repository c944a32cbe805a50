/**
 * The mode parameters of a drive: what MODE SENSE reads and MODE SELECT writes.
 *
 * @module
 */

import { type ModePageValues, setTaskAbortedBit } from "../unit/mode_page_values.ts";
import {
  CONFIGURATION_EXTENSION,
  CONTROL_DATA_PROTECTION,
  ModePage,
  type ModePageDefinition,
} from "./mode_page_table.ts";

/** A bit of a mode page. */
interface ModeBit {
  readonly page: number;
  readonly subpage?: number;
  readonly byte: number;
  readonly mask: number;
}

const D_SENSE: ModeBit = { page: ModePage.Control, byte: 2, mask: 0x04 };
const CONTROL_SWP: ModeBit = { page: ModePage.Control, byte: 4, mask: 0x08 };
const DCE: ModeBit = { page: ModePage.DataCompression, byte: 2, mask: 0x80 };
const REW: ModeBit = { page: ModePage.DeviceConfiguration, byte: 8, mask: 0x01 };
const SEW: ModeBit = { page: ModePage.DeviceConfiguration, byte: 10, mask: 0x08 };
const CONFIGURATION_SWP: ModeBit = { page: ModePage.DeviceConfiguration, byte: 10, mask: 0x04 };
const SELECT_COMPRESSION: ModeBit = { page: ModePage.DeviceConfiguration, byte: 14, mask: 0x01 };
const APPEND_ONLY: ModeBit = {
  page: ModePage.DeviceConfiguration,
  subpage: CONFIGURATION_EXTENSION,
  byte: 5,
  mask: 0x10,
};
const PEWS = 6;
const PROTECTS_WRITES: ModeBit = {
  page: ModePage.Control,
  subpage: CONTROL_DATA_PROTECTION,
  byte: 6,
  mask: 0x80,
};
const PROTECTS_READS: ModeBit = { ...PROTECTS_WRITES, mask: 0x40 };
const MEGABYTE = 1_000_000;

/** Block length, buffered mode and the pages. */
export class DriveModes {
  /** Length of the blocks of fixed transfers in bytes; 0 for variable length records only. */
  blockBytes = 0;
  /** BUFFERED MODE of the mode parameter header (SSC-4 §8.3.2): 0 unbuffered, 1 buffered. */
  bufferedMode = 1;
  /** The pages in ascending order. */
  readonly pages: readonly ModePageValues[];
  /** The same by page and subpage code: every record that passes asks for some. */
  readonly #byCode: ReadonlyMap<number, ModePageValues>;

  constructor(definitions: readonly ModePageDefinition[]) {
    this.pages = [...definitions].map(pageValues)
      .sort((a, b) => a.page - b.page || a.subpage - b.subpage);
    this.#byCode = new Map(this.pages.map((values) => [values.page << 8 | values.subpage, values]));
  }

  /** Everything as after power on. */
  reset(): void {
    this.blockBytes = 0;
    this.bufferedMode = 1;
    for (const { current, defaults } of this.pages) current.set(defaults);
  }

  /** The page with this code. */
  find(page: number, subpage: number = 0): ModePageValues | undefined {
    return this.#byCode.get(page << 8 | subpage);
  }

  /** Sets what initiators read of the target's way with cleared commands. */
  setTaskAbortedStatus(taskAbortedStatus: boolean): void {
    setTaskAbortedBit(this.find(ModePage.Control), taskAbortedStatus);
  }

  /** Whether sense data is in descriptor format. */
  get descriptorSense(): boolean {
    return this.#isSet(D_SENSE);
  }

  /** Whether either software write protection is on. */
  get softwareWriteProtect(): boolean {
    return this.#isSet(CONTROL_SWP) || this.#isSet(CONFIGURATION_SWP);
  }

  /** Whether reading in the early-warning zone is reported. */
  get reportsEarlyWarningOnRead(): boolean {
    return this.#isSet(REW);
  }

  /** Whether reaching early warning makes what was written permanent. */
  get synchronizesAtEarlyWarning(): boolean {
    return this.#isSet(SEW);
  }

  /** Whether what is on the tape can be added to alone (WRITE MODE). */
  get appendOnly(): boolean {
    return this.#isSet(APPEND_ONLY);
  }

  /** Size of the programmable early-warning zone, which lies before early warning, in bytes. */
  get programmableEarlyWarningBytes(): number {
    const page = this.find(ModePage.DeviceConfiguration, CONFIGURATION_EXTENSION);
    return page === undefined ? 0 : ((page.current[PEWS] << 8) | page.current[PEWS + 1]) * MEGABYTE;
  }

  /** Whether each block that is written comes with its CRC32C. */
  get protectsWrites(): boolean {
    return this.#isSet(PROTECTS_WRITES);
  }

  /** Whether each block that is read goes with its CRC32C. */
  get protectsReads(): boolean {
    return this.#isSet(PROTECTS_READS);
  }

  /** Whether data is compressed. Two pages hold this; {@linkcode setCompression} keeps them alike. */
  get compression(): boolean {
    return this.#isSet(DCE);
  }

  /** Sets compression in both pages that have it. */
  setCompression(enabled: boolean): void {
    for (const bit of [DCE, SELECT_COMPRESSION]) this.#set(bit, enabled);
  }

  /** The state of compression after new pages were written: the page that was changed decides. */
  settleCompression(before: boolean): void {
    const selected = this.#isSet(SELECT_COMPRESSION);
    this.setCompression(this.compression !== before ? this.compression : selected);
  }

  #isSet({ page, subpage, byte, mask }: ModeBit): boolean {
    return ((this.find(page, subpage)?.current[byte] ?? 0) & mask) !== 0;
  }

  #set({ page, subpage, byte, mask }: ModeBit, on: boolean): void {
    const current = this.find(page, subpage)?.current;
    if (current === undefined) return;
    if (on) current[byte] |= mask;
    else current[byte] &= ~mask;
  }
}

function pageValues(definition: ModePageDefinition): ModePageValues {
  const { page, subpage = 0, defaults, changeable } = definition;
  const bytes = fromHex(defaults);
  return {
    page,
    subpage,
    defaults: bytes,
    changeable: fromHex(changeable),
    current: bytes.slice(),
  };
}

function fromHex(text: string): Uint8Array {
  const digits = text.replaceAll(" ", "");
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
  }
  return bytes;
}
