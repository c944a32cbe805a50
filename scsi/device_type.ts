/**
 * Peripheral device types (SPC-5 §6.7.2).
 *
 * @module
 */

import { hexByte } from "./hex_byte.ts";

/** Peripheral device types by name, those that this package has to do with. */
export const DeviceType = {
  Disk: 0x00,
  Tape: 0x01,
  Changer: 0x08,
  WellKnown: 0x1e,
  None: 0x1f,
} as const;

/** One of the device types of {@link DeviceType}. */
export type DeviceType = (typeof DeviceType)[keyof typeof DeviceType];

/** Short names, those that lsscsi prints. */
const NAMES: Readonly<Record<number, string>> = {
  0x00: "disk",
  0x01: "tape",
  0x02: "printer",
  0x03: "process",
  0x04: "worm",
  0x05: "cd/dvd",
  0x06: "scanner",
  0x07: "optical",
  0x08: "mediumx",
  0x09: "comms",
  0x0c: "storage",
  0x0d: "enclosu",
  0x0e: "sim dsk",
  0x0f: "opti rd",
  0x10: "bridge",
  0x11: "osd",
  0x12: "adi",
  0x13: "sec man",
  0x14: "zbc",
  0x1e: "wlun",
  0x1f: "no dev",
};

/** The short name of a device type as lsscsi prints it, or `type XXh`. */
export function deviceTypeName(deviceType: number): string {
  return NAMES[deviceType] ?? `type ${hexByte(deviceType)}h`;
}
