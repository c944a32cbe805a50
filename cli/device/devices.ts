import type {
  FoundLibraryDrive,
  MediaChanger,
  OpenChangerOptions,
  OpenTapeOptions,
  TapeDrive,
} from "../../mod.ts";
import type { ServeSettings } from "./serve_settings.ts";
import type { ServedTarget } from "./serve_target.ts";
import type { ConnectionSettings } from "./connection_settings.ts";
import type { PortalListing } from "./list_units.ts";

/** What the command reaches devices through; a test hands in its own. */
export interface Devices {
  /** Opens a drive: `openTape` of the package. */
  openTape(address: string, options: OpenTapeOptions): Promise<TapeDrive>;
  /** Opens a library's robot: `openChanger` of the package. */
  openChanger(address: string, options: OpenChangerOptions): Promise<MediaChanger>;
  /** Finds the drives of a library behind portals: `findLibraryDrives` of the package. */
  findLibraryDrives(
    changer: MediaChanger,
    portals: readonly string[],
    settings: ConnectionSettings,
  ): Promise<FoundLibraryDrive[]>;
  /** Asks a portal for its targets and each target for its logical units. */
  listUnits(portal: string, settings: ConnectionSettings): Promise<PortalListing>;
  /** Starts the simulated target. */
  serve(settings: ServeSettings): Promise<ServedTarget>;
}
