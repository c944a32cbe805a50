/**
 * Negotiation in full feature phase, which only the target begins here (RFC 7143 §11.9.1, event 4): it may declare
 * another MaxRecvDataSegmentLength.
 *
 * @module
 */

import { KeyNegotiation } from "../../negotiation/negotiate.ts";
import type { NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import { decodeText, encodeText } from "../../negotiation/text_keys.ts";
import { TextExchange, type TextOwner } from "./text_exchange.ts";

/** Who hears of the result. */
export interface RenegotiationEvents {
  changed(parameters: NegotiatedParameters): void;
  failed(error: unknown): void;
}

/**
 * An empty text request, which lets the target say what it wants: what it declares holds once it has ended the
 * exchange, what else it offers is refused. The answers throw {@link ProtocolError} and {@link NegotiationError}.
 */
export function renegotiation(
  parameters: NegotiatedParameters,
  time: { readonly now: number; readonly timeoutMs: number },
  events: RenegotiationEvents,
): TextExchange {
  const negotiation = new KeyNegotiation("initiator", {
    headerDigest: parameters.headerDigest ? "crc32c" : "none",
    dataDigest: parameters.dataDigest ? "crc32c" : "none",
    leading: false,
    current: parameters,
  });
  const owner: TextOwner = {
    respond: (text) => encodeText(negotiation.receive(decodeText(text), "full-feature")),
    completed: (text) => {
      negotiation.receive(decodeText(text), "full-feature", true);
      events.changed(negotiation.result());
    },
    failed: events.failed,
  };
  return new TextExchange(new Uint8Array(0), time.now, time.timeoutMs, owner);
}
