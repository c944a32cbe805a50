/** What commands report of a transfer, read from the document or from the text for people. */

import assert from "node:assert/strict";
import type { ModelObject } from "../../tape/tape_model.ts";
import type { Outcome } from "./walk_bench.ts";

export type Transfer = "written" | "read" | "copied" | "saved" | "loaded";

/** What was moved, as a command tells it; `filemarks` where it does. */
export interface Told {
  readonly records: number;
  readonly bytes: number;
  readonly filemarks?: number;
}

const COUNTED = String.raw`^(\d+) records?, (\d+) bytes?[ ,(].*`;
const MARKS = String.raw`(one|\d+) filemarks?`;

/** What follows the counts in the text. */
const ENDINGS: Readonly<Record<Transfer, string>> = {
  written: ` written, and ${MARKS}(?:; read back and compared)?$`,
  read: " read(?:: .* written)?$",
  copied: ` copied, and ${MARKS}$`,
  saved: ` and ${MARKS} saved$`,
  loaded: ` and ${MARKS} loaded$`,
};

/** What a command reports as done; `undefined` where it does not. It may have failed in leaving the drive. */
export function reported({ document, errors }: Outcome, transfer: Transfer): Told | undefined {
  if (document?.[transfer]?.records !== undefined) {
    const { records, bytes, filemarks = document.filemarks } = document[transfer];
    return { records, bytes, ...(filemarks !== undefined && { filemarks }) };
  }
  const found = new RegExp(COUNTED + ENDINGS[transfer], "m").exec(errors);
  if (found === null) return undefined;
  const [, records, bytes, marks] = found;
  return {
    records: Number(records),
    bytes: Number(bytes),
    ...(marks !== undefined && { filemarks: marks === "one" ? 1 : Number(marks) }),
  };
}

/** What moving these objects comes to. */
export function countOf(objects: readonly ModelObject[]): Required<Told> {
  const records = objects.filter((object) => object !== "filemark") as Uint8Array[];
  const bytes = records.reduce((sum, { length }) => sum + length, 0);
  return { records: records.length, bytes, filemarks: objects.length - records.length };
}

/** The command reports just that, in the form that was asked for. */
export function checkReport(outcome: Outcome, transfer: Transfer, expected: Told): void {
  assert.deepEqual(reported(outcome, transfer), expected, `${transfer}: ${outcome.errors}`);
  const isPrinted = outcome.document !== undefined && outcome.faults.output === undefined;
  assert.ok(!isPrinted || outcome.document[transfer] !== undefined, "told in the document");
}
