/**
 * The drive's log pages by name, and the alerts among them (SPC-5 §6.8, SSC-4).
 *
 * @module
 */

import { type LogPage, logSense, readSupportedLogPages } from "../scsi/log_pages.ts";
import { resetLogPages } from "../scsi/log_select.ts";
import { count, object } from "../scsi/option_rules.ts";
import { LOG_PAGE_TABLE, logPageFacts } from "../scsi/stream/log_page_table.ts";
import { type NamedLogPage, nameLogPage } from "../scsi/stream/named_log_page.ts";
import { checkGiven } from "./caller_values.ts";
import type { Device } from "./device.ts";
import { TapeError } from "./errors.ts";
import { ifThere, needing, unsupported } from "./feature_support.ts";
import { type TapeAlert, tapeAlert } from "./tape_alert.ts";

/** Which log page: its code, code and subpage, or its name: `volume statistics`. */
export type LogPageTarget = number | string | { readonly page: number; readonly subpage: number };

/** What {@linkcode DriveUpkeep.alerts} resolves to. */
export interface TapeAlertReport {
  /** The flags that are up now. Reading them takes most of them down. */
  readonly active: readonly TapeAlert[];
  /** Every flag that has been seen up since the drive was opened, those that are active included. */
  readonly seen: readonly TapeAlert[];
}

/** A page that a drive has. */
export interface AvailableLogPage {
  /** Page code. */
  readonly page: number;
  /** What it is called, if that is known. */
  readonly name?: string;
}

const TAPE_ALERT_PAGE = 0x2e;
const RAISED = 0x01;

/** The log pages of one drive. Remembers alerts, because reading takes them down. */
export class DriveLog {
  readonly #device: Device;
  readonly #seen = new Map<number, TapeAlert>();

  constructor(device: Device) {
    this.#device = device;
  }

  /** One page. */
  async read(target: LogPageTarget, signal?: AbortSignal): Promise<NamedLogPage> {
    const candidates = pagesOf(target);
    for (const which of candidates) {
      const page = await ifThere(this.#device, (unit) => logSense(unit, which, { signal }));
      if (page === undefined) continue;
      if (page.page === TAPE_ALERT_PAGE) this.#remember(page);
      return nameLogPage(page);
    }
    throw unsupported(this.#device, describe(target));
  }

  /** Which pages there are. */
  async available(signal?: AbortSignal): Promise<AvailableLogPage[]> {
    const device = this.#device;
    const pages = await needing(
      device,
      "log pages",
      () => device.consult((unit) => readSupportedLogPages(unit, { signal })),
    );
    return pages.map((page) => {
      const name = logPageFacts(page)?.name;
      return { page, ...(name !== undefined && { name }) };
    });
  }

  /** Resets counters. */
  async reset(target: LogPageTarget | undefined, signal?: AbortSignal): Promise<void> {
    const device = this.#device;
    const [which] = target === undefined ? [{}] : pagesOf(target);
    await needing(
      device,
      "resetting log pages",
      () => device.consult((unit) => resetLogPages(unit, { ...which, signal })),
    );
  }

  /** The alerts. */
  async alerts(signal?: AbortSignal): Promise<TapeAlertReport> {
    const device = this.#device;
    const page = await needing(
      device,
      "TapeAlert",
      () => device.consult((unit) => logSense(unit, { page: TAPE_ALERT_PAGE }, { signal })),
    );
    return { active: this.#remember(page), seen: [...this.#seen.values()] };
  }

  #remember({ parameters }: LogPage): TapeAlert[] {
    const active: TapeAlert[] = [];
    for (const { code, value } of parameters) {
      const alert = tapeAlert(code);
      if (alert === undefined || ((value[0] ?? 0) & RAISED) === 0) continue;
      active.push(alert);
      this.#seen.set(code, alert);
    }
    return active;
  }
}

/** The pages that a target may mean: some names belong to one page on some drives and to another on others. */
function pagesOf(target: LogPageTarget): { page: number; subpage: number }[] {
  if (typeof target === "object" || typeof target === "number") {
    const which = typeof target === "number" ? { page: target, subpage: 0 } : target;
    checkGiven({ page: which }, { page: object });
    const { page, subpage = 0 } = which;
    checkGiven({ page, subpage }, { page: count(0, 0x3f), subpage: count(0, 0xff) });
    return [{ page, subpage }];
  }
  const pages = LOG_PAGE_TABLE.filter(({ name }) => name === target);
  if (pages.length > 0) return pages.map(({ page, subpage }) => ({ page, subpage }));
  throw new TapeError(
    "invalid-argument",
    `Cannot read the log page "${target}": there is no page of that name`,
  );
}

function describe(target: LogPageTarget): string {
  if (typeof target === "string") return `the log page "${target}"`;
  const page = typeof target === "number" ? target : target.page;
  return `log page ${page.toString(16).toUpperCase().padStart(2, "0")}h`;
}
