/**
 * Mode parameters of units whose pages are what was stored in them, and without a settable block descriptor.
 *
 * @module
 */

import type { BlockDescriptor, ModeParameters } from "../../scsi/mode_parameters.ts";
import type { PageControl, UnitModeParameters } from "./mode_commands.ts";
import { type ModePageValues, pageHeaderLength, refuseChange } from "./mode_page_values.ts";
import type { UnitModes } from "./unit_modes.ts";
import type { UnitState } from "./unit_state.ts";

/** What goes into the header, and the block descriptor of units that have one. */
export interface ModeHeader<State> {
  /** DEVICE-SPECIFIC PARAMETER. */
  readonly deviceSpecific: (state: State) => number;
  /** The block descriptor. @default none */
  readonly blockDescriptor?: (state: State) => BlockDescriptor;
}

/** The mode parameters of such a unit. */
export function plainModeParameters<State extends UnitState>(
  { deviceSpecific, blockDescriptor }: ModeHeader<State>,
): UnitModeParameters<State> {
  return {
    header: (state) => ({
      mediumType: 0,
      deviceSpecific: deviceSpecific(state),
      blockDescriptor: blockDescriptor?.(state),
    }),
    page: (_, values, control) => storedPage(values, control),
    refusePage: (_, values, { bytes }, at) => refuseChange(bytes, values.current, values, at),
    apply: ({ modes }, parameters) => store(modes, parameters),
  };
}

function storedPage(values: ModePageValues, control: PageControl): Uint8Array {
  const { defaults, changeable, current } = values;
  const bytes = new Uint8Array(control === "default" ? defaults : current);
  const header = pageHeaderLength(values);
  if (control === "changeable") bytes.set(changeable.subarray(header), header);
  return bytes;
}

/** Whether anything changed. */
function store(modes: UnitModes, { pages }: ModeParameters): boolean {
  let changed = false;
  for (const { page, subpage, bytes } of pages) {
    const { current } = modes.find(page, subpage) as ModePageValues;
    changed ||= bytes.some((byte, at) => byte !== current[at]);
    current.set(bytes);
  }
  return changed;
}
