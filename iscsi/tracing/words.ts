/**
 * The words of a PDU's description: what several PDUs say alike.
 *
 * @module
 */

import { decodeSense, describeSense } from "../../scsi/sense.ts";
import { formatLun } from "../../scsi/lun.ts";
import { RESERVED_TAG } from "../pdu/bhs.ts";

/** Parts of a description in order; what is empty or `false` is left out. */
export type Words = readonly (string | false)[];

/** What lies behind the basic header. */
export interface Segments {
  /** Additional header segments, empty if there are none or they were not kept. */
  readonly ahs: Uint8Array;
  /** DataSegmentLength in bytes. */
  readonly length: number;
  /** The data segment without padding, or as much of its beginning as was kept. */
  readonly data: Uint8Array;
  /** Whether the text in `data` is known to begin inside a pair. */
  readonly continued: boolean;
  /** Peripheral device type of the logical unit, if known. */
  readonly deviceType: number | undefined;
}

/** `name=value`; the value in quotes when it is more than one word. */
export function named(name: string, value: string | number): string {
  const text = String(value);
  return text.includes(" ") ? `${name}="${text}"` : `${name}=${text}`;
}

/** A task tag; the reserved one as the standard writes it. */
export function tag(name: string, value: number): string {
  return named(name, value === RESERVED_TAG ? "0xffffffff" : value);
}

/** A logical unit as people number it. */
export function lun(value: bigint): string {
  return named("lun", formatLun(value));
}

/** ExpCmdSN and MaxCmdSN: the command window (RFC 7143 §4.2.2.1). */
export function commandWindow(pdu: { expCmdSn: number; maxCmdSn: number }): string {
  return `window=[${pdu.expCmdSn},${pdu.maxCmdSn}]`;
}

/** The residual count of a command's end (RFC 7143 §11.4.5). */
export function residual(
  pdu: { overflow: boolean; underflow: boolean; residual: number },
): string | false {
  if (pdu.overflow) return named("overflow", pdu.residual);
  return pdu.underflow && named("underflow", pdu.residual);
}

/** How many bytes of data the PDU has; `false` for none, which says it best. */
export function dataLength({ length }: Segments): string | false {
  return length > 0 && named("length", length);
}

/** Sense data as a part that goes last: its words are many. */
export function senseWords(bytes: Uint8Array): string {
  const sense = decodeSense(bytes);
  const { information } = sense;
  const count = information === undefined ? "" : ` information=${information}`;
  return `sense: ${describeSense(sense)}${count}`;
}

/** Lower-case hexadecimal digits. */
export function hexDigits(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
