/**
 * What can go wrong with a SCSI command below the meaning of any one device type.
 *
 * @module
 */

import { describeSense, type Sense } from "./sense.ts";
import { Status, statusName } from "./status.ts";

/** Whether a command that got no status may have been executed by the device. */
export type CommandOutcome = "not-executed" | "unknown";

/** Fields of a {@link ServiceDeliveryError}. */
export interface ServiceDeliveryErrorOptions {
  /** Whether the device may have executed the command. */
  readonly outcome: CommandOutcome;
  /** The error underneath. */
  readonly cause?: unknown;
}

/**
 * No status came back for a command (SAM-5's "service delivery or target failure"): the connection broke, the command
 * timed out, the session was closed. Base class of every error of a transport protocol.
 */
export class ServiceDeliveryError extends Error {
  /** `ServiceDeliveryError`. */
  override name = "ServiceDeliveryError";
  /** `not-executed`: the device cannot have seen it. `unknown`: it may or may not have executed it. */
  readonly outcome: CommandOutcome;

  /** The message says what was attempted and what prevented it. */
  constructor(message: string, options: ServiceDeliveryErrorOptions) {
    super(message, { cause: options.cause });
    this.outcome = options.outcome;
  }
}

/** Fields of a {@link ScsiStatusError}. */
export interface ScsiStatusErrorOptions {
  /** SAM-5 status code. */
  readonly status: number;
  /** Name of the command, `INQUIRY` for instance. */
  readonly commandName: string;
  /** Operation code: byte 0 of the CDB. */
  readonly opcode: number;
  /** Name of the logical unit. */
  readonly unitName: string;
}

/**
 * The device answered a command with a status other than GOOD: BUSY, RESERVATION CONFLICT, TASK SET FULL, ACA
 * ACTIVE, TASK ABORTED (SAM-5 §5.3.1). CHECK CONDITION has a class of its own, {@link CheckConditionError}.
 */
export class ScsiStatusError extends Error {
  /** `ScsiStatusError`. */
  override name = "ScsiStatusError";
  /** SAM-5 status code. */
  readonly status: number;
  /** Its name: `BUSY`. */
  readonly statusName: string;
  /** Name of the command. */
  readonly commandName: string;
  /** Operation code of the command. */
  readonly opcode: number;
  /** Name of the logical unit that answered. */
  readonly unitName: string;

  /** The message names command, unit and status, and ends with `detail`. */
  constructor(options: ScsiStatusErrorOptions, detail = "") {
    const { status, commandName, opcode, unitName } = options;
    super(`${commandName} on ${unitName}: ${statusName(status)}${detail && `: ${detail}`}`);
    this.status = status;
    this.statusName = statusName(status);
    this.commandName = commandName;
    this.opcode = opcode;
    this.unitName = unitName;
  }
}

/** Fields of a {@link CheckConditionError}. */
export interface CheckConditionErrorOptions extends Omit<ScsiStatusErrorOptions, "status"> {
  /** The sense data that came with the status. */
  readonly sense: Sense;
}

/** The device answered CHECK CONDITION; `sense` says why (SPC-5 §4.4). */
export class CheckConditionError extends ScsiStatusError {
  /** `CheckConditionError`. */
  override name = "CheckConditionError";
  /** The decoded sense data. Its format is `none` when the device sent none. */
  readonly sense: Sense;

  /** The message names command, unit and the sense data's meaning. */
  constructor(options: CheckConditionErrorOptions) {
    super({ ...options, status: Status.CheckCondition }, describeSense(options.sense));
    this.sense = options.sense;
  }
}

/** Fields of an {@link UnexpectedResponseError}. */
export interface UnexpectedResponseErrorOptions {
  /** Name of the command whose answer it is. */
  readonly commandName: string;
  /** Name of the logical unit. @default "the device" */
  readonly unitName?: string;
  /** What is wrong with the answer: `3 bytes, at least 5 needed`. */
  readonly problem: string;
}

/** A command ended well, but the data that came with it is too short, or contradicts itself. */
export class UnexpectedResponseError extends Error {
  /** `UnexpectedResponseError`. */
  override name = "UnexpectedResponseError";
  /** Name of the command. */
  readonly commandName: string;
  /** Name of the logical unit that answered. */
  readonly unitName: string;

  /** The message names command, unit and problem. */
  constructor(options: UnexpectedResponseErrorOptions) {
    const { commandName, unitName = "the device", problem } = options;
    super(`${commandName} on ${unitName}: unusable answer: ${problem}`);
    this.commandName = commandName;
    this.unitName = unitName;
  }
}
