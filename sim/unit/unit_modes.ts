/**
 * The mode pages of a simulated unit: what MODE SENSE reads and MODE SELECT writes (SPC-5 §7.5).
 *
 * @module
 */

import { type ModePageValues, setTaskAbortedBit } from "./mode_page_values.ts";

/** One mode page as it is made. */
export interface UnitModePage {
  /** Default values, from the page code on. */
  readonly defaults: Uint8Array;
  /** 1 bits may be changed; nothing may unless given. As long as `defaults`. */
  readonly changeable?: Uint8Array;
}

const CONTROL_PAGE = 0x0a;
const D_SENSE_BYTE = 2;
const D_SENSE = 0x04;
const SWP_BYTE = 4;
const SWP = 0x08;

/** The control mode page (SPC-5 §7.5.10), of which D_SENSE may be changed, and SWP where `writable` says so. */
export function controlPage(writable: boolean): UnitModePage {
  const defaults = new Uint8Array(12);
  defaults.set([CONTROL_PAGE, defaults.length - 2]);
  const changeable = new Uint8Array(defaults.length);
  changeable[D_SENSE_BYTE] = D_SENSE;
  changeable[SWP_BYTE] = writable ? SWP : 0;
  return { defaults, changeable };
}

/** All pages of one unit. */
export class UnitModes {
  /** The pages in ascending order. */
  readonly pages: readonly ModePageValues[];

  constructor(pages: readonly UnitModePage[]) {
    this.pages = pages.map(({ defaults, changeable = new Uint8Array(defaults.length) }) => ({
      page: defaults[0] & 0x3f,
      subpage: 0,
      defaults,
      changeable,
      current: new Uint8Array(defaults),
    })).sort((a, b) => a.page - b.page);
  }

  /** Everything as after power on. */
  reset(): void {
    for (const { current, defaults } of this.pages) current.set(defaults);
  }

  /** The page with this code. */
  find(page: number, subpage: number = 0): ModePageValues | undefined {
    return this.pages.find((values) => values.page === page && values.subpage === subpage);
  }

  /** Sets what initiators read of the target's way with cleared commands. */
  setTaskAbortedStatus(taskAbortedStatus: boolean): void {
    setTaskAbortedBit(this.find(CONTROL_PAGE), taskAbortedStatus);
  }

  /** Whether sense data is in descriptor format. */
  get descriptorSense(): boolean {
    return ((this.find(CONTROL_PAGE)?.current[D_SENSE_BYTE] ?? 0) & D_SENSE) !== 0;
  }

  /** Whether software write protection is on. */
  get softwareWriteProtect(): boolean {
    return ((this.find(CONTROL_PAGE)?.current[SWP_BYTE] ?? 0) & SWP) !== 0;
  }
}
