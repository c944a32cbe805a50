/**
 * MODE SENSE and MODE SELECT of every simulated unit (SPC-5 §6.13 to §6.16, §7.5).
 *
 * @module
 */

import { readU16 } from "../../scsi/big_endian.ts";
import {
  decodeModeParameters,
  encodeModeSenseData,
  type ModeForm,
  type ModePage,
  type ModeParameters,
} from "../../scsi/mode_parameters.ts";
import type { Task } from "../device_server.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";
import {
  Conditions,
  failed,
  GOOD,
  invalidField,
  invalidParameter,
  type Outcome,
} from "../tape/conditions.ts";
import type { UnitAttentions } from "../tape/unit_attentions.ts";
import type { ModePageValues } from "./mode_page_values.ts";
import { CONTROL, type SharedCommand } from "./unit_command.ts";

const DBD = 0x08;
const LLBAA = 0x10;
const PAGE_FORMAT = 0x10;
const PAGE_CODE = 0x3f;
const ALL_PAGES = 0x3f;
const ALL_SUBPAGES = 0xff;

const PAGE_CONTROL_SHIFT = 6;
const SAVED = 3;

/** Header length, and where the fields are that MODE SELECT looks at. */
const LAYOUTS = {
  6: { length: 4, dataLength: [0], descriptorLength: [3] },
  10: { length: 8, dataLength: [0, 1], descriptorLength: [6, 7] },
} as const;

const LONG_LBA_BYTE = 4;
const LONG_LBA = 0x01;
const DESCRIPTOR_LENGTH = 8;

/** Which values MODE SENSE asks for: PAGE CONTROL. */
export type PageControl = "current" | "changeable" | "default";

const PAGE_CONTROLS: readonly PageControl[] = ["current", "changeable", "default"];

/** What the commands need of the state of a unit. */
export interface UnitWithModes {
  readonly attentions: UnitAttentions;
  readonly modes: {
    /** All pages in ascending order. */
    readonly pages: readonly ModePageValues[];
    /** The page with this code. */
    find(page: number, subpage?: number): ModePageValues | undefined;
  };
}

/** The mode parameters of one kind of unit. */
export interface UnitModeParameters<State> {
  /** What comes before the pages. */
  readonly header: (state: State, control: PageControl) => Omit<ModeParameters, "pages">;
  /** A page from its code on. The array is the caller's. */
  readonly page: (state: State, values: ModePageValues, control: PageControl) => Uint8Array;
  /** Why what MODE SELECT brings before the pages is refused. @default what the unit does not look at is not refused */
  readonly refuseHeader?: (
    state: State,
    parameters: ModeParameters,
    form: ModeForm,
  ) => Outcome | undefined;
  /** Why a page is refused that begins at byte `at` of the list. */
  readonly refusePage: (
    state: State,
    values: ModePageValues,
    page: ModePage,
    at: number,
  ) => Outcome | undefined;
  /** Takes in what was not refused, and says whether it changed anything. */
  readonly apply: (state: State, parameters: ModeParameters) => boolean;
}

/** Its commands. SAVE PAGES is refused: no page can be saved. */
export function modeCommands<State extends UnitWithModes>(
  unit: UnitModeParameters<State>,
): readonly SharedCommand<State>[] {
  return [
    {
      opcode: 0x1a,
      usage: [DBD, 0xff, 0xff, 0xff, CONTROL],
      access: "read",
      execute: (state, { cdb }) => modeSense(unit, state, cdb, 6),
    },
    {
      opcode: 0x5a,
      usage: [LLBAA | DBD, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, CONTROL],
      access: "read",
      execute: (state, { cdb }) => modeSense(unit, state, cdb, 10),
    },
    {
      opcode: 0x15,
      usage: [PAGE_FORMAT, 0, 0, 0xff, CONTROL],
      dataOutLength: (cdb) => cdb[4],
      execute: (state, task) => modeSelect(unit, state, task, task.cdb[4], 6),
    },
    {
      opcode: 0x55,
      usage: [PAGE_FORMAT, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL],
      dataOutLength: (cdb) => readU16(cdb, 7),
      execute: (state, task) => modeSelect(unit, state, task, readU16(task.cdb, 7), 10),
    },
  ];
}

function modeSense<State extends UnitWithModes>(
  unit: UnitModeParameters<State>,
  state: State,
  cdb: Uint8Array,
  form: ModeForm,
): Outcome {
  const control = cdb[2] >> PAGE_CONTROL_SHIFT;
  const code = cdb[2] & PAGE_CODE;
  const subcode = cdb[3];
  if (control === SAVED) return failed(Conditions.savingNotSupported);
  if (code === ALL_PAGES && subcode !== 0 && subcode !== ALL_SUBPAGES) return invalidField(3);
  const all = state.modes.pages;
  const pages = all.filter(({ page, subpage }) =>
    (code === ALL_PAGES || code === page) && (subcode === ALL_SUBPAGES || subcode === subpage)
  );
  // Page 00h, the vendor's own, is absent but may be asked for: the header and the block descriptor alone.
  if (pages.length === 0 && (code !== 0 || subcode !== 0)) {
    const isKnown = code === 0 || code === ALL_PAGES || all.some(({ page }) => code === page);
    return isKnown ? invalidField(3) : invalidField(2, 5);
  }
  const which = PAGE_CONTROLS[control];
  const { blockDescriptor, ...header } = unit.header(state, which);
  const data = encodeModeSenseData({
    ...header,
    ...((cdb[1] & DBD) === 0 && { blockDescriptor }),
    pages: pages.map((values) => {
      const { page, subpage } = values;
      return { page, subpage, saveable: false, bytes: unit.page(state, values, which) };
    }),
  }, form);
  return { dataIn: cutToAllocation(data, form === 6 ? cdb[4] : readU16(cdb, 7)) };
}

/** Writes mode parameters: all of them, or none when any is refused. Other nexuses get 2A/01 when any changed. */
function modeSelect<State extends UnitWithModes>(
  unit: UnitModeParameters<State>,
  state: State,
  { dataOut, nexus }: Task,
  listLength: number,
  form: ModeForm,
): Outcome {
  if (listLength === 0) return GOOD;
  const list = dataOut.subarray(0, listLength);
  if (list.length < Math.max(listLength, LAYOUTS[form].length)) {
    return failed(Conditions.parameterListLength);
  }
  const malformed = refuseLayout(list, form);
  if (malformed !== undefined) return malformed;
  const parameters = decodeModeParameters(list, form);
  if (parameters.truncated) return failed(Conditions.parameterListLength);
  const refused = unit.refuseHeader?.(state, parameters, form) ??
    refusePages(unit, state, parameters.pages, list);
  if (refused !== undefined) return refused;
  if (unit.apply(state, parameters)) {
    state.attentions.raise(Conditions.modeParametersChanged, nexus);
  }
  return GOOD;
}

function refuseLayout(list: Uint8Array, form: ModeForm): Outcome | undefined {
  const { dataLength, descriptorLength } = LAYOUTS[form];
  // Reserved in MODE SELECT: an initiator that sends back what it read has to clear it.
  if (dataLength.some((at) => list[at] !== 0)) return invalidParameter(0);
  if (form === 10 && (list[LONG_LBA_BYTE] & LONG_LBA) !== 0) {
    return invalidParameter(LONG_LBA_BYTE, 0);
  }
  const length = descriptorLength.reduce<number>((sum, at) => sum * 256 + list[at], 0);
  if (length !== 0 && length !== DESCRIPTOR_LENGTH) return invalidParameter(descriptorLength[0]);
  return undefined;
}

function refusePages<State extends UnitWithModes>(
  unit: UnitModeParameters<State>,
  state: State,
  pages: readonly ModePage[],
  list: Uint8Array,
): Outcome | undefined {
  for (const page of pages) {
    const at = page.bytes.byteOffset - list.byteOffset;
    const values = state.modes.find(page.page, page.subpage);
    const refused = values === undefined
      ? invalidParameter(at, 5)
      : unit.refusePage(state, values, page, at);
    if (refused !== undefined) return refused;
  }
  return undefined;
}
