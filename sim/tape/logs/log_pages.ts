/**
 * The log pages of the simulated drive, and how they are asked for (SPC-5 §7.3, SSC-4 §8.2).
 *
 * @module
 */

import {
  encodeLogPage,
  encodeSupportedLogPages,
  encodeSupportedLogSubpages,
} from "../../../scsi/log_pages.ts";
import type { Nexus } from "../../device_server.ts";
import type { DriveState } from "../drive_state.ts";
import { CAPACITY_PAGES } from "./capacity_pages.ts";
import { DEVICE_PAGES } from "./device_pages.ts";
import { ERROR_PAGES } from "./error_pages.ts";
import type { DriveLogPage } from "./log_parameter.ts";
import { tapeDiagnosticData } from "./diagnostic_page.ts";
import { volumeStatistics } from "./volume_statistics.ts";

const SUPPORTED_PAGES = 0x00;
const ALL_SUBPAGES = 0xff;

const PAGES: readonly DriveLogPage[] = [
  { page: SUPPORTED_PAGES, parameters: () => [] },
  ...ERROR_PAGES,
  ...CAPACITY_PAGES,
  ...DEVICE_PAGES,
  { page: 0x16, parameters: tapeDiagnosticData },
  { page: 0x17, parameters: volumeStatistics },
];

/** The page with this code, if the drive has it. */
export function findLogPage({ personality }: DriveState, page: number): DriveLogPage | undefined {
  if (!personality.features.logPages.includes(page)) return undefined;
  return PAGES.find((known) => known.page === page);
}

/**
 * Page 00h, subpage FFh: all pages and subpages that there are (SPC-5 §7.3.18); `undefined` for any other subpage. A new
 * array.
 */
export function subpageData(
  { personality }: DriveState,
  page: number,
  subpage: number,
): Uint8Array | undefined {
  if (page !== SUPPORTED_PAGES || subpage !== ALL_SUBPAGES) return undefined;
  return encodeSupportedLogSubpages(
    personality.features.logPages.flatMap((code) =>
      code === SUPPORTED_PAGES
        ? [{ page: code, subpage: 0 }, { page: code, subpage: ALL_SUBPAGES }]
        : [{ page: code, subpage: 0 }]
    ),
  );
}

/** The page with the parameters from code `pointer` on, a new array; `undefined` when all codes are lower. */
export function logPageData(
  { page, parameters }: DriveLogPage,
  drive: DriveState,
  nexus: Nexus,
  pointer: number,
): Uint8Array | undefined {
  if (page === SUPPORTED_PAGES) {
    const { logPages } = drive.personality.features;
    return pointer === 0 ? encodeSupportedLogPages(logPages) : undefined;
  }
  const shown = parameters(drive, nexus, drive.logCounts.since(page)).filter(({ code }) =>
    code >= pointer
  );
  return shown.length === 0 && pointer > 0
    ? undefined
    : encodeLogPage({ page, subpage: 0, parameters: shown });
}
