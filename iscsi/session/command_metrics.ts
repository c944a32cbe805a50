/**
 * How commands fare, for those who measure.
 *
 * @module
 */

import type { ScsiResult } from "../../scsi/logical_unit.ts";
import type { Clock } from "../connection/clock.ts";
import type { Waiter } from "./abortable.ts";
import type { CommandMetrics } from "./session_hooks.ts";

/** The command that is measured, and by which clock. */
export interface MeasuredCommand {
  readonly lun: bigint;
  /** Length of its Data-Out. */
  readonly bytesOut: number;
  readonly name: string;
  readonly clock: Clock;
}

/** Tells `ended` how a command has fared, then whoever waits for it. */
export function measured(
  waiter: Waiter<ScsiResult>,
  ended: (command: CommandMetrics) => void,
  { lun, bytesOut, name, clock }: MeasuredCommand,
): Waiter<ScsiResult> {
  const begun = clock.now();
  const told = (bytesIn: number, status: number | undefined, error?: unknown) =>
    ended({
      name,
      lun,
      durationMs: clock.now() - begun,
      bytesOut,
      bytesIn,
      status,
      ...(status === undefined && { error }),
    });
  return {
    completed: (result) => {
      told(result.dataInLength, result.status);
      waiter.completed(result);
    },
    failed: (error) => {
      told(0, undefined, error);
      waiter.failed(error);
    },
  };
}
