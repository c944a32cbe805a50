/**
 * Which cartridge is in the drive, by its memory: a drive that lost its connection may have been given another one meanwhile, and need not tell a new session
 * so (SAM-5 §5.14: a unit attention is for those who were there).
 *
 * @module
 */

import { readAscii } from "../scsi/ascii.ts";
import { type MediumAttribute, readAttributes } from "../scsi/medium_attributes.ts";
import { SenseKey } from "../scsi/sense_codes.ts";
import { isCalledOff } from "./abort.ts";
import { mayBePassedOver } from "./conditions.ts";
import { ATTENTION_TRIES, type Device } from "./device.ts";

/** Attributes that name a cartridge (SPC-5, medium auxiliary memory): who made it and its number there; its label. */
const MANUFACTURER = 0x0400;
const SERIAL_NUMBER = 0x0401;
export const BARCODE = 0x0806;

/**
 * Asks for the name of the cartridge: its serial number, or else its barcode. `undefined` when it has no memory, or none that can be read: that is no reason to
 * fail.
 *
 * @throws {TapeError} when tape, position or block size are not what they were; {@link NotReadyError}; {@link TransportLostError}.
 */
export async function readCartridge(
  device: Device,
  signal?: AbortSignal,
): Promise<string | undefined> {
  for (let tries = 1;; tries++) {
    try {
      const attributes = await device.consult((unit) =>
        readAttributes(unit, { first: MANUFACTURER, signal })
      );
      return nameOf(attributes);
    } catch (error) {
      // The name that is known from before still holds where the drive is not ready.
      const mustBeHeard = !mayBePassedOver(error) || error.kind === "not-ready";
      if (mustBeHeard || isCalledOff(error, signal)) throw error;
      // The drive had something else to say first: that another host has changed the key, for one.
      const isAttention = error.senseKey === SenseKey.UnitAttention;
      if (!isAttention || tries >= ATTENTION_TRIES) return undefined;
    }
  }
}

function nameOf(attributes: readonly MediumAttribute[]): string | undefined {
  const textOf = (id: number) => {
    const value = attributes.find((each) => each.id === id)?.value;
    return value === undefined ? "" : readAscii(value, 0, value.length);
  };
  const serial = textOf(SERIAL_NUMBER);
  return (serial && `${textOf(MANUFACTURER)} ${serial}`) || textOf(BARCODE) || undefined;
}
