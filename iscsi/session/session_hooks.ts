/**
 * What a session tells whoever watches it: PDUs, states, and how its commands fared.
 *
 * @module
 */

import type { Direction } from "../../transport/tracing.ts";

/** One PDU that was sent or received. The arrays are valid during the call only, and not to be modified. */
export interface PduEvent {
  /** `out` was sent to the target, `in` came from it. */
  readonly direction: Direction;
  /** The connection of the session that it went over (RFC 7143 §4.2.1). */
  readonly cid: number;
  /** BHS and AHS (RFC 7143 §11.2) with their lengths filled in, without digest. */
  readonly header: Uint8Array;
  /**
   * The data segment without padding and digest. It holds the user's records, and in a login CHAP responses:
   * `describePdu` shows neither. Empty in a PDU that was refused for its header.
   */
  readonly data: Uint8Array;
}

/**
 * Where a session stands. `connecting`: no connection yet. `login`: RFC 7143 §6.3. `full-feature`: commands go through.
 * `recovering`: the last connection was lost, and another is to take over its commands (error recovery level 2); new
 * commands wait. `draining`: a logout was asked for; commands under way may end, new ones are refused. `logout`: the
 * logout is on its way. `closed`: over.
 */
export type SessionPhase =
  | "connecting"
  | "login"
  | "full-feature"
  | "recovering"
  | "draining"
  | "logout"
  | "closed";

/** A step from one phase to another. */
export interface SessionStateChange {
  /** Where it stood; every connection begins as `connecting`. */
  readonly from: SessionPhase;
  /** Where it stands now. */
  readonly to: SessionPhase;
  /** Why, in words for people. */
  readonly reason: string;
  /** The error that ended it, if one did. */
  readonly error?: unknown;
}

/** A step in the life of one connection of a session. */
export interface ConnectionChange {
  /** The connection's number in the session. */
  readonly cid: number;
  /**
   * `up`: it carries commands. `draining`: it takes no new ones, because it is to be logged out. `lost`: it broke.
   * `recovered`: another connection has taken over what it carried. `closed`: it was logged out, or the session is over.
   * `failed`: it could not be added or set up again.
   */
  readonly to: "up" | "draining" | "lost" | "recovered" | "closed" | "failed";
  /** The error behind it, if there is one. */
  readonly error?: unknown;
}

/** How one SCSI command fared, from the call to its end. */
export interface CommandMetrics {
  /** The command's name: `READ(6)`. */
  readonly name: string;
  /** The 8-byte LUN field of SAM-5 §4.7 as one number. */
  readonly lun: bigint;
  /** Milliseconds from the call to its end, the time in the queue included. */
  readonly durationMs: number;
  /** Length of its Data-Out. */
  readonly bytesOut: number;
  /** Bytes of Data-In that came; 0 when it failed. */
  readonly bytesIn: number;
  /** SAM-5 status; `undefined` when none came. */
  readonly status: number | undefined;
  /** What it failed with when no status came. */
  readonly error?: unknown;
}

/**
 * Functions that a session calls while it works, synchronously: they should be quick. One that throws is not called
 * again, the session's log tells of it, and the session goes on.
 */
export interface SessionHooks {
  /** Told of each PDU, before it is acted on or written. @default none */
  readonly pdu?: (event: PduEvent) => void;
  /** Told of each phase that the session enters; after a redirect a new one begins. @default none */
  readonly stateChanged?: (change: SessionStateChange) => void;
  /** Told of each step of each connection of the session. @default none */
  readonly connectionChanged?: (change: ConnectionChange) => void;
  /** Told when a command has ended, in whatever way. @default none */
  readonly commandEnded?: (command: CommandMetrics) => void;
}

/** Wraps each hook so that one that throws is reported once and then left alone. */
export function guardedHooks(
  hooks: SessionHooks,
  failed: (hook: string, error: unknown) => void,
): SessionHooks {
  return {
    pdu: guarded("pdu", hooks.pdu, failed),
    stateChanged: guarded("stateChanged", hooks.stateChanged, failed),
    connectionChanged: guarded("connectionChanged", hooks.connectionChanged, failed),
    commandEnded: guarded("commandEnded", hooks.commandEnded, failed),
  };
}

function guarded<Event>(
  name: string,
  hook: ((event: Event) => void) | undefined,
  failed: (hook: string, error: unknown) => void,
): ((event: Event) => void) | undefined {
  if (hook === undefined) return undefined;
  let broken = false;
  return (event) => {
    if (broken) return;
    try {
      hook(event);
    } catch (error) {
      broken = true;
      failed(name, error);
    }
  };
}
