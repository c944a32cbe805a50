import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional } from "@optique/core/modifiers";
import { argument } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import type { CompressionState, TapeDrive } from "../../mod.ts";
import { byteSize } from "../byte_size.ts";
import { type Command, defineCommand } from "../command.ts";
import { CommandFailure } from "../command_failure.ts";
import { withDrive } from "../device/with_drive.ts";
import { hexCode } from "../report/hex_code.ts";
import { ifKnown } from "../report/if_known.ts";
import { mkpartition } from "./mkpartition.ts";
import { wholeNumber } from "../whole_number.ts";

const setblk = defineCommand({
  name: "setblk",
  group: "Settings",
  brief: "Set the block size; 0 means variable: each record as long as it was written.",
  examples: ["tape setblk 0", "tape setblk 64k"],
  parser: object({
    blockBytes: argument(byteSize(0), { description: message`Bytes in a block.` }),
  }),
  run: ({ blockBytes }, context) =>
    withDrive(context, async (drive) => {
      await drive.setBlockSize(blockBytes);
      await context.reporter.result({ blockBytes: await drive.blockSize() }, "");
    }),
});

const compression = defineCommand({
  name: "compression",
  group: "Settings",
  brief: "Switch the drive's compression on or off, or say which it is.",
  examples: ["tape compression", "tape compression on"],
  parser: object({
    setting: optional(argument(choice(["on", "off"] as const, { metavar: "on|off" }), {
      description: message`Without it, say which it is.`,
    })),
  }),
  run: ({ setting }, context) =>
    withDrive(context, async (drive) => {
      if (setting !== undefined) await drive.setCompression({ enabled: setting === "on" });
      const state = await drive.compression();
      const text = setting === undefined ? compressionText(state) : "";
      await context.reporter.result({ compression: state }, text);
    }),
});

/** Compression for people: `on`, `off`, `not supported`. */
export function compressionText(state: CompressionState): string {
  if (!state.supported) return "not supported";
  return state.enabled ? "on" : "off";
}

const setdensity = defineCommand({
  name: "setdensity",
  group: "Settings",
  brief: "Set the density of what is written from the beginning of the tape on.",
  details:
    "CODE is a number, a code as 5Eh or 0x5e, or a name, as tape densities lists them; 0 is " +
    "the drive's default.",
  examples: ["tape setdensity 0x5e", "tape setdensity U-832", "tape setdensity 0"],
  parser: object({
    density: argument(string({ metavar: "CODE" }), { description: message`Code or name.` }),
  }),
  run: ({ density }, context) =>
    withDrive(context, async (drive) => {
      const code = densityCode(density) ?? await namedDensity(density, drive);
      await drive.setDensity(code, { signal: context.interruption.signal });
      await context.reporter.result({ densityCode: code }, "");
    }),
});

const CODE = /^(?:0x([0-9a-f]{1,2})|([0-9a-f]{1,2})h|(\d{1,3}))$/i;

function densityCode(typed: string): number | undefined {
  const [, hex, suffixed, decimal] = CODE.exec(typed) ?? [];
  if (decimal !== undefined) return Number(decimal) <= 0xff ? Number(decimal) : undefined;
  const digits = hex ?? suffixed;
  return digits === undefined ? undefined : parseInt(digits, 16);
}

/** @throws {CommandFailure} when the drive knows none of that name. */
async function namedDensity(name: string, drive: TapeDrive): Promise<number> {
  const known = await drive.densities();
  const found = known.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found.code;
  const names = known.map((each) => `${each.name} (${hexCode(each.code)})`);
  const there = names.length === 0 ? "it tells none; give a code" : `it has ${names.join(", ")}`;
  throw new CommandFailure(
    `Setting the density ${name}: the drive knows none of that name, ${there}`,
  );
}

const lock = defineCommand({
  name: "lock",
  group: "Settings",
  brief: "Keep the cartridge in the drive until interrupted.",
  details:
    "A lock belongs to a session and ends with it, so this stays until SIGINT, SIGTERM or SIGHUP. " +
    'Prints "locked" once it holds.',
  examples: ["tape lock", "tape lock & JOB=$!; tape write backup.tar; kill $JOB"],
  parser: object({}),
  run: (_values, context) =>
    withDrive(context, async (drive) => {
      const { interruption, reporter } = context;
      const stopped = interruption.requested();
      await drive.lock({ signal: interruption.signal });
      await reporter.result({ locked: true }, "locked");
      await stopped;
      await drive.unlock();
    }),
});

const unlock = defineCommand({
  name: "unlock",
  group: "Settings",
  brief: "Take back this host's lock of the cartridge.",
  details:
    "For drives and targets that keep a lock beyond the session that set it; name the same " +
    "--initiator-name. The lock of another host stays.",
  examples: ["tape unlock"],
  parser: object({}),
  run: (_values, context) =>
    withDrive(context, async (drive) => {
      await drive.unlock({ signal: context.interruption.signal });
      await context.reporter.result({ unlocked: true }, "");
    }, { requireMedium: false }),
});

const setpartition = defineCommand({
  name: "setpartition",
  group: "Settings",
  brief: "Go to the beginning of a partition.",
  examples: ["tape setpartition 1"],
  parser: object({
    partition: argument(wholeNumber({ min: 0, max: 255, metavar: "N" }), {
      description: message`Its number, from 0.`,
    }),
  }),
  run: ({ partition }, context) =>
    withDrive(context, async (drive) => {
      await checkPartition(partition, drive);
      await drive.setPartition(partition, { signal: context.interruption.signal });
      await context.reporter.result({ position: await drive.position() }, "");
    }),
});

/** @throws {CommandFailure} when the tape is known not to have it. */
async function checkPartition(partition: number, drive: TapeDrive): Promise<void> {
  const count = (await ifKnown(() => drive.partitions()))?.partitions.length;
  if (count === undefined || partition < count) return;
  const there = count === 1 ? "one partition, number 0" : `partitions 0 to ${count - 1}`;
  throw new CommandFailure(`Going to partition ${partition}: the tape has ${there}`);
}

/** Commands that change how the drive works. */
export const settingsCommands: readonly Command[] = [
  setblk,
  setdensity,
  compression,
  lock,
  unlock,
  setpartition,
  mkpartition,
];
