import type { Devices } from "../../cli/device/devices.ts";
import type { PortalListing } from "../../cli/device/list_units.ts";
import type { ServeSettings } from "../../cli/device/serve_settings.ts";
import type { ServedTarget } from "../../cli/device/serve_target.ts";
import { run } from "../../cli/run.ts";
import type { OpenTapeOptions } from "../../mod.ts";
import type { LogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { Nexus } from "../../sim/device_server.ts";
import type { SimulatedDrive } from "../../sim/tape/drive.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import type { MemoryHost } from "./memory_host.ts";

/** A simulated drive as a logical unit, without a wire between. */
class SimUnit implements LogicalUnit {
  readonly name = "sim";
  readonly #drive: SimulatedDrive;
  readonly #nexus: Nexus;

  constructor(drive: SimulatedDrive, nexus: Nexus) {
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

/** The simulated drive stands behind every address; what else is asked for is kept. */
export class SimDevices implements Devices {
  readonly opened: { address: string; options: OpenTapeOptions }[] = [];
  readonly served: ServeSettings[] = [];
  listings: Readonly<Record<string, PortalListing>> = {};
  targetClosed = false;
  readonly #drive: SimulatedDrive;

  constructor(drive: SimulatedDrive) {
    this.#drive = drive;
  }

  async openTape(address: string, options: OpenTapeOptions): Promise<TapeDrive> {
    this.opened.push({ address, options });
    const isid = String(this.opened.length).padStart(12, "0");
    const unit = new SimUnit(this.#drive, { initiatorName: "iqn.2026-03.com.example:test", isid });
    try {
      return await TapeDrive.open(unit, options);
    } catch (error) {
      await unit.close();
      throw error;
    }
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

/** Runs a command line on the simulated drive; words are separated by single blanks. */
export function tape(line: string, host: MemoryHost, devices: SimDevices): Promise<number> {
  return run(["-f", "sim:test.tap", ...line.split(" ")], host, { devices });
}
