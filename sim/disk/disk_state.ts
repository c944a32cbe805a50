/**
 * What the commands of a RAM disk share.
 *
 * @module
 */

import { DeviceType } from "../../scsi/device_type.ts";
import type { Nexus } from "../device_server.ts";
import { type Condition, Conditions } from "../tape/conditions.ts";
import { Reservations } from "../reservations/reservations.ts";
import { type UnitAttentionOptions, UnitAttentions } from "../tape/unit_attentions.ts";
import { controlPage, type UnitModePage, UnitModes } from "../unit/unit_modes.ts";
import type { UnitIdentity, UnitState } from "../unit/unit_state.ts";
import { BlockStore } from "./block_store.ts";

/** 02/04/02: START STOP UNIT has to start it first. */
const STOPPED: Condition = { key: 0x2, asc: 0x04, ascq: 0x02 };

const CACHING_PAGE = 0x08;
const WCE_BYTE = 2;
const WCE = 0x04;

/** What a disk is made with. */
export interface DiskStateOptions {
  readonly blocks: number;
  readonly blockBytes: number;
  readonly identity: UnitIdentity;
  readonly removable: boolean;
  readonly writeProtected: boolean;
  readonly unitAttentions: UnitAttentionOptions | undefined;
}

/** The state of one disk. */
export class DiskState implements UnitState {
  readonly deviceType: number = DeviceType.Disk;
  readonly identity: UnitIdentity;
  readonly attentions: UnitAttentions;
  readonly reservations: Reservations = new Reservations();
  readonly modes: UnitModes = new UnitModes([cachingPage(), controlPage(true)]);
  readonly store: BlockStore;
  /** Whether the medium can be taken out. */
  readonly removable: boolean;
  /** Nexuses that prevent its removal. */
  readonly preventing: Set<Nexus> = new Set();
  /** START STOP UNIT stopped it. */
  stopped = false;
  /** START STOP UNIT ejected the medium. */
  ejected = false;
  readonly #writeProtected: boolean;

  constructor(options: DiskStateOptions) {
    this.identity = options.identity;
    this.attentions = new UnitAttentions(options.unitAttentions);
    this.store = new BlockStore(options.blocks, options.blockBytes);
    this.removable = options.removable;
    this.#writeProtected = options.writeProtected;
  }

  readiness(): Condition | undefined {
    if (this.ejected) return Conditions.noMedium;
    return this.stopped ? STOPPED : undefined;
  }

  /** Why nothing can be written. */
  writeProtection(): Condition | undefined {
    if (this.#writeProtected) return Conditions.writeProtected;
    return this.modes.softwareWriteProtect ? Conditions.softwareWriteProtected : undefined;
  }
}

/** The caching mode page (SBC-4 §6.5.6): the write cache is on, and may be switched. */
function cachingPage(): UnitModePage {
  const defaults = new Uint8Array(20);
  defaults.set([CACHING_PAGE, defaults.length - 2, WCE]);
  const changeable = new Uint8Array(defaults.length);
  changeable[WCE_BYTE] = WCE;
  return { defaults, changeable };
}
