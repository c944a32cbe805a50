/**
 * Immediate requests that act once everything sent before them has been delivered (RFC 7143 §4.2.2.1).
 *
 * @module
 */

import { serialLess } from "../../../iscsi/connection/serial_number.ts";
import type { SessionConnection } from "./session_connection.ts";

interface LateRequest {
  readonly connection: SessionConnection;
  readonly cmdSn: number;
  readonly act: () => void;
}

/** Those of one session, in the order of their arrival. */
export class LateRequests {
  #waiting: LateRequest[] = [];

  /** Lets one act once everything before `cmdSn` has been delivered. */
  add(connection: SessionConnection, cmdSn: number, act: () => void): void {
    this.#waiting.push({ connection, cmdSn, act });
  }

  /** How many of a connection wait. */
  countOf(connection: SessionConnection): number {
    return this.#waiting.filter((request) => request.connection === connection).length;
  }

  /** The connection is over: those of it never act. */
  forget(connection: SessionConnection): void {
    this.#waiting = this.#waiting.filter((request) => request.connection !== connection);
  }

  /** What acts next, now that `expCmdSn` is to be delivered. */
  next(expCmdSn: number): (() => void) | undefined {
    const at = this.#waiting.findIndex(({ cmdSn }) => !serialLess(expCmdSn, cmdSn));
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0].act;
  }
}
