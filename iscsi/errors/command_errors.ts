/**
 * What fails one command, or one request, of a session that goes on.
 *
 * @module
 */

import { IscsiError, type IscsiErrorOptions } from "./iscsi_error.ts";

/**
 * Part of a command's data was lost or damaged on the way, and the target did not send it again. The command itself may
 * have been executed; nothing of its data counts (RFC 7143 §7.8, §11.16).
 */
export class DataLostError extends IscsiError {
  /** The name of the class. */
  override name = "DataLostError";
}

/**
 * The source of a command's Data-Out did not give what was promised: it ended early, gave too much or no bytes at all, or
 * failed by itself, with `cause` then. The command was aborted.
 */
export class DataSourceError extends IscsiError {
  /** The name of the class. */
  override name = "DataSourceError";
}

/** Fields of a {@link CommandTimeoutError}. */
export interface CommandTimeoutErrorOptions extends IscsiErrorOptions {
  /** Name of the SCSI command or iSCSI request. */
  readonly commandName: string;
  /** The deadline that passed, in milliseconds from the call. */
  readonly timeoutMs: number;
}

/** A command had no answer in its time, or could not even be sent (`outcome` is `not-executed` then). */
export class CommandTimeoutError extends IscsiError {
  /** The name of the class. */
  override name = "CommandTimeoutError";
  /** Name of the SCSI command or iSCSI request. */
  readonly commandName: string;
  /** The deadline that passed, in milliseconds from the call. */
  readonly timeoutMs: number;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: CommandTimeoutErrorOptions) {
    super(message, options);
    this.commandName = options.commandName;
    this.timeoutMs = options.timeoutMs;
  }
}

/** Fields of a {@link RejectError}. */
export interface RejectErrorOptions extends IscsiErrorOptions {
  /** Reason code of the Reject PDU. */
  readonly reason: number;
  /** What RFC 7143 calls that reason. */
  readonly reasonName: string;
}

/** The target answered a request with a Reject PDU (RFC 7143 §11.17). */
export class RejectError extends IscsiError {
  /** The name of the class. */
  override name = "RejectError";
  /** Reason code of the Reject PDU (RFC 7143 §11.17.1). */
  readonly reason: number;
  /** What RFC 7143 calls that reason. */
  readonly reasonName: string;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: RejectErrorOptions) {
    super(message, options);
    this.reason = options.reason;
    this.reasonName = options.reasonName;
  }
}

/** Fields of a {@link TaskManagementError}. */
export interface TaskManagementErrorOptions extends IscsiErrorOptions {
  /** Name of the task management function, `ABORT TASK` for instance. */
  readonly functionName: string;
  /** Response code of the Task Management Function Response. */
  readonly response: number;
  /** What RFC 7143 calls that response. */
  readonly responseName: string;
}

/** The target did not carry out a task management function (RFC 7143 §11.6.1). */
export class TaskManagementError extends IscsiError {
  /** The name of the class. */
  override name = "TaskManagementError";
  /** Name of the task management function. */
  readonly functionName: string;
  /** Response code of the Task Management Function Response. */
  readonly response: number;
  /** What RFC 7143 calls that response. */
  readonly responseName: string;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: TaskManagementErrorOptions) {
    super(message, options);
    this.functionName = options.functionName;
    this.response = options.response;
    this.responseName = options.responseName;
  }
}

/** Fields of a {@link TaskAbortedError}. */
export interface TaskAbortedErrorOptions extends IscsiErrorOptions {
  /** Name of the task management function, `LOGICAL UNIT RESET` for instance. */
  readonly functionName: string;
}

/** A task management function that acts on many commands ended this one, and it gets no status (RFC 7143 §4.2.3). */
export class TaskAbortedError extends IscsiError {
  /** The name of the class. */
  override name = "TaskAbortedError";
  /** Name of the task management function. */
  readonly functionName: string;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: TaskAbortedErrorOptions) {
    super(message, options);
    this.functionName = options.functionName;
  }
}

/** Fields of a {@link TargetFailureError}. */
export interface TargetFailureErrorOptions extends IscsiErrorOptions {
  /** Response code of the SCSI Response. */
  readonly response: number;
}

/** The target could not carry a command to the device or its status back (RFC 7143 §11.4.3). */
export class TargetFailureError extends IscsiError {
  /** The name of the class. */
  override name = "TargetFailureError";
  /** Response code of the SCSI Response; 01h is target failure. */
  readonly response: number;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: TargetFailureErrorOptions) {
    super(message, options);
    this.response = options.response;
  }
}
