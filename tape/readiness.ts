/**
 * Waiting for a drive to become ready (SPC-5, TEST UNIT READY).
 *
 * @module
 */

import { testUnitReadyCdb } from "../scsi/cdb.ts";
import { SenseKey } from "../scsi/sense_codes.ts";
import { eitherOf } from "./abort.ts";
import { loadUnloadCdb } from "./commands.ts";
import { isDone } from "./conditions.ts";
import type { Device, Reply } from "./device.ts";
import { NotReadyError, type NotReadyReason, type TapeError } from "./errors.ts";
import type { DriveNotice } from "./notice.ts";
import type { LoadPollingOptions } from "./options.ts";

/** How to wait. */
export interface ReadinessOptions {
  readonly load: boolean;
  readonly requireMedium: boolean;
  readonly polling: LoadPollingOptions;
  readonly signal?: AbortSignal;
  /** Called with each unit attention; what it throws ends the waiting. */
  readonly heard?: (attention: Reply) => void;
}

/** What waiting came to. */
export interface Readiness {
  /** Whether a tape is ready. */
  readonly isReady: boolean;
  /** Whether it took time, so that what the drive said about the tape before may no longer hold. */
  readonly hasWaited: boolean;
}

/** Unit attentions that may wait for a new initiator: one of each kind. */
const MAX_ATTENTIONS = 10;

/** What ends by itself. */
export const PASSING: ReadonlySet<NotReadyReason> = new Set<NotReadyReason>([
  "becoming-ready",
  "cleaning",
  "formatting",
  "operation-in-progress",
]);

/** A drive that has nothing to unload. */
const UNLOADED: ReadonlySet<NotReadyReason> = new Set<NotReadyReason>(["needs-load", "no-medium"]);

/** Whether what failed did so because no tape is loaded. */
export function isUnloaded(error: unknown): boolean {
  return error instanceof NotReadyError && UNLOADED.has(error.reason);
}

/** Sends TEST UNIT READY. */
export function askReady(device: Device, signal?: AbortSignal): Promise<Reply> {
  return device.send({ cdb: testUnitReadyCdb(), signal });
}

/**
 * Asks until the drive is ready, taking in the unit attentions that wait for a new initiator.
 *
 * @param first The answer to the first question, which may have been sent along with others.
 * @throws {NotReadyError} when it does not become ready, and a tape is required.
 * @throws {TapeError} when the drive fails.
 */
export async function waitUntilReady(
  device: Device,
  first: Reply,
  options: ReadinessOptions,
): Promise<Readiness> {
  const { intervalMs = 1000, count = 7200 } = options.polling;
  const signal = eitherOf(options.signal, options.polling.signal);
  let mayLoad = options.load;
  let attentions = 0;
  let polls = 0;
  for (let reply = first;; reply = await askReady(device, signal)) {
    const { condition } = reply;
    if (isDone(condition)) {
      return { isReady: true, hasWaited: polls > 0 };
    }
    if (isAttention(reply) && attentions++ < MAX_ATTENTIONS) {
      options.heard?.(reply);
      continue;
    }
    const error = device.failure(reply);
    if (condition !== "busy" && !(error instanceof NotReadyError)) throw error;
    if (error instanceof NotReadyError && error.reason === "needs-load" && mayLoad) {
      mayLoad = false;
      polls++;
      await device.attempt({ cdb: loadUnloadCdb(true), signal });
      continue;
    }
    const mayPass = !(error instanceof NotReadyError) || PASSING.has(error.reason);
    if (!options.requireMedium && condition !== "busy") {
      return { isReady: false, hasWaited: polls > 0 };
    }
    if (!mayPass || polls++ >= count) throw error;
    device.notify(waiting(error, polls));
    device.logger.info("Waiting for {name}: {error}", { name: device.name, error: error.message });
    await device.sleep(intervalMs, signal);
  }
}

function waiting(error: TapeError, asked: number): DriveNotice {
  if (!(error instanceof NotReadyError)) return { kind: "waiting", reason: "busy", asked };
  const { reason, progress } = error;
  return { kind: "waiting", reason, ...(progress !== undefined && { progress }), asked };
}

/** What a new initiator hears first; a deferred error is one of whoever wrote last. */
function isAttention({ sense }: Reply): boolean {
  return sense !== undefined && (sense.deferred || sense.key === SenseKey.UnitAttention);
}
