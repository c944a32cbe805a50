/**
 * Negotiations in full feature phase, each on the connection whose MaxRecvDataSegmentLength it is about
 * (RFC 7143 §6.4, §11.9.1, §13.12).
 *
 * @module
 */

import { renegotiation, type RenegotiationOptions } from "../requests/renegotiation.ts";
import type { RequestLedger } from "../requests/request_ledger.ts";
import { TEXT_TIMEOUT_MS, type TextExchange } from "../requests/text_exchange.ts";
import type { ConnectionSet } from "./connection_set.ts";
import type { InitiatorEvents } from "./initiator_options.ts";
import type { SessionConnection } from "./session_connection.ts";
import type { SessionState } from "./session_state.ts";

/** Who waits for a negotiation. One of the two is called, `failed` once for each connection on which it fails. */
export interface NegotiationOwner {
  completed(): void;
  failed(error: unknown): void;
}

/** What a {@link LengthNegotiation} works with. */
export interface LengthNegotiationParts {
  readonly state: SessionState;
  readonly connections: ConnectionSet;
  readonly ledger: RequestLedger;
  readonly notice: InitiatorEvents["notice"];
}

/** The negotiations of one session. */
export class LengthNegotiation {
  readonly #parts: LengthNegotiationParts;
  /** Connections on which the target has asked for one that has not ended. */
  readonly #asked: Set<SessionConnection> = new Set();

  constructor(parts: LengthNegotiationParts) {
    this.#parts = parts;
  }

  /** Declares, on each connection, how long the segments may be that the target sends from then on. */
  declare(maxReceiveDataSegmentLength: number, timeoutMs: number, owner: NegotiationOwner): void {
    const { connections, ledger } = this.#parts;
    const all = connections.allUp();
    if (all.length === 0) return owner.failed(ledger.unsendable("Negotiate"));
    let open = all.length;
    const completed = () => {
      if (--open === 0) owner.completed();
    };
    const each = { completed, failed: (error: unknown) => owner.failed(error) };
    for (const connection of all) {
      this.#begin(connection, { timeoutMs, maxReceiveDataSegmentLength }, each);
    }
  }

  /**
   * One exchange on a connection answers all messages there that ask for it before it has ended. Parameter3 says when its
   * request must have gone out, whatever holds up commands; not how long the target takes to answer.
   */
  answer(connection: SessionConnection): void {
    if (this.#asked.has(connection)) return;
    this.#asked.add(connection);
    this.#begin(connection, { timeoutMs: TEXT_TIMEOUT_MS, isImmediate: true }, {
      completed: () => this.#asked.delete(connection),
      failed: (error) => {
        this.#asked.delete(connection);
        this.#parts.notice("Negotiation failed", { error });
      },
    });
  }

  #begin(
    { cid, wire }: SessionConnection,
    options: Omit<RenegotiationOptions, "now" | "cid">,
    owner: NegotiationOwner,
  ): void {
    const { state, ledger } = this.#parts;
    const exchange: TextExchange = renegotiation(
      () => wire.parameters,
      { ...options, now: state.now, cid },
      {
        declared: (length) => wire.declared(length),
        changed: (parameters) => {
          wire.renegotiated(parameters);
          owner.completed();
        },
        failed: (error) => {
          // One that has not gone out takes nothing back: another may be under way.
          if (exchange.sent) wire.renegotiated(wire.parameters);
          owner.failed(error);
        },
      },
    );
    ledger.submit(exchange);
  }
}
