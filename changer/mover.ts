/**
 * Moves, made for a caller who knows what is where.
 *
 * @module
 */

import { checkMove, type MoveEnds } from "./check_move.ts";
import type { ChangerDevice } from "./changer_device.ts";
import type { Inventory, LibraryElement } from "./inventory.ts";
import { type ElementName, LastSeen } from "./last_seen.ts";
import { checkUnloadable } from "./option_rules.ts";
import type { UnloadOptions } from "./options.ts";

/** A command that moves cartridges. */
export interface Move {
  readonly cdb: Uint8Array;
  readonly ends: MoveEnds;
  /** Which way each cartridge goes, in the order in which they do. */
  readonly ways: readonly (readonly [from: ElementName, to: ElementName])[];
}

/** Makes moves, and refuses those of which the caller cannot know that they are what he wants. */
export class Mover {
  readonly #device: ChangerDevice;
  readonly #read: (signal?: AbortSignal) => Promise<Inventory>;
  readonly #seen = new LastSeen();

  /** `read` reads the inventory. */
  constructor(device: ChangerDevice, read: (signal?: AbortSignal) => Promise<Inventory>) {
    this.#device = device;
    this.#read = read;
  }

  /** The caller is told what is where. */
  tell(elements: readonly LibraryElement[]): void {
    this.#seen.see(elements);
    this.#device.tellChanges();
  }

  /** Has the drive give its cartridge up where that is asked for, unless the arm then could not bring it where it is to go. */
  async move(move: Move, { unloadDrive, signal }: UnloadOptions): Promise<void> {
    const { cdb, ends, ways } = move;
    if (unloadDrive !== undefined) {
      checkUnloadable(unloadDrive);
      checkMove(await this.#confirmed(move, signal), ends);
      await (typeof unloadDrive === "function" ? unloadDrive() : unloadDrive.unload());
    }
    this.#check(move);
    try {
      const confirm = async () => void await this.#confirmed(move, signal);
      await this.#device.perform({ cdb, signal }, confirm);
    } catch (error) {
      this.#seen.forget(ways.flat());
      throw error;
    }
    for (const [from, to] of ways) this.#seen.moved(from, to);
  }

  /** Reads what is where, and holds what the caller was told to it behind a reset or a lost connection. Errors as {@linkcode #check}. */
  async #confirmed(move: Move, signal?: AbortSignal): Promise<Inventory> {
    const inventory = await this.#read(signal);
    if (this.#device.isBehindGap) this.#seen.compare(inventory.elements);
    this.#check(move);
    return inventory;
  }

  /**
   * @throws {InventoryChangedError} when there was a change that the caller does not know of, or the cartridges to be moved were found to be others than he was told.
   */
  #check({ cdb, ways }: Move): void {
    this.#device.checkTold(cdb);
    const sources = ways.map(([from]) => from);
    if (!sources.some((source) => this.#seen.isOther(source))) return;
    this.#seen.forget(sources);
    throw this.#device.changed(cdb, "what is to be moved is not what was there");
  }
}
