/**
 * The seam between the simulated target, which speaks iSCSI, and the simulated devices, which speak SCSI: SAM-5's
 * device server.
 *
 * @module
 */

/** The I_T nexus that a task came through; one object per session, compared by identity. */
export interface Nexus {
  /** The initiator's iSCSI name. */
  readonly initiatorName: string;
  /** Initiator port identifier: the ISID as 12 hex digits. */
  readonly isid: string;
}

/** One command as it reaches a device server. */
export interface Task {
  /** The command descriptor block. Valid during the call only. */
  readonly cdb: Uint8Array;
  /** All Data-Out bytes that the initiator sent, at most what the CDB asks for. Valid during the call only; copy what is kept. */
  readonly dataOut: Uint8Array;
  /** Where it came from. */
  readonly nexus: Nexus;
}

/** What a device server answers. */
export interface TaskResult {
  /** SAM-5 status code. */
  readonly status: number;
  /** Sense data for CHECK CONDITION. */
  readonly sense?: Uint8Array;
  /** Data-In bytes, already cut to the allocation or transfer length of the CDB; not changed afterwards by the device. */
  readonly dataIn?: Uint8Array;
  /** Whose other tasks at this logical unit end with this one (PREEMPT AND ABORT, SPC-5 §5.14.11). @default nobody's */
  readonly aborts?: (nexus: Nexus) => boolean;
}

/** A simulated logical unit. Tasks of one logical unit are executed one at a time, in order. */
export interface DeviceServer {
  /** Peripheral device type (SPC-5 §6.7.2): 01h tape, 08h changer, 00h disk. */
  readonly deviceType: number;
  /** Bytes of Data-Out that this CDB asks for; the target collects up to that many. */
  dataOutLength(cdb: Uint8Array): number;
  /** Executes one command. */
  execute(task: Task): TaskResult | Promise<TaskResult>;
  /** A new I_T nexus: unit attentions start here (SAM-5 §5.14). */
  nexusEstablished(nexus: Nexus): void;
  /** The I_T nexus is gone: its reservations and unit attentions go too (SAM-5 §6.3). */
  nexusLost(nexus: Nexus): void;
  /**
   * Whether the target that it is in ends commands that others clear with TASK ABORTED: TAS of the control mode page
   * (SPC-5 §7.5.10). A device that is not told says 0.
   */
  setTaskAbortedStatus?(taskAbortedStatus: boolean): void;
  /** LOGICAL UNIT RESET (SAM-5 §7.7). */
  reset(): void;
  /** Writes back and releases what the device holds (files). Calling it again does nothing. */
  close(): Promise<void>;
}
