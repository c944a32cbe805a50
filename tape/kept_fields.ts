/**
 * Fields of mode pages that the caller has set, which a reset takes back.
 *
 * @module
 */

import { CONTROL_PAGE, DEVICE_CONFIGURATION_PAGE } from "../scsi/stream/mode_page_fields.ts";
import type { ModePageLayout } from "../scsi/stream/mode_page_layout.ts";
import { COMPRESSION } from "./compression.ts";
import { readNeededPage, writeNeededPage } from "./needed_mode_page.ts";
import type { TapeSession } from "./tape_session.ts";

export const EARLY_WARNING = "programmable early warning";
export const APPEND_ONLY = "append-only mode";

/** Settings that have a method of their own: whichever way they were set last holds. */
const FEATURES: Readonly<Record<string, string>> = {
  compressionAlgorithm: COMPRESSION,
  programmableEarlyWarningMegabytes: EARLY_WARNING,
  writeMode: APPEND_ONLY,
};

/** What the tape itself keeps or is, and where it stands. */
const OF_TAPE: ReadonlySet<string> = new Set([
  "activeFormat",
  "activePartition",
  "permanentWriteProtect",
  "persistentWriteProtect",
  "wormFilemarkRestrictions",
  "wormLabelRestrictions",
  "writeOnce",
]);

/** What holds for the tape that is in the drive. */
const UNTIL_UNLOAD = "associatedWriteProtect";

/** Two pages hold this: each its own, or a drive has one for both, and then the last way that it was set in holds. */
const WRITE_PROTECTION = "softwareWriteProtect";
const PROTECTION_PAGES: readonly string[] = [CONTROL_PAGE.name, DEVICE_CONFIGURATION_PAGE.name];

/**
 * The caller has set fields of a page. In force is what the drive has made of a value, which it may have rounded. A failure that the drive was to make up (TEST) is
 * not wanted again, nor what was changed along with it.
 *
 * @throws {TapeError} when the drive does not say what it has made of them.
 */
export async function keepFields<T extends object>(
  session: TapeSession,
  layout: ModePageLayout<T>,
  changes: Partial<T>,
  signal?: AbortSignal,
): Promise<void> {
  const { device, kept } = session;
  session.isOverwritable = undefined;
  const isTest = "test" in changes && changes.test === true;
  let taken = changes;
  for (const field of fieldsOf(changes)) {
    const name = nameOf(field, layout.name);
    const change = { [field]: changes[field] } as Partial<T>;
    if (isTest) kept.forget(name);
    else {
      kept.keep(name, {
        isInForce: async () => {
          const { fields } = await readNeededPage(device, name, layout);
          return fields[field] === taken[field];
        },
        set: () => writeNeededPage(device, name, layout, change),
        isOfTape: field === UNTIL_UNLOAD,
      });
    }
  }
  if (!isTest) taken = (await readNeededPage(device, layout.name, layout, signal)).fields;
  if (!(WRITE_PROTECTION in changes)) return;
  for (const page of PROTECTION_PAGES) {
    if (page !== layout.name) await kept.review(nameOf(WRITE_PROTECTION, page));
  }
}

function nameOf(field: string, page: string): string {
  return FEATURES[field] ?? `${field} in "${page}"`;
}

/** Those that a reset takes back. */
function fieldsOf<T extends object>(changes: Partial<T>): (keyof T & string)[] {
  const names = Object.keys(changes) as (keyof T & string)[];
  return names.filter((name) => changes[name] !== undefined && !OF_TAPE.has(name));
}
