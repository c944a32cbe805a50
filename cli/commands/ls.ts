import { object } from "@optique/core/constructs";
import { message, metavar } from "@optique/core/message";
import { multiple, withDefault } from "@optique/core/modifiers";
import { argument, flag } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import type { FoundLibraryDrive } from "../../mod.ts";
import { formatBytes, formatCount } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { CommandFailure } from "../command_failure.ts";
import { type ConnectionSettings, connectionSettings } from "../device/connection_settings.ts";
import type { ListedUnit, PortalListing } from "../device/list_units.ts";
import { columns } from "../report/reporter.ts";

/** `tape ls`. */
export const lsCommand: Command = defineCommand({
  name: "ls",
  group: "Find",
  brief: "List the logical units behind iSCSI portals, one a line.",
  details:
    "Each line: target, portal, LUN, type, vendor, product, revision; then the capacity of " +
    "a disk, and with --library the number of slots of a library, or which drive of which " +
    "library it is.",
  examples: [
    "tape ls 10.0.0.5",
    "tape ls 10.0.0.5:3260 [fd00::5] --json",
    "tape ls --library 10.0.0.5 10.0.0.6",
  ],
  parser: object({
    portals: multiple(
      argument(string({ metavar: "PORTAL" }), {
        description: message`HOST[:PORT]; IPv6 in brackets; port 3260 if none is given.`,
      }),
      { min: 1, errors: { tooFew: message`Expected at least one ${metavar("PORTAL")}.` } },
    ),
    library: withDefault(
      flag("--library", { description: message`Ask libraries which drive is which of theirs.` }),
      false,
    ),
  }),
  run: async ({ portals, library }, context) => {
    const { options, host, interruption, devices } = context;
    const settings = await connectionSettings({ options, host, signal: interruption.signal });
    const listings = await Promise.all(
      portals.map((portal) => devices.listUnits(portal, settings)),
    );
    warnOfFailures(listings, context);
    const units = listings.flatMap((listing) => listing.units);
    const libraries = library ? await viewLibraries(listings, settings, context) : undefined;
    await context.reporter.result({ portals: listings, libraries }, unitLines(units, libraries));
    if (units.length === 0) {
      throw new CommandFailure(`Listing ${portals.join(", ")}: no logical unit could be reached`);
    }
  },
});

function warnOfFailures(listings: readonly PortalListing[], { reporter }: CommandContext): void {
  for (const { portal, failures } of listings) {
    for (const { target, message, advice } of failures) {
      reporter.warn(`${target === undefined ? portal : `${target} at ${portal}`}: ${message}`);
      if (advice !== undefined) reporter.note(advice);
    }
  }
}

/** A library, and its drives as far as they were found. */
interface LibraryView {
  /** Address of its changer. */
  readonly changer: string;
  /** Those for import and export among them. */
  readonly slots: number;
  readonly importExportSlots: number;
  readonly drives: readonly FoundLibraryDrive[];
}

/** What `ls` calls media changers, as lsscsi does. */
const CHANGER_TYPE = "mediumx";

async function viewLibraries(
  listings: readonly PortalListing[],
  settings: ConnectionSettings,
  { devices, reporter }: CommandContext,
): Promise<LibraryView[]> {
  const views: LibraryView[] = [];
  // Those that could not be reached have been warned of.
  const answering = listings.filter(({ units }) => units.length > 0);
  const portals = answering.map(({ portal }) => portal);
  const changers = answering.flatMap(({ units }) => units)
    .filter(({ deviceType }) => deviceType === CHANGER_TYPE).map(addressOf);
  for (const address of changers) {
    try {
      const changer = await devices.openChanger(address, settings);
      try {
        const { slots, importExport } = await changer.inventory({ signal: settings.signal });
        const drives = await devices.findLibraryDrives(changer, portals, settings);
        views.push({
          changer: address,
          slots: slots.length,
          importExportSlots: importExport.length,
          drives,
        });
      } finally {
        await changer.close();
      }
    } catch (error) {
      settings.signal.throwIfAborted();
      reporter.warn(`${address}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return views;
}

function addressOf({ portal, target, lun }: ListedUnit): string {
  return `iscsi://${portal}/${target}/${lun}`;
}

/** What several portals may tell of the same unit. */
function nameOf(address: string | undefined): string | undefined {
  return address?.replace(/^iscsi:\/\/[^/]*\//, "");
}

function unitLines(units: readonly ListedUnit[], libraries: readonly LibraryView[] = []): string {
  return columns(units.map((unit) => [
    unit.target,
    unit.portal,
    String(unit.lun),
    unit.deviceType,
    unit.vendor,
    unit.product,
    unit.revision,
    ...(unit.capacityBytes === undefined ? [] : [formatBytes(unit.capacityBytes)]),
    ...libraryNote(nameOf(addressOf(unit)), libraries),
  ]));
}

function libraryNote(name: string | undefined, libraries: readonly LibraryView[]): string[] {
  for (const { changer, slots, importExportSlots, drives } of libraries) {
    if (nameOf(changer) === name) {
      const doors = importExportSlots > 0 ? ` (${importExportSlots} import/export)` : "";
      const driveCount = formatCount(drives.length, "drive");
      return [`${formatCount(slots, "slot")}${doors}, ${driveCount}`];
    }
    const drive = drives.find(({ address }) => nameOf(address) === name);
    if (drive !== undefined) return [`drive ${drive.number} of ${nameOf(changer)}`];
  }
  return [];
}
