/**
 * Text Requests and Responses on the target's side: SendTargets, and negotiation in the full feature phase (RFC 7143
 * §11.10, §11.11).
 *
 * @module
 */

import { NegotiationError, ProtocolError } from "../../../iscsi/errors.ts";
import { KeyNegotiation } from "../../../iscsi/negotiation/negotiate.ts";
import {
  encodeText,
  type KeyValuePair,
  splitText,
  TextAccumulator,
} from "../../../iscsi/negotiation/text_keys.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import { encodeTextResponse, type TextRequest } from "../../../iscsi/pdu/text.ts";
import type { SessionConnection } from "../session/session_connection.ts";
import type { TargetSession } from "../session/target_session.ts";
import { reject } from "./rejection.ts";
import { type SendTargets, targetRecords } from "./send_targets.ts";

/** Options of a {@link TextNegotiation}. */
export interface TextNegotiationOptions {
  /** Bytes of one text, over all PDUs that it spans. */
  readonly maxTextBytes: number;
  readonly sendTargets: SendTargets;
}

/** One exchange of texts, which its Target Transfer Tag holds together. */
interface Sequence {
  readonly itt: number;
  readonly ttt: number;
  readonly received: TextAccumulator;
  readonly negotiation: KeyNegotiation;
  /** Parts of an answer that was too long for one PDU. */
  unsent: Uint8Array[];
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The text exchanges of one connection: one at a time, and a new one ends the one before. */
export class TextNegotiation {
  readonly #connection: SessionConnection;
  readonly #session: TargetSession;
  readonly #options: TextNegotiationOptions;
  #sequence: Sequence | undefined;

  constructor(
    connection: SessionConnection,
    session: TargetSession,
    options: TextNegotiationOptions,
  ) {
    this.#connection = connection;
    this.#session = session;
    this.#options = options;
  }

  /** Answers one request; a text that cannot be understood is rejected, and the exchange is over. */
  receive(request: TextRequest, header: Uint8Array, data: Uint8Array): void {
    const sequence = this.#sequenceOf(request);
    if (sequence === undefined) {
      return reject(this.#connection, header, RejectReason.InvalidPduField);
    }
    try {
      this.#answer(request, sequence, data);
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof NegotiationError)) throw error;
      this.#sequence = undefined;
      reject(this.#connection, header, RejectReason.ProtocolError);
    }
  }

  #sequenceOf({ itt, ttt }: TextRequest): Sequence | undefined {
    const sequence = this.#sequence;
    if (ttt !== RESERVED_TAG) {
      return sequence?.ttt === ttt && sequence.itt === itt ? sequence : undefined;
    }
    const { maxTextBytes } = this.#options;
    this.#sequence = {
      itt,
      ttt: this.#session.allocateTransferTag(),
      received: new TextAccumulator({ maxTextBytes }),
      negotiation: this.#negotiation(),
      unsent: [],
    };
    return this.#sequence;
  }

  #negotiation(): KeyNegotiation {
    const { parameters } = this.#connection;
    return new KeyNegotiation("target", {
      headerDigest: parameters.headerDigest ? "crc32c" : "none",
      dataDigest: parameters.dataDigest ? "crc32c" : "none",
      discovery: this.#session.target === undefined,
      leading: false,
      current: parameters,
    });
  }

  #answer(request: TextRequest, sequence: Sequence, data: Uint8Array): void {
    if (sequence.unsent.length > 0) {
      // An initiator asks for the rest of an answer with an empty request (RFC 7143 §6.2).
      if (data.length > 0 || request.continue) {
        throw new ProtocolError(
          "Receive Text Request: it holds keys, and the answer has not ended",
        );
      }
      return this.#send(request, sequence);
    }
    const pairs = sequence.received.push(data, request.continue);
    const answers = pairs === undefined ? [] : this.#answersTo(pairs, sequence.negotiation);
    const room = this.#connection.parameters.maxSendDataSegmentLength;
    sequence.unsent = splitText(encodeText(answers), room);
    this.#send(request, sequence);
  }

  #answersTo(pairs: readonly KeyValuePair[], negotiation: KeyNegotiation): KeyValuePair[] {
    const isRequest = ([key]: KeyValuePair) => key === "SendTargets";
    const request = pairs.find(isRequest);
    const others = pairs.filter((pair) => !isRequest(pair));
    const answers = negotiation.receive(others, "full-feature");
    return request === undefined ? answers : [...this.#targets(request[1]), ...answers];
  }

  #targets(value: string): KeyValuePair[] {
    const { nexus, target } = this.#session;
    const listed = this.#options.sendTargets(nexus.initiatorName);
    return targetRecords(value, listed, target?.name) ?? [["SendTargets", "Reject"]];
  }

  /** F ends the exchange, and only an initiator that has nothing more to say lets the target set it. */
  #send(request: TextRequest, sequence: Sequence): void {
    const data = sequence.unsent.shift() ?? NO_BYTES;
    const more = sequence.unsent.length > 0;
    const final = request.final && !more;
    if (final) {
      this.#sequence = undefined;
      this.#connection.changeParameters(sequence.negotiation.result());
    }
    this.#connection.output.send({
      data,
      encode: (bhs, numbers) =>
        encodeTextResponse({
          opcode: Opcode.TextResponse,
          final,
          continue: more,
          lun: 0n,
          itt: sequence.itt,
          ttt: final ? RESERVED_TAG : sequence.ttt,
          statSn: numbers.takeStatSn(),
          expCmdSn: numbers.expCmdSn,
          maxCmdSn: numbers.maxCmdSn,
        }, bhs),
    });
  }
}
