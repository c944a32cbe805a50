import { object } from "@optique/core/constructs";
import { message, metavar } from "@optique/core/message";
import { multiple } from "@optique/core/modifiers";
import { argument } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import type { DriveStatus, NotReadyReason, TapeDrive } from "../../mod.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { CommandFailure } from "../command_failure.ts";
import { connectionSettings } from "../device/connection_settings.ts";
import type { PortalListing } from "../device/list_units.ts";
import { positionText } from "../report/position_text.ts";
import { columns, labelled } from "../report/reporter.ts";
import { withDrive } from "../device/with_drive.ts";
import { compressionText } from "./settings.ts";

const ls = defineCommand({
  name: "ls",
  group: "Find",
  brief: "List the logical units behind iSCSI portals, one a line.",
  details: "Each line: target, portal, LUN, type, vendor, product, revision.",
  examples: ["tape ls 10.0.0.5", "tape ls 10.0.0.5:3260 [fd00::5] --json"],
  parser: object({
    portals: multiple(
      argument(string({ metavar: "PORTAL" }), {
        description: message`HOST[:PORT]; IPv6 in brackets; port 3260 if none is given.`,
      }),
      { min: 1, errors: { tooFew: message`Expected at least one ${metavar("PORTAL")}.` } },
    ),
  }),
  run: async ({ portals }, context) => {
    const { options, host, interruption, devices } = context;
    const settings = await connectionSettings({ options, host, signal: interruption.signal });
    const listings = await Promise.all(
      portals.map((portal) => devices.listUnits(portal, settings)),
    );
    warnOfFailures(listings, context);
    const units = listings.flatMap((listing) => listing.units);
    await context.reporter.result({ portals: listings }, unitLines(listings));
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

function unitLines(listings: readonly PortalListing[]): string {
  return columns(listings.flatMap(({ units }) =>
    units.map((unit) => [
      unit.target,
      unit.portal,
      String(unit.lun),
      unit.deviceType,
      unit.vendor,
      unit.product,
      unit.revision,
    ])
  ));
}

const inquiry = defineCommand({
  name: "inquiry",
  group: "Find",
  brief: "Say what the drive is.",
  examples: ["tape inquiry", "tape inquiry --json"],
  parser: object({}),
  run: (_values, context) =>
    withDrive(context, async ({ info, limits }) => {
      const text = labelled([
        ["Vendor", info.vendor],
        ["Product", info.product],
        ["Revision", info.revision],
        ["Serial number", info.serialNumber],
        ["Smallest record", `${limits.minBytes} bytes`],
        ["Largest record", `${limits.maxBytes} bytes`],
      ]);
      await context.reporter.result({ drive: info, limits }, text);
    }, { requireMedium: false }),
});

const status = defineCommand({
  name: "status",
  group: "Find",
  brief: "Say how the drive, the cartridge and the tape's position are.",
  details: "Works without a cartridge, too.",
  examples: ["tape status", "tape status --json"],
  parser: object({}),
  run: (_values, context) =>
    withDrive(context, async (drive) => {
      const state = await drive.status({ signal: context.interruption.signal });
      await context.reporter.result({ drive: drive.info, status: state }, statusText(drive, state));
    }, { requireMedium: false }),
});

function statusText(drive: TapeDrive, state: DriveStatus): string {
  const { vendor, product, revision, serialNumber } = drive.info;
  const { ready } = state;
  return labelled([
    ["Drive", `${vendor} ${product} ${revision}`],
    ["Serial number", serialNumber],
    ["Medium", mediumText(state)],
    ["Position", ready ? positionText(state.position) : undefined],
    ["Block size", blockText(state.blockBytes)],
    ["Density", ready ? densityText(state) : undefined],
    ["Compression", compressionText(state.compression)],
    ["Write protection", ready ? onOff(state.writeProtected) : undefined],
  ]);
}

/** What `status` says of a drive that is not ready, in few words. */
const NOT_READY: Readonly<Record<NotReadyReason, string>> = {
  "becoming-ready": "loading or calibrating",
  "cleaning": "cleaning cartridge at work",
  "formatting": "being formatted",
  "manual-intervention": "needs somebody at the drive",
  "needs-load": "inserted, not loaded",
  "no-medium": "none",
  "offline": "drive is offline",
  "operation-in-progress": "busy",
  "other": "not ready",
};

function mediumText({ ready, notReadyReason = "other", progress }: DriveStatus): string {
  if (ready) return "loaded";
  const percent = progress === undefined ? "" : `, ${Math.floor(progress * 100)} % done`;
  return `${NOT_READY[notReadyReason]}${percent}`;
}

function densityText({ densityCode, densityName }: DriveStatus): string | undefined {
  // Code 0 is "the default", which says nothing (SSC-4 §8.3.3).
  if (densityCode === undefined || densityCode === 0) return densityName;
  const code = hexCode(densityCode);
  return densityName === undefined ? code : `${densityName} (${code})`;
}

/** A code as SCSI writes it: `5Eh`. */
function hexCode(code: number): string {
  return `${code.toString(16).toUpperCase().padStart(2, "0")}h`;
}

function blockText(blockBytes: number): string {
  return blockBytes === 0 ? "variable" : `${blockBytes} bytes, fixed`;
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}

const densities = defineCommand({
  name: "densities",
  group: "Find",
  brief: "List the recording densities that the drive knows.",
  examples: ["tape densities", "tape densities --json"],
  parser: object({}),
  run: (_values, context) =>
    withDrive(context, async (drive) => {
      const known = await drive.densities();
      const text = columns(
        known.map(({ code, name, description }) => [hexCode(code), name, description]),
      );
      await context.reporter.result({ densities: known }, text);
    }, { requireMedium: false }),
});

/** Commands that look and change nothing. */
export const findCommands: readonly Command[] = [ls, inquiry, status, densities];
