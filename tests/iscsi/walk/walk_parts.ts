import { setImmediate } from "node:timers";
import type { Session } from "../../../iscsi/session/session.ts";
import type { LoopbackTarget } from "../../../sim/target/loopback_target.ts";
import type { Random } from "../../scsi/random.ts";
import type { CommandJudge } from "./command_judge.ts";
import { CalledOff } from "./operation.ts";
import type { WalkRecord } from "./walk_record.ts";
import type { WalkSettings } from "./walk_settings.ts";
import type { WalkTime } from "./walk_time.ts";

export const LUNS = 2;

/** What the steps of a walk work with. */
export interface WalkParts {
  readonly random: Random;
  readonly settings: WalkSettings;
  readonly time: WalkTime;
  readonly record: WalkRecord;
  readonly judge: CommandJudge;
  /** Whether most of what is begun may come to its end. */
  readonly isCalm: boolean;
  /** The session of the present, and how many there have been. */
  readonly session: () => Session;
  readonly sessions: () => number;
  readonly target: () => LoopbackTarget;
}

/** A signal for one call of some, which aborts now or later; and what it aborts with. */
export function drawSignal(
  { random, time, isCalm }: WalkParts,
): { readonly options: { readonly signal?: AbortSignal }; readonly reasons: unknown[] } {
  if (random.below(isCalm ? 20 : 5) > 0) return { options: {}, reasons: [] };
  const controller = new AbortController();
  const reason = new CalledOff();
  const abort = () => controller.abort(reason);
  const dice = random.below(4);
  let turns = random.below(12);
  const later = () => turns-- > 0 ? void setImmediate(later) : abort();
  if (dice === 0) queueMicrotask(abort);
  else if (dice === 1) later();
  else time.clock.schedule(abort, random.below(3000));
  return { options: { signal: controller.signal }, reasons: [reason] };
}
