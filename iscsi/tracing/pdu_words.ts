/**
 * What a PDU says, by its operation code.
 *
 * @module
 */

import { ahsLength, BHS_LENGTH, dataSegmentLength, OPCODE, OPCODE_MASK } from "../pdu/bhs.ts";
import { Opcode } from "../pdu/opcode.ts";
import { decodePdu, opcodeName, type Pdu } from "../pdu/pdu.ts";
import {
  dataOutWords,
  logoutRequestWords,
  nopOutWords,
  scsiCommandWords,
  snackWords,
  taskManagementRequestWords,
} from "./initiator_words.ts";
import {
  loginRequestWords,
  loginResponseWords,
  textRequestWords,
  textResponseWords,
} from "./login_words.ts";
import {
  asyncMessageWords,
  dataInWords,
  logoutResponseWords,
  nopInWords,
  readyToTransferWords,
  rejectWords,
  scsiResponseWords,
  taskManagementResponseWords,
} from "./target_words.ts";
import { dataLength, named, type Segments, type Words } from "./words.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

type Describe<P> = (pdu: P, segments: Segments) => Words;
type Descriptions = { readonly [Code in Opcode]: Describe<Extract<Pdu, { opcode: Code }>> };

const DESCRIPTIONS: Descriptions = {
  [Opcode.NopOut]: nopOutWords,
  [Opcode.ScsiCommand]: scsiCommandWords,
  [Opcode.TaskManagementRequest]: taskManagementRequestWords,
  [Opcode.LoginRequest]: loginRequestWords,
  [Opcode.TextRequest]: textRequestWords,
  [Opcode.DataOut]: dataOutWords,
  [Opcode.LogoutRequest]: logoutRequestWords,
  [Opcode.Snack]: snackWords,
  [Opcode.NopIn]: nopInWords,
  [Opcode.ScsiResponse]: scsiResponseWords,
  [Opcode.TaskManagementResponse]: taskManagementResponseWords,
  [Opcode.LoginResponse]: loginResponseWords,
  [Opcode.TextResponse]: textResponseWords,
  [Opcode.DataIn]: dataInWords,
  [Opcode.LogoutResponse]: logoutResponseWords,
  [Opcode.ReadyToTransfer]: readyToTransferWords,
  [Opcode.AsyncMessage]: asyncMessageWords,
  [Opcode.Reject]: (pdu, segments) => rejectWords(pdu, rejectedPdu(segments)),
};

/** What is known beside the bytes. */
export type PduContext = Pick<Segments, "continued" | "deviceType">;

/**
 * The words for a PDU, its name first. `header` is BHS and AHS as they are on the wire, or what there is of them, and
 * `data` the beginning of the data segment.
 */
export function pduWords(header: Uint8Array, data: Uint8Array, context: PduContext): Words {
  if (header.length === 0) return ["PDU without a header"];
  const name = opcodeName(header[OPCODE] & OPCODE_MASK);
  if (header.length < BHS_LENGTH) {
    return [name, `header cut off at ${header.length} of ${BHS_LENGTH} bytes`];
  }
  const length = dataSegmentLength(header);
  const ahs = header.subarray(BHS_LENGTH, BHS_LENGTH + ahsLength(header));
  const segments = { ahs, length, data: data.subarray(0, length), ...context };
  const pdu = decodePdu(header);
  if (pdu === undefined) return [name, dataLength(segments)];
  const describe: Describe<Pdu> = DESCRIPTIONS[pdu.opcode] as Describe<Pdu>;
  const ahsWord = ahsLength(header) > 0 && named("ahs", ahsLength(header));
  return [name, ahsWord, ...describe(pdu, segments)];
}

/** The header that came back in the data of a Reject (RFC 7143 §11.17.4); what may follow it is not looked at. */
function rejectedPdu({ data, deviceType }: Segments): string {
  const header = data.subarray(0, BHS_LENGTH);
  if (header.length < BHS_LENGTH) return "";
  return joined(pduWords(header, NO_BYTES, { continued: false, deviceType }));
}

/** The words as a line, the empty ones left out. */
export function joined(words: Words): string {
  return words.filter((word) => word !== false && word !== "").join(" ");
}
