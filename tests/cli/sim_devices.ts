import assert from "node:assert/strict";
import type { Devices } from "../../cli/device/devices.ts";
import type { PortalListing } from "../../cli/device/list_units.ts";
import type { ServeSettings } from "../../cli/device/serve_settings.ts";
import type { ServedTarget } from "../../cli/device/serve_target.ts";
import { run } from "../../cli/run.ts";
import { MediaChanger } from "../../changer/media_changer.ts";
import type { FoundLibraryDrive, OpenChangerOptions, OpenTapeOptions } from "../../mod.ts";
import type { LogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { DeviceServer, Nexus } from "../../sim/device_server.ts";
import type { SimulatedLibrary } from "../../sim/changer/simulated_library.ts";
import type { SimulatedDrive } from "../../sim/tape/drive.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import type { MemoryHost } from "./memory_host.ts";

/** A simulated device as a logical unit, without a wire between. */
class SimUnit implements LogicalUnit {
  readonly name = "sim";
  readonly #drive: DeviceServer;
  readonly #nexus: Nexus;

  constructor(drive: DeviceServer, nexus: Nexus) {
    this.#drive = drive;
    this.#nexus = nexus;
    drive.nexusEstablished(nexus);
  }

  async execute(command: ScsiCommand): Promise<ScsiResult> {
    const { cdb, dataIn, dataOut = new Uint8Array(0) } = command;
    const answer = await this.#drive.execute({ cdb, dataOut, nexus: this.#nexus });
    const moved = (answer.dataIn ?? new Uint8Array(0)).subarray(0, dataIn?.length ?? 0);
    dataIn?.set(moved);
    const expected = dataIn?.length ?? dataOut.length;
    return {
      status: answer.status,
      sense: answer.sense ?? new Uint8Array(0),
      dataInLength: moved.length,
      residual: dataIn === undefined ? 0 : expected - (answer.dataIn?.length ?? 0),
    };
  }

  close(): Promise<void> {
    this.#drive.nexusLost(this.#nexus);
    return Promise.resolve();
  }
}

/**
 * The simulated drive stands behind every address, or of a library the drive `sim:N` behind that one and its changer
 * behind every address of a changer; what else is asked for is kept.
 */
export class SimDevices implements Devices {
  readonly opened: { address: string; options: OpenTapeOptions }[] = [];
  readonly served: ServeSettings[] = [];
  listings: Readonly<Record<string, PortalListing>> = {};
  library: SimulatedLibrary | undefined;
  targetClosed = false;
  readonly #drive: SimulatedDrive;
  #sessions = 0;

  constructor(drive: SimulatedDrive) {
    this.#drive = drive;
  }

  async openTape(address: string, options: OpenTapeOptions): Promise<TapeDrive> {
    this.opened.push({ address, options });
    const number = /^sim:(\d+)$/.exec(address)?.[1];
    const unit = this.#unit(this.library?.drives[Number(number)] ?? this.#drive);
    try {
      // Whatever a drive is waited for, it is waited for at once.
      return await TapeDrive.open(unit, { sleep: () => Promise.resolve(), ...options });
    } catch (error) {
      await unit.close();
      throw error;
    }
  }

  async openChanger(_address: string, options: OpenChangerOptions): Promise<MediaChanger> {
    assert.ok(this.library, "the test has no library");
    const unit = this.#unit(this.library.changer);
    try {
      return await MediaChanger.open(unit, options);
    } catch (error) {
      await unit.close();
      throw error;
    }
  }

  async findLibraryDrives(changer: MediaChanger): Promise<FoundLibraryDrive[]> {
    const { drives } = await changer.inventory();
    return drives.map((element) => ({ number: element.number, element }));
  }

  /** Each unit is a nexus of its own, as each session is. */
  #unit(device: DeviceServer): SimUnit {
    const isid = String(++this.#sessions).padStart(12, "0");
    return new SimUnit(device, { initiatorName: "iqn.2026-03.com.example:test", isid });
  }

  listUnits(portal: string): Promise<PortalListing> {
    const missing = { portal, units: [], failures: [{ message: "Connecting: refused" }] };
    return Promise.resolve(this.listings[portal] ?? missing);
  }

  serve(settings: ServeSettings): Promise<ServedTarget> {
    this.served.push(settings);
    const { listen: { hostname }, targetName, drives } = settings;
    return Promise.resolve({
      addresses: Array.from(
        { length: drives },
        (_, lun) => `iscsi://${hostname}:4711/${targetName}/${lun}`,
      ),
      warnings: [],
      close: () => {
        this.targetClosed = true;
        return Promise.resolve();
      },
    });
  }
}

/** Runs a command line on the simulated drive, by the address that is given; words are separated by single blanks. */
export function tape(
  line: string,
  host: MemoryHost,
  devices: SimDevices,
  address = "sim:test.tap",
): Promise<number> {
  return run(["-f", address, ...line.split(" ")], host, { devices });
}

/** An address that a simulated drive is served at. */
export const SERVED = "iscsi://127.0.0.1/iqn.2026-03.com.example:tape/0";
