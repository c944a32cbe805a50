/**
 * The ports of a device, vital product data pages 88h and 90h (SPC-5).
 *
 * @module
 */

import { readU16 } from "../big_endian.ts";
import { decodeDesignators, type Designator } from "../designator.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { decodeTransportId, type TransportId } from "../reservation/transport_id.ts";
import { readVpdPage } from "../vpd.ts";

/** One port of a device. */
export interface ScsiPort {
  /** Relative port identifier, 1 to 65535. */
  readonly relativePort: number;
  /** Its name as an initiator, if it is one. */
  readonly initiator?: TransportId;
  /** Its names as a target. */
  readonly designators: readonly Designator[];
}

/** What a port's protocol adds for one logical unit. */
export interface PortProtocolData {
  /** Relative port identifier. */
  readonly relativePort: number;
  /** Protocol identifier: 0h Fibre Channel, 5h iSCSI, 6h SAS. */
  readonly protocol: number;
  /** What the protocol's own standard lays out. A view of the decoded array. */
  readonly data: Uint8Array;
}

/** Page codes of what a device says of its ports. */
export const PortVpdPage = { ScsiPorts: 0x88, ProtocolSpecificUnit: 0x90 } as const;

const INITIATOR_LENGTH = 6;
const PORT_HEADER = 8;
const PROTOCOL_LENGTH = 6;
const PROTOCOL_HEADER = 8;

/** Decodes the body of page 88h; a descriptor that is cut is left out. */
export function decodeScsiPorts(body: Uint8Array): ScsiPort[] {
  const ports: ScsiPort[] = [];
  let at = 0;
  while (at + PORT_HEADER <= body.length) {
    const targetAt = at + PORT_HEADER + readU16(body, at + INITIATOR_LENGTH);
    if (targetAt + 4 > body.length) break;
    const next = targetAt + 4 + readU16(body, targetAt + 2);
    if (next > body.length) break;
    const initiator = decodeTransportId(body.subarray(at + PORT_HEADER, targetAt));
    ports.push({
      relativePort: readU16(body, at + 2),
      ...(initiator && { initiator }),
      designators: decodeDesignators(body.subarray(targetAt + 4, next)),
    });
    at = next;
  }
  return ports;
}

/** Decodes the body of page 90h; a descriptor that is cut is left out. */
export function decodePortProtocolData(body: Uint8Array): PortProtocolData[] {
  const found: PortProtocolData[] = [];
  let at = 0;
  while (at + PROTOCOL_HEADER <= body.length) {
    const next = at + PROTOCOL_HEADER + readU16(body, at + PROTOCOL_LENGTH);
    if (next > body.length) break;
    found.push({
      relativePort: readU16(body, at),
      protocol: body[at + 2] & 0x0f,
      data: body.subarray(at + PROTOCOL_HEADER, next),
    });
    at = next;
  }
  return found;
}

/** The ports of a device (page 88h); empty when it does not say. Errors as {@link readVpdPage}. */
export async function readScsiPorts(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<ScsiPort[]> {
  const body = await readVpdPage(unit, PortVpdPage.ScsiPorts, options);
  return body ? decodeScsiPorts(body) : [];
}

/** What the protocols of a device's ports add (page 90h); empty when it does not say. Errors as {@link readVpdPage}. */
export async function readPortProtocolData(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<PortProtocolData[]> {
  const body = await readVpdPage(unit, PortVpdPage.ProtocolSpecificUnit, options);
  return body ? decodePortProtocolData(body) : [];
}
