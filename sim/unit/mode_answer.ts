/**
 * MODE SENSE and MODE SELECT of units without settable block descriptors (SPC-5 §6.13 to §6.16, §7.5).
 *
 * @module
 */

import { readU16 } from "../../scsi/big_endian.ts";
import {
  type BlockDescriptor,
  decodeModeParameters,
  encodeModeSenseData,
  type ModeForm,
  type ModePage,
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
import { CONTROL, type UnitCommand } from "./unit_command.ts";
import type { UnitModeValues } from "./unit_modes.ts";
import type { UnitState } from "./unit_state.ts";

const DBD = 0x08;
const LLBAA = 0x10;
const PAGE_FORMAT = 0x10;
const PAGE_CODE = 0x3f;
const PAGE_CONTROL_SHIFT = 6;
const ALL_PAGES = 0x3f;
const ALL_SUBPAGES = 0xff;

/** PAGE CONTROL. */
const CHANGEABLE = 1;
const DEFAULT = 2;
const SAVED = 3;

const HEADER_LENGTHS = { 6: 4, 10: 8 } as const;
const DESCRIPTOR_LENGTH = 8;

/** What goes into the header, and the block descriptor of units that have one. */
export interface ModeHeader<State> {
  /** DEVICE-SPECIFIC PARAMETER. */
  readonly deviceSpecific: (state: State) => number;
  /** The block descriptor. @default none */
  readonly blockDescriptor?: (state: State) => BlockDescriptor;
}

/** The commands about mode parameters. SAVE PAGES is refused: no page can be saved. */
export function modeCommands<State extends UnitState>(
  header: ModeHeader<State>,
): readonly UnitCommand<State>[] {
  return [
    {
      opcode: 0x1a,
      usage: [DBD, 0xff, 0xff, 0xff, CONTROL],
      access: "read",
      execute: (state, { cdb }) => modeSense(state, cdb, 6, cdb[4], header),
    },
    {
      opcode: 0x5a,
      usage: [LLBAA | DBD, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, CONTROL],
      access: "read",
      execute: (state, { cdb }) => modeSense(state, cdb, 10, readU16(cdb, 7), header),
    },
    {
      opcode: 0x15,
      usage: [PAGE_FORMAT, 0, 0, 0xff, CONTROL],
      dataOutLength: (cdb) => cdb[4],
      execute: (state, task) => modeSelect(state, task, task.cdb[4], 6),
    },
    {
      opcode: 0x55,
      usage: [PAGE_FORMAT, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL],
      dataOutLength: (cdb) => readU16(cdb, 7),
      execute: (state, task) => modeSelect(state, task, readU16(task.cdb, 7), 10),
    },
  ];
}

function modeSense<State extends UnitState>(
  state: State,
  cdb: Uint8Array,
  form: ModeForm,
  allocationLength: number,
  { deviceSpecific, blockDescriptor }: ModeHeader<State>,
): Outcome {
  const pageControl = cdb[2] >> PAGE_CONTROL_SHIFT;
  const code = cdb[2] & PAGE_CODE;
  if (pageControl === SAVED) return failed(Conditions.savingNotSupported);
  if (cdb[3] !== 0 && !(code === ALL_PAGES && cdb[3] === ALL_SUBPAGES)) return invalidField(3);
  const pages = state.modes.pages.filter(({ page }) => code === ALL_PAGES || code === page);
  if (pages.length === 0) return invalidField(2, 5);
  const data = encodeModeSenseData({
    mediumType: 0,
    deviceSpecific: deviceSpecific(state),
    ...((cdb[1] & DBD) === 0 && blockDescriptor && { blockDescriptor: blockDescriptor(state) }),
    pages: pages.map((values) => pageOf(values, pageControl)),
  }, form);
  return { dataIn: cutToAllocation(data, allocationLength) };
}

function pageOf(values: UnitModeValues, pageControl: number): ModePage {
  const { page, defaults, changeable, current } = values;
  const bytes = new Uint8Array(pageControl === DEFAULT ? defaults : current);
  if (pageControl === CHANGEABLE) bytes.set(changeable.subarray(2), 2);
  return { page, subpage: 0, saveable: false, bytes };
}

/** Writes mode pages: all of them, or none when any is refused. Other nexuses get 2A/01 when any changed. */
function modeSelect<State extends UnitState>(
  state: State,
  { dataOut, nexus }: Task,
  listLength: number,
  form: ModeForm,
): Outcome {
  if (listLength === 0) return GOOD;
  const list = dataOut.subarray(0, listLength);
  if (list.length < Math.max(listLength, HEADER_LENGTHS[form])) {
    return failed(Conditions.parameterListLength);
  }
  // Reserved in MODE SELECT: an initiator that sends back what it read has to clear it.
  if (list[0] !== 0 || (form === 10 && list[1] !== 0)) return invalidParameter(0);
  const descriptors = form === 6 ? list[3] : readU16(list, 6);
  if (descriptors !== 0 && descriptors !== DESCRIPTOR_LENGTH) return invalidParameter(form - 4);
  const { pages, truncated } = decodeModeParameters(list, form);
  if (truncated) return failed(Conditions.parameterListLength);
  for (const page of pages) {
    const refused = checkPage(state, page, page.bytes.byteOffset - list.byteOffset);
    if (refused !== undefined) return refused;
  }
  if (apply(state, pages)) state.attentions.raise(Conditions.modeParametersChanged, nexus);
  return GOOD;
}

/** PS must be 0, the length that of the page, and what cannot be changed as it is. */
function checkPage(state: UnitState, page: ModePage, at: number): Outcome | undefined {
  const known = page.subpage === 0 ? state.modes.find(page.page) : undefined;
  if (known === undefined) return invalidParameter(at, 5);
  const { bytes } = page;
  if (bytes[0] !== known.page) return invalidParameter(at, 7);
  if (bytes.length !== known.current.length) return invalidParameter(at + 1);
  for (let byte = 2; byte < bytes.length; byte++) {
    const wrong = (bytes[byte] ^ known.current[byte]) & ~known.changeable[byte];
    if (wrong !== 0) return invalidParameter(at + byte, 31 - Math.clz32(wrong));
  }
  return undefined;
}

/** Whether anything changed. */
function apply(state: UnitState, pages: readonly ModePage[]): boolean {
  let changed = false;
  for (const { page, bytes } of pages) {
    const { current } = state.modes.find(page) as UnitModeValues;
    changed ||= bytes.some((byte, at) => byte !== current[at]);
    current.set(bytes);
  }
  return changed;
}
