/**
 * Reading and changing mode pages (SPC-5 §6.12 to §6.15).
 *
 * @module
 */

import {
  modeSelect10Cdb,
  modeSelect6Cdb,
  modeSense10Cdb,
  modeSense6Cdb,
  type ModeSenseCdbOptions,
} from "./cdb.ts";
import { CheckConditionError, UnexpectedResponseError } from "./errors.ts";
import { type CommandOptions, executeChecked, executeDataIn } from "./execute.ts";
import { hexByte } from "./hex_byte.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import {
  type DecodedModeParameters,
  decodeModeParameters,
  encodeModeSelectData,
  type ModeForm,
  type ModeParameters,
} from "./mode_parameters.ts";
import { SenseKey } from "./sense_codes.ts";

export * from "./mode_parameters.ts";

/** What {@link modeSense} resolves to. */
export interface ModeSenseResult extends DecodedModeParameters {
  /** The form that the device answered, which {@link modeSelect} then uses too. */
  readonly form: ModeForm;
}

/** Options of {@link modeSense}. */
export interface ModeSenseOptions extends CommandOptions {
  /**
   * The form to try first; the other follows when the device does not have it, or the answer does not fit. @default
   * 6
   */
  form?: ModeForm;
}

const SIX_ALLOCATION = 255;
const TEN_FIRST_ALLOCATION = 512;
const TEN_MAX_ALLOCATION = 0xffff;

const INVALID_OPERATION_CODE = 0x20;
const INVALID_FIELD_IN_CDB = 0x24;

/** ILLEGAL REQUEST for the operation code or a field of the CDB: the other form may do. */
function isRefusal(error: unknown, ...ascs: number[]): error is CheckConditionError {
  if (!(error instanceof CheckConditionError)) return false;
  const { key, asc, ascq } = error.sense;
  return key === SenseKey.IllegalRequest && ascq === 0 && ascs.includes(asc);
}

async function sense(
  unit: LogicalUnit,
  form: ModeForm,
  allocation: number,
  which: ModeSenseCdbOptions,
  options: CommandOptions,
): Promise<ModeSenseResult> {
  const build = form === 6 ? modeSense6Cdb : modeSense10Cdb;
  const bytes = await executeDataIn(unit, build(allocation, which), allocation, options);
  return { ...decodeModeParameters(bytes, form, { unitName: unit.name }), form };
}

function senseSix(
  unit: LogicalUnit,
  which: ModeSenseCdbOptions,
  options: CommandOptions,
): Promise<ModeSenseResult> {
  return sense(unit, 6, SIX_ALLOCATION, which, options);
}

async function senseTen(
  unit: LogicalUnit,
  which: ModeSenseCdbOptions,
  options: CommandOptions,
): Promise<ModeSenseResult> {
  const first = await sense(unit, 10, TEN_FIRST_ALLOCATION, which, options);
  if (first.totalLength <= TEN_FIRST_ALLOCATION) return first;
  return await sense(unit, 10, Math.min(first.totalLength, TEN_MAX_ALLOCATION), which, options);
}

/**
 * Reads mode parameters. Tries one form of the command, and the other when the device refuses the first as unknown
 * (05/20/00) or cannot express the request with it (05/24/00), or when the answer is longer than the six-byte form
 * can carry. A device that has no such page refuses both.
 *
 * @param which The page, and whether block descriptors are wanted.
 * @throws {RangeError} when a page code does not fit.
 * @throws {CheckConditionError} when the device refused.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {UnexpectedResponseError} when the answer is shorter than its header.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function modeSense(
  unit: LogicalUnit,
  which: ModeSenseCdbOptions,
  options: ModeSenseOptions = {},
): Promise<ModeSenseResult> {
  const { form = 6 } = options;
  const [first, second] = form === 6 ? [senseSix, senseTen] : [senseTen, senseSix];
  let cut: ModeSenseResult | undefined;
  let refusal: CheckConditionError | undefined;
  try {
    const result = await first(unit, which, options);
    if (result.form === 10 || result.totalLength <= SIX_ALLOCATION) return result;
    cut = result;
  } catch (error) {
    if (!isRefusal(error, INVALID_OPERATION_CODE, INVALID_FIELD_IN_CDB)) throw error;
    refusal = error;
  }
  try {
    return await second(unit, which, options);
  } catch (error) {
    // A device without the second form has said with the first all that it can.
    if (!isRefusal(error, INVALID_OPERATION_CODE)) throw error;
    if (cut) return cut;
    throw refusal;
  }
}

/** Options of {@link modeSelect} and {@link changeModePage}. */
export interface ModeSelectOptions extends CommandOptions {
  /** Saves the pages so that they outlast a power cycle (SP). @default false */
  savePages?: boolean;
}

/**
 * Sends mode parameters, with what is reserved in MODE SELECT cleared (mode data length, PS bits, write
 * protection). Everything else goes as given: start from what {@link modeSense} answered.
 *
 * @param parameters What to set, and the form to use. Without `blockDescriptor` none is sent, and the device keeps
 * its block length and density.
 * @throws {CheckConditionError} when the device refused; RECOVERED ERROR 37/00 (rounded parameter) counts as done.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function modeSelect(
  unit: LogicalUnit,
  parameters: ModeParameters & { readonly form: ModeForm },
  options: ModeSelectOptions = {},
): Promise<void> {
  const { savePages, signal, timeoutMs } = options;
  const dataOut = encodeModeSelectData(parameters, parameters.form);
  const build = parameters.form === 6 ? modeSelect6Cdb : modeSelect10Cdb;
  const cdb = build(dataOut.length, { savePages });
  await executeChecked(unit, { cdb, dataOut, signal, timeoutMs });
}

/** Which page {@link changeModePage} changes. */
export interface ModePageAddress {
  /** Page code, 0 to 62. */
  page: number;
  /** Subpage code, 0 to 254. @default 0 */
  subpage?: number;
}

/**
 * Reads a mode page, lets `change` alter it, and sends it back without a block descriptor, so that block length and
 * density stay as they are. Medium type and device-specific parameter go back as they came.
 *
 * @param change Alters the page in place; offsets count from the page's first byte.
 * @throws {UnexpectedResponseError} when the answer does not hold the page whole.
 * @throws {CheckConditionError} when the device refused to read or to set it.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function changeModePage(
  unit: LogicalUnit,
  which: ModePageAddress,
  change: (page: Uint8Array) => void,
  options: ModeSelectOptions = {},
): Promise<void> {
  const { page, subpage = 0 } = which;
  const { mediumType, deviceSpecific, pages, form } = await modeSense(unit, which, options);
  const found = pages.find((each) => each.page === page && each.subpage === subpage);
  if (!found) {
    throw new UnexpectedResponseError({
      commandName: `MODE SENSE(${form})`,
      unitName: unit.name,
      problem: `page ${hexByte(page)}h is not in it, or cut`,
    });
  }
  change(found.bytes);
  await modeSelect(unit, { mediumType, deviceSpecific, pages: [found], form }, options);
}
