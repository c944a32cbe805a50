/**
 * What the commands of a simulated changer share.
 *
 * @module
 */

import { DeviceType } from "../../scsi/device_type.ts";
import {
  type ChangerCapabilities,
  encodeCapabilities,
  encodeElementAddresses,
  encodeTransportGeometry,
} from "../../scsi/element/changer_pages.ts";
import { SenseKey } from "../../scsi/sense_codes.ts";
import type { Nexus } from "../device_server.ts";
import { type Condition, Conditions } from "../tape/conditions.ts";
import { Reservations } from "../reservations/reservations.ts";
import { type UnitAttentionOptions, UnitAttentions } from "../tape/unit_attentions.ts";
import { controlPage, UnitModes } from "../unit/unit_modes.ts";
import type { UnitIdentity, UnitState } from "../unit/unit_state.ts";
import type { ElementTable } from "./library_element.ts";

/** What a changer reports beside the conditions of every unit (SMC-3 §6). */
export const ChangerConditions = {
  doorOpen: { key: SenseKey.NotReady, asc: 0x04, ascq: 0x18 },
  invalidElement: { key: SenseKey.IllegalRequest, asc: 0x21, ascq: 0x01 },
  destinationFull: { key: SenseKey.IllegalRequest, asc: 0x3b, ascq: 0x0d },
  sourceEmpty: { key: SenseKey.IllegalRequest, asc: 0x3b, ascq: 0x0e },
  notAccessible: { key: SenseKey.IllegalRequest, asc: 0x3b, ascq: 0x11 },
  driveHoldsMedium: { key: SenseKey.IllegalRequest, asc: 0x3a, ascq: 0x00 },
  importExportAccessed: { key: SenseKey.UnitAttention, asc: 0x28, ascq: 0x01 },
} as const satisfies Readonly<Record<string, Condition>>;

/** How a changer tells the drives' identifiers (DVCID). */
export type DeviceIdForm =
  /** Vendor, product and serial number (T10 vendor identification). */
  | "t10-vendor"
  /** The serial number alone (vendor specific). */
  | "serial-number"
  /** Not at all: DVCID is refused. */
  | "none";

/** What a changer is made with. */
export interface ChangerStateOptions {
  readonly identity: UnitIdentity;
  readonly elements: ElementTable;
  readonly deviceIds: DeviceIdForm;
  readonly requireUnload: boolean;
  readonly unitAttentions: UnitAttentionOptions | undefined;
}

const HOLDERS = ["storage", "importExport", "drive"] as const;
const EVERY_WAY = {
  transport: [],
  storage: HOLDERS,
  importExport: HOLDERS,
  drive: HOLDERS,
} as const;

/** The arm brings every cartridge everywhere, and keeps none. */
const CAPABILITIES: ChangerCapabilities = {
  holds: HOLDERS,
  moves: EVERY_WAY,
  exchanges: EVERY_WAY,
};

/** The state of one changer. */
export class ChangerState implements UnitState {
  readonly deviceType: number = DeviceType.Changer;
  readonly identity: UnitIdentity;
  readonly attentions: UnitAttentions;
  readonly reservations: Reservations = new Reservations();
  readonly modes: UnitModes;
  readonly elements: ElementTable;
  readonly deviceIds: DeviceIdForm;
  /** Whether a drive has to unload its cartridge before the arm takes it. */
  readonly requireUnload: boolean;
  /** Nexuses that keep the operator out. */
  readonly preventing: Set<Nexus> = new Set();
  /** What the last search of each nexus found. */
  readonly searches: WeakMap<Nexus, { readonly action: number; readonly addresses: number[] }> =
    new WeakMap();
  /** The door is open: nothing moves. */
  doorOpen = false;
  /** Commands that are refused while the library looks at its slots. */
  scanningCommands = 0;

  constructor(options: ChangerStateOptions) {
    this.identity = options.identity;
    this.elements = options.elements;
    this.deviceIds = options.deviceIds;
    this.requireUnload = options.requireUnload;
    this.attentions = new UnitAttentions(options.unitAttentions);
    const { assignment } = options.elements;
    this.modes = new UnitModes([
      controlPage(false),
      { defaults: encodeElementAddresses(assignment) },
      { defaults: encodeTransportGeometry(assignment.transport.count) },
      { defaults: encodeCapabilities(CAPABILITIES) },
    ]);
  }

  readiness(): Condition | undefined {
    if (this.doorOpen) return ChangerConditions.doorOpen;
    if (this.scanningCommands === 0) return undefined;
    this.scanningCommands--;
    return Conditions.becomingReady;
  }
}
