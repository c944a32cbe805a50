import { findLibraryDrives, openChanger, openTape } from "../../mod.ts";
import type { Devices } from "./devices.ts";
import { listUnits } from "./list_units.ts";

/** The network, image files and the simulator, as this package reaches them. */
export const packageDevices: Devices = {
  openTape,
  openChanger,
  findLibraryDrives,
  listUnits,
  async serve(settings) {
    const { startTarget } = await import("./serve_target.ts");
    return await startTarget(settings);
  },
};
