/**
 * A PDU from the target, other than the answer to a SCSI command.
 *
 * @module
 */

import type { ReplyNumbers } from "../tasks/task_reply.ts";

/** Encodes its header when its turn has come, and knows its data segment. */
export interface Answer {
  /** Writes the header with the numbers of that moment. */
  encode(bhs: Uint8Array, numbers: ReplyNumbers): void;
  readonly data: Uint8Array;
  /** Goes without digests, as all of the login does. */
  readonly plain?: boolean;
  /** The target itself bounds how many of these wait: no number of them means that the initiator takes nothing. */
  readonly bounded?: boolean;
}
