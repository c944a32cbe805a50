import { object } from "@optique/core/constructs";
import { hideSecrets } from "../../iscsi/address.ts";
import type {
  AttributeValue,
  Capacity,
  DriveStatus,
  MediumProtection,
  NamedAttribute,
  NotReadyReason,
  TapeAlertReport,
  TapeCapacity,
  TapeDrive,
} from "../../mod.ts";
import { formatBytes } from "../byte_size.ts";
import { type Command, defineCommand } from "../command.ts";
import { deviceAddress, withDrive } from "../device/with_drive.ts";
import { hexCode } from "../report/hex_code.ts";
import { ifKnown } from "../report/if_known.ts";
import { positionText } from "../report/position_text.ts";
import { labelled } from "../report/reporter.ts";
import { alertText } from "./alerts.ts";
import { compressionText } from "./settings.ts";

/** `tape status`. */
export const statusCommand: Command = defineCommand({
  name: "status",
  group: "Find",
  brief: "Say how the drive, the cartridge and the tape's position are.",
  details:
    "What the drive does not tell is left out. Works without a cartridge, too. Asking takes " +
    "alerts down on most drives; tape alerts tells what to do about them.",
  examples: ["tape status", "tape status --json"],
  parser: object({}),
  run: (_values, context) =>
    withDrive(context, async (drive) => {
      const found = await readFacts(drive, context.interruption.signal);
      const address = hideSecrets(deviceAddress(context));
      const document = { device: address, drive: drive.info, ...found };
      await context.reporter.result(document, statusText(drive, found));
    }, { requireMedium: false }),
});

/** What there is to say of a drive; absent is what it does not tell. */
interface Facts {
  readonly status: DriveStatus;
  readonly protection?: MediumProtection;
  readonly capacity?: TapeCapacity;
  readonly barcode?: AttributeValue;
  readonly loadCount?: AttributeValue;
  readonly alerts?: TapeAlertReport["active"];
}

async function readFacts(drive: TapeDrive, signal: AbortSignal): Promise<Facts> {
  const options = { signal };
  const status = await drive.status(options);
  const alerts = (await ifKnown(() => drive.alerts(options)))?.active;
  if (!status.ready) return { status, alerts };
  const attributes = await ifKnown(() => drive.attributes.list(options)) ?? [];
  return {
    status,
    protection: await ifKnown(() => drive.mediumProtection(options)),
    capacity: await ifKnown(() => drive.capacity(options)),
    barcode: valueOf(attributes, "barcode"),
    loadCount: valueOf(attributes, "loadCount"),
    alerts,
  };
}

function valueOf(attributes: readonly NamedAttribute[], name: string): AttributeValue | undefined {
  return attributes.find((each) => each.name === name)?.value;
}

function statusText(drive: TapeDrive, facts: Facts): string {
  const { vendor, product, revision, serialNumber } = drive.info;
  const { status, capacity, barcode, loadCount, alerts } = facts;
  const { ready } = status;
  return [
    labelled([
      ["Drive", `${vendor} ${product} ${revision}`],
      ["Serial number", serialNumber],
      ["Medium", mediumText(status)],
      ["Barcode", barcode],
      ["Load count", loadCount],
      ["Position", ready ? positionText(status.position) : undefined],
      ["Block size", blockText(status.blockBytes)],
      ["Density", ready ? densityText(status) : undefined],
      ["Compression", compressionText(status.compression)],
      ["Write protection", ready ? protectionText(status, facts.protection) : undefined],
      ["WORM", facts.protection?.writeOnce ? "yes: can be written once" : undefined],
      ["Capacity left", capacity && capacityText(capacity)],
      ...partitionLines(capacity?.partitions ?? []),
      ["Alerts", alerts && (alerts.length === 0 ? "none" : String(alerts.length))],
    ]),
    ...(alerts ?? []).map((alert) => `  ${alertText(alert)}`),
  ].join("\n");
}

/** What is left of the tape says nothing about what fits into the partition that is written. */
function partitionLines(partitions: TapeCapacity["partitions"]): [string, string | undefined][] {
  if (partitions.length < 2) return [];
  return partitions.map((each) => [`  in partition ${each.partition}`, capacityText(each)]);
}

function capacityText({ remainingBytes, maximumBytes }: Capacity): string | undefined {
  if (remainingBytes === undefined) return undefined;
  if (maximumBytes === undefined || maximumBytes === 0) return formatBytes(remainingBytes);
  const percent = Math.floor(100 * Math.min(1, remainingBytes / maximumBytes));
  return `${formatBytes(remainingBytes)} of ${formatBytes(maximumBytes)}, ${percent} %`;
}

function protectionText({ writeProtected }: DriveStatus, protection?: MediumProtection): string {
  if (!writeProtected) return protection?.appendOnly ? "off, but append only" : "off";
  if (protection?.bySoftware) return "on, told to the drive by a host";
  if (protection?.permanently) return "on, for ever";
  if (protection?.persistently) return "on, told to the cartridge by a host";
  if (protection?.untilUnload) return "on, until it is unloaded";
  return "on";
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

function blockText(blockBytes: number): string {
  return blockBytes === 0 ? "variable" : `${blockBytes} bytes, fixed`;
}
