/**
 * Checking what is on tape without bringing it to the host (SSC-4, VERIFY).
 *
 * @module
 */

import { object, truth } from "../scsi/option_rules.ts";
import { checkGiven } from "./caller_values.ts";
import type { Condition } from "./conditions.ts";
import { MAX_U24 } from "./commands.ts";
import type { DriveWork } from "./drive_work.ts";
import { TapeError } from "./errors.ts";
import { verify16Cdb, verify6Cdb, type VerifyCdbOptions } from "./extended_commands.ts";
import { needing } from "./feature_support.ts";
import { placeOf } from "./object_place.ts";
import type { OperationOptions } from "./options.ts";

/**
 * How far to verify: so many blocks (fixed mode), one record of so many bytes (variable mode), so many filemarks, or up to
 * the end of data.
 */
export type VerifyExtent =
  | { readonly blocks: number }
  | { readonly recordBytes: number }
  | { readonly filemarks: number }
  | "end-of-data";

/** Options of {@linkcode DriveFeatures.verify}. */
export interface VerifyOptions extends OperationOptions {
  /** Begins at an object of a partition, by default the one that the caller is in, for drives with VERIFY(16). @default where the caller is */
  readonly from?: { readonly object: number; readonly partition?: number };
  /** Checks the CRC that is on the tape with each block, on drives with logical block protection. @default false */
  readonly protection?: boolean;
}

/** What a verification came to. */
export interface VerifyResult {
  /** What ended it: it was done, or met something first. */
  readonly ended: "done" | "filemark" | "end-of-data";
}

const EXTENTS: ReadonlySet<string> = new Set(["blocks", "recordBytes", "filemarks"]);

const ENDS: ReadonlySet<Condition> = new Set<Condition>([
  "early-warning",
  "end-of-data",
  "filemark",
]);

function cdbOptions(extent: VerifyExtent, fixed: boolean, protection: boolean): VerifyCdbOptions {
  checkGiven({ protection }, { protection: truth });
  if (extent === "end-of-data") return { length: 0, toEndOfData: true, protection };
  checkGiven({ extent }, { extent: object });
  const [what, length] = Object.entries(extent)[0] ?? ["nothing", 0];
  const isPossible = EXTENTS.has(what) && Number.isInteger(length) && length >= 1 &&
    length <= MAX_U24;
  if (!isPossible || (what === "blocks" && !fixed) || (what === "recordBytes" && fixed)) {
    const mode = fixed ? "fixed" : "variable";
    throw new TapeError(
      "invalid-argument",
      `Cannot verify ${length} ${what} in ${mode} block mode`,
    );
  }
  return { length, fixed: what === "blocks", byFilemarks: what === "filemarks", protection };
}

/**
 * Verifies from where the caller is, and leaves the tape behind what was verified.
 *
 * @throws {UnsupportedError} when the drive cannot.
 * @throws {MediumError} when something cannot be read.
 */
export async function verify(
  work: DriveWork,
  extent: VerifyExtent,
  options: VerifyOptions,
): Promise<VerifyResult> {
  const { session } = work;
  const { from, protection = false, signal } = options;
  const fields = cdbOptions(extent, session.blockBytes > 0, protection);
  if (from !== undefined) checkGiven({ from }, { from: object });
  const place = from && await placeOf(session, { ...from, signal }, "verify");
  const cdb = place === undefined ? verify6Cdb(fields) : verify16Cdb(place, fields);
  const { device } = session;
  const send = () => needing(device, "VERIFY", () => device.perform({ cdb, signal }, ENDS));
  await session.timeouts.learn();
  if (place === undefined) {
    session.tellLoss("verify");
    await work.back();
  }
  const go = () => session.changing(place?.partition, send, signal);
  const { condition } = await work.leaving(go, signal);
  if (place !== undefined) {
    session.place();
    session.partition.enter(place.partition);
  }
  session.count.forget();
  session.proof.startRun();
  return { ended: condition === "filemark" || condition === "end-of-data" ? condition : "done" };
}
