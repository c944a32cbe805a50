import type { MediaChanger } from "../../changer/media_changer.ts";
import type { MediaChangerOptions } from "../../changer/options.ts";
import { openChanger } from "../../open_changer.ts";
import { openLogicalUnit, openTape } from "../../open_tape.ts";
import type { RecoverableLogicalUnit } from "../../scsi/logical_unit.ts";
import {
  type LibraryLayout,
  SimulatedLibrary,
  type SimulatedLibraryOptions,
} from "../../sim/changer/simulated_library.ts";
import { type LoopbackTarget, loopbackTarget } from "../../sim/target/loopback_target.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";

const NAME = "iqn.2026-03.com.example:library";

/** Four cartridges in six slots, two drives, one import/export slot. */
const USUAL: SimulatedLibraryOptions = {
  slots: 6,
  cartridges: ["A00001L8", "A00002L8", "A00003L8", "A00004L8"].map((barcode) => ({ barcode })),
};

/** A simulated library behind a target in memory. */
export class LibraryFixture {
  readonly library: SimulatedLibrary;
  readonly target: LoopbackTarget;
  readonly #opened: { close(): Promise<void> }[] = [];

  private constructor(library: SimulatedLibrary, target: LoopbackTarget) {
    this.library = library;
    this.target = target;
  }

  static async start(
    options: SimulatedLibraryOptions,
    layout: LibraryLayout,
  ): Promise<LibraryFixture> {
    const library = new SimulatedLibrary({ ...USUAL, ...options });
    const target = await loopbackTarget(library.targets(NAME, layout));
    return new LibraryFixture(library, target);
  }

  /** Address of a drive. */
  driveUrl(number: number): string {
    return this.target.urls[number + 1];
  }

  async openChanger(options: MediaChangerOptions = {}): Promise<MediaChanger> {
    const { dial } = this.target;
    return this.#keep(await openChanger(this.target.urls[0], { dial, ...options }));
  }

  async openDrive(number: number): Promise<TapeDrive> {
    return this.#keep(await openTape(this.driveUrl(number), { dial: this.target.dial }));
  }

  async openUnit(number: number): Promise<RecoverableLogicalUnit> {
    return this.#keep(await openLogicalUnit(this.driveUrl(number), { dial: this.target.dial }));
  }

  async stop(): Promise<void> {
    for (const each of this.#opened) await each.close();
    await this.target.close();
  }

  #keep<T extends { close(): Promise<void> }>(opened: T): T {
    this.#opened.push(opened);
    return opened;
  }
}

/** Runs a test against a library, which ends whatever happens. */
export async function withLibrary(
  options: SimulatedLibraryOptions,
  use: (fixture: LibraryFixture) => Promise<void>,
  layout: LibraryLayout = "lun",
): Promise<void> {
  const fixture = await LibraryFixture.start(options, layout);
  try {
    await use(fixture);
  } finally {
    await fixture.stop();
  }
}
