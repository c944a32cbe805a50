/**
 * The seam between device drivers and whatever carries their commands: SAM-5's "Execute Command" procedure call.
 *
 * @module
 */

/** One SCSI command (SAM-5 §5.1, "Execute Command"). With both buffers it is bidirectional. */
export interface ScsiCommand {
  /** The command descriptor block, 6 to 260 bytes. Not modified; may be reused once the command has settled. */
  readonly cdb: Uint8Array;
  /** The Data-Out buffer. It must not change until the command has settled. */
  readonly dataOut?: Uint8Array;
  /**
   * The Data-In buffer: its length is the expected data transfer length. It belongs to the logical unit until the
   * command has settled; the caller owns it before and after.
   */
  readonly dataIn?: Uint8Array;
  /** Milliseconds until the command is aborted. @default the command table's value for this operation code */
  readonly timeoutMs?: number;
  /** Aborts the command; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What came of a command that the device answered, whatever its status. */
export interface ScsiResult {
  /** SAM-5 status code: 00h GOOD, 02h CHECK CONDITION, 08h BUSY, 18h RESERVATION CONFLICT, and so on. */
  readonly status: number;
  /** Autosense data, empty when there is none. The array is the caller's. */
  readonly sense: Uint8Array;
  /** Bytes that arrived in `dataIn`, counted from its beginning without a gap. */
  readonly dataInLength: number;
  /**
   * The residual count that the transport reported: positive for an underflow, negative for an overflow, 0 for
   * none. Some targets report it wrongly; compare with the sense INFORMATION and `dataInLength`.
   */
  readonly residual: number;
  /**
   * Of a bidirectional command only: the residual count of what it reads, while `residual` is that of what it writes.
   */
  readonly readResidual?: number;
}

/**
 * A logical unit that executes commands. Commands go to the device in the order of the calls, without waiting for
 * one another; each promise settles exactly once.
 */
export interface LogicalUnit {
  /** What to call it in messages: an address, for instance. Holds no secret. */
  readonly name: string;
  /**
   * Executes one command. Resolves with whatever status the device gave; statuses other than GOOD are results here,
   * not errors.
   *
   * @throws {ServiceDeliveryError} when no status came back; `outcome` tells whether the device may have executed it.
   */
  execute(command: ScsiCommand): Promise<ScsiResult>;
  /** Releases what carries the commands. Never throws; calling it again does nothing. */
  close(): Promise<void>;
}

/** A logical unit whose I_T nexus can be set up again after it was lost (SAM-5 §6.3, I_T nexus loss). */
export interface RecoverableLogicalUnit extends LogicalUnit {
  /** Whether the nexus is lost: every command fails until {@link reestablish}. */
  readonly nexusLost: boolean;
  /**
   * Sets up a new nexus, trying several times. Nothing is sent again. The device may report unit attentions to the new
   * nexus, and anything may have happened to the medium in between.
   *
   * @throws {ServiceDeliveryError} when that fails for good; the signal's reason when that ended it.
   */
  reestablish(signal?: AbortSignal): Promise<void>;
}
