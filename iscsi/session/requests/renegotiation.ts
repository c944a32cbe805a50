/**
 * Negotiation in full feature phase: either side may declare another MaxRecvDataSegmentLength (RFC 7143 §6.4, §13.12).
 *
 * @module
 */

import { NegotiationError } from "../../errors.ts";
import { KeyNegotiation } from "../../negotiation/negotiate.ts";
import type { NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import { decodeText, encodeText } from "../../negotiation/text_keys.ts";
import { NO_CONNECTION } from "./scsi_task.ts";
import { TextExchange, type TextOwner } from "./text_exchange.ts";

/** The key that full feature phase may negotiate. */
const LENGTH = "MaxRecvDataSegmentLength";

/** Who hears of the result. */
export interface RenegotiationEvents {
  /** What this side declares has gone out: the target may act on it before it answers. */
  declared(maxReceiveDataSegmentLength: number): void;
  changed(parameters: NegotiatedParameters): void;
  failed(error: unknown): void;
}

/** What is negotiated, where, and for how long. */
export interface RenegotiationOptions {
  readonly now: number;
  readonly timeoutMs: number;
  /** The connection whose parameters are negotiated. */
  readonly cid?: number;
  /** What this side declares; without, only the target says what it wants. */
  readonly maxReceiveDataSegmentLength?: number;
  /** Whether it waits for no window. @default false */
  readonly isImmediate?: boolean;
}

/**
 * Declares what this side wants, and lets the target say what it wants: what it declares holds once it has ended the
 * exchange, what else it offers is refused. The answers throw {@link ProtocolError} and {@link NegotiationError}; where
 * the target refuses what was declared, nothing changes (RFC 7143 §7.12).
 */
export function renegotiation(
  parameters: () => NegotiatedParameters,
  options: RenegotiationOptions,
  events: RenegotiationEvents,
): TextExchange {
  const { now, timeoutMs, cid = NO_CONNECTION, maxReceiveDataSegmentLength } = options;
  const { isImmediate = false } = options;
  // Others may be under way: what holds is what holds when this one is answered.
  const begun = () => negotiationOf(parameters(), maxReceiveDataSegmentLength);
  const declared = begun().declared;
  let going: KeyNegotiation | undefined;
  const negotiation = () => going ??= begun().negotiation;
  const owner: TextOwner = {
    sent: () => {
      if (maxReceiveDataSegmentLength) events.declared(maxReceiveDataSegmentLength);
    },
    respond: (text) => encodeText(negotiation().receive(decodeText(text), "full-feature")),
    completed: (text) => {
      negotiation().receive(decodeText(text), "full-feature", true);
      const refusal = negotiation().refusal(LENGTH);
      if (refusal === undefined) events.changed(negotiation().result());
      else events.failed(refused(refusal, maxReceiveDataSegmentLength!));
    },
    failed: events.failed,
  };
  return new TextExchange(encodeText(declared), now, timeoutMs, owner, cid, isImmediate);
}

function negotiationOf(parameters: NegotiatedParameters, length: number | undefined) {
  const negotiation = new KeyNegotiation("initiator", {
    headerDigest: parameters.headerDigest ? "crc32c" : "none",
    dataDigest: parameters.dataDigest ? "crc32c" : "none",
    leading: false,
    current: parameters,
    ...(length && { offers: { maxReceiveDataSegmentLength: length } }),
  });
  const offers = length === undefined ? [] : negotiation.offers();
  return { negotiation, declared: offers.filter(([key]) => key === LENGTH) };
}

function refused(answered: string, length: number): NegotiationError {
  return new NegotiationError(
    `Cannot declare ${LENGTH}=${length}: the target answered ${answered}`,
    {
      key: LENGTH,
      offered: String(length),
      answered,
      stage: "full-feature",
      outcome: "not-executed",
    },
  );
}
