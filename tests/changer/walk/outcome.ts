import { ChangerError } from "../../../changer/errors.ts";
import { ScsiStatusError, ServiceDeliveryError } from "../../../scsi/errors.ts";
import { TapeError } from "../../../tape/errors.ts";
import type { Disturbance } from "./disturbances.ts";

/** How an operation ended: `done`, the kind of a changer's error, or `tape`, `drive`, `lost`, `called off`. */
export type Outcome = string;

/** @throws what no caller is told to expect. */
export function outcomeOf(error: unknown, disturbance: Disturbance | undefined): Outcome {
  if (error === undefined) return "done";
  if (disturbance?.reason !== undefined && error === disturbance.reason) return "called off";
  if (error instanceof ChangerError) return error.kind;
  if (error instanceof TapeError) return "tape";
  if (error instanceof ScsiStatusError) return "drive";
  if (error instanceof ServiceDeliveryError) return "lost";
  throw error;
}
