/**
 * Fields of mode pages that the caller has set, which a reset takes back.
 *
 * @module
 */

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

/** The caller has set fields of a page. A failure that the drive was to make up (TEST) is not wanted again. */
export function keepFields<T extends object>(
  session: TapeSession,
  layout: ModePageLayout<T>,
  changes: Partial<T>,
): void {
  const { device, kept } = session;
  session.isOverwritable = undefined;
  if ("test" in changes && changes.test === true) return;
  for (const [field, value] of Object.entries(changes)) {
    if (value === undefined || OF_TAPE.has(field)) continue;
    const name = FEATURES[field] ?? `${field} in "${layout.name}"`;
    kept.keep(name, {
      isInForce: async () => {
        const { fields } = await readNeededPage(device, name, layout);
        return fields[field as keyof T] === value;
      },
      set: () => writeNeededPage(device, name, layout, { [field]: value } as Partial<T>),
      isOfTape: field === UNTIL_UNLOAD,
    });
  }
}
