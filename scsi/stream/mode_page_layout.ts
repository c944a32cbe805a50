/**
 * Reading and changing a mode page by a table of its fields (SPC-5 §6.12 to §6.15).
 *
 * @module
 */

import { type FieldTable, readFields, writeFields } from "../bit_field.ts";
import type { PageControl } from "../cdb.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { changeModePage, type ModeSelectOptions, modeSense } from "../mode_pages.ts";

/** A mode page, and where its fields are. */
export interface ModePageLayout<T> {
  /** Page code, 0 to 62. */
  readonly page: number;
  /** Subpage code, 0 to 254. */
  readonly subpage: number;
  /** As the standard calls it. */
  readonly name: string;
  /** Its fields. */
  readonly fields: FieldTable<T>;
}

/** Options of {@link readModePage}. */
export interface ReadModePageOptions extends CommandOptions {
  /** Which values to give. @default PageControl.Current */
  pageControl?: PageControl;
}

/** A mode page as it came. */
export interface ReadModePage<T> {
  /** The fields that the page is long enough to hold. */
  readonly fields: Partial<T>;
  /** The whole page, for what follows the fields. The array is the caller's. */
  readonly bytes: Uint8Array;
}

/**
 * Reads a mode page by its layout; `undefined` when the device answers without it.
 *
 * @throws {CheckConditionError} when the device refused: it may not have the page (05/24/00).
 * @throws {UnexpectedResponseError} when the answer is shorter than its header.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function readModePage<T>(
  unit: LogicalUnit,
  layout: ModePageLayout<T>,
  options: ReadModePageOptions = {},
): Promise<ReadModePage<T> | undefined> {
  const { page, subpage } = layout;
  const { pageControl } = options;
  const which = { page, subpage, disableBlockDescriptors: true, pageControl };
  const { pages } = await modeSense(unit, which, options);
  const found = pages.find((each) => each.page === page && each.subpage === subpage);
  return found && { fields: readFields(found.bytes, layout.fields), bytes: found.bytes };
}

/**
 * Changes fields of a mode page and leaves the others as they are.
 *
 * @throws {RangeError} when a number does not fit its field.
 * @throws {UnexpectedResponseError} when the page did not come whole, or has no such field.
 * @throws {CheckConditionError} when the device refused to read or set it.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function writeModePage<T>(
  unit: LogicalUnit,
  layout: ModePageLayout<T>,
  changes: Partial<T>,
  options: ModeSelectOptions = {},
): Promise<void> {
  const { page, subpage, fields } = layout;
  await changeModePage(
    unit,
    { page, subpage },
    (bytes) => writeFields(bytes, fields, changes),
    options,
  );
}
