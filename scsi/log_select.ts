/**
 * LOG SELECT: sets or resets log parameters (SPC-5).
 *
 * @module
 */

import { writeU16 } from "./big_endian.ts";
import { LogPageControl } from "./cdb.ts";
import { cdbOf, checkedField } from "./cdb_field.ts";
import { type CommandOptions, executeChecked } from "./execute.ts";
import { encodeLogPage, type LogPage } from "./log_pages.ts";
import type { LogicalUnit } from "./logical_unit.ts";

/** Options of {@link logSelectCdb}. */
export interface LogSelectCdbOptions {
  /** Resets parameters to their defaults (PCR); no page is sent with it. @default false */
  reset?: boolean;
  /** Saves parameters (SP). @default false */
  save?: boolean;
  /** Which values are meant. @default LogPageControl.CurrentCumulative */
  pageControl?: LogPageControl;
  /** Which page is reset, 0 to 63; devices older than SPC-4 reset all of them. @default 0: all pages */
  page?: number;
  /** Subpage of that, 0 to 255. @default 0 */
  subpage?: number;
}

/**
 * LOG SELECT (SPC-5).
 *
 * @param parameterListLength Bytes of pages that go with it, 0 to 65535.
 * @throws {RangeError} when a value does not fit.
 */
export function logSelectCdb(
  parameterListLength: number,
  options: LogSelectCdbOptions = {},
): Uint8Array {
  const { reset = false, save = false, page = 0, subpage = 0 } = options;
  const { pageControl = LogPageControl.CurrentCumulative } = options;
  const cdb = cdbOf(0x4c);
  cdb[1] = (reset ? 0x02 : 0) | (save ? 0x01 : 0);
  cdb[2] = (pageControl << 6) | checkedField("a page code", page, 0x3f);
  cdb[3] = checkedField("a subpage code", subpage, 0xff);
  writeU16(cdb, 7, checkedField("a parameter list length", parameterListLength, 0xffff));
  return cdb;
}

/**
 * Sets the parameters of a log page.
 *
 * @throws {CheckConditionError} when the device refused.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function logSelect(
  unit: LogicalUnit,
  page: LogPage,
  options: CommandOptions & Pick<LogSelectCdbOptions, "save" | "pageControl"> = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const dataOut = encodeLogPage(page);
  const cdb = logSelectCdb(dataOut.length, options);
  await executeChecked(unit, { cdb, dataOut, signal, timeoutMs });
}

/**
 * Resets log parameters to their defaults: those of one page, or of all pages when none is given.
 *
 * @throws {RangeError} when a page code does not fit.
 * @throws {CheckConditionError} when the device refused.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function resetLogPages(
  unit: LogicalUnit,
  options: CommandOptions & Pick<LogSelectCdbOptions, "page" | "subpage"> = {},
): Promise<void> {
  const { signal, timeoutMs, page, subpage } = options;
  const cdb = logSelectCdb(0, { reset: true, page, subpage });
  await executeChecked(unit, { cdb, signal, timeoutMs });
}
