import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { argument } from "@optique/core/primitives";
import type { TapeDrive } from "../../mod.ts";
import { type Command, defineCommand } from "../command.ts";
import { positionText } from "../report/position_text.ts";
import { withDrive } from "../device/with_drive.ts";
import { wholeNumber } from "../whole_number.ts";

/** What calls a motion off. */
interface MotionOptions {
  readonly signal: AbortSignal;
}

type Motion = (drive: TapeDrive, count: number, options: MotionOptions) => Promise<unknown>;

interface MotionRow {
  readonly name: string;
  readonly aliases?: readonly [string, ...string[]];
  readonly brief: string;
  readonly details?: string;
  /** `none`: takes no number. `optional`: 1 if not given. `required`: the number names a place. */
  readonly count: "none" | "optional" | "required";
  readonly move: Motion;
}

/** mt's verbs and where each leaves the tape. */
const MOTIONS: readonly MotionRow[] = [
  {
    name: "rewind",
    brief: "Go to the beginning of the tape.",
    count: "none",
    move: (drive, _count, options) => drive.rewind(options),
  },
  {
    name: "fsf",
    brief: "Forward over N filemarks, to the first block of the next file.",
    count: "optional",
    move: spaceFilemarks,
  },
  {
    name: "bsf",
    brief: "Back over N filemarks, to the end of the file before.",
    details: "The tape then stands on the beginning side of the last filemark it went over.",
    count: "optional",
    move: (drive, count, options) => spaceFilemarks(drive, -count, options),
  },
  {
    name: "fsr",
    brief: "Forward over N records.",
    details: "Stops behind a filemark that it meets, and says so.",
    count: "optional",
    move: spaceBlocks,
  },
  {
    name: "bsr",
    brief: "Back over N records.",
    details: "Stops in front of a filemark that it meets, and says so.",
    count: "optional",
    move: (drive, count, options) => spaceBlocks(drive, -count, options),
  },
  {
    name: "fsfm",
    brief: "Forward over N filemarks, then back over the last one.",
    count: "optional",
    move: async (drive, count, options) => {
      await spaceFilemarks(drive, count, options);
      if (count > 0) await spaceFilemarks(drive, -1, options);
    },
  },
  {
    name: "bsfm",
    brief: "Back over N filemarks, then forward over the last one: to the beginning of that file.",
    count: "optional",
    move: async (drive, count, options) => {
      await spaceFilemarks(drive, -count, options);
      if (count > 0) await spaceFilemarks(drive, 1, options);
    },
  },
  {
    name: "asf",
    brief: "Go to the beginning of file number N, counted from 0.",
    count: "required",
    move: async (drive, file, options) => {
      await drive.rewind(options);
      await spaceFilemarks(drive, file, options);
    },
  },
  {
    name: "eod",
    aliases: ["eom", "seod"],
    brief: "Go to the end of the data, where new files are appended.",
    count: "none",
    move: (drive, _count, options) => drive.space("end-of-data", 1, options),
  },
  {
    name: "seek",
    brief: "Go to block number N of the partition, as tell prints it.",
    count: "required",
    move: (drive, block, options) => drive.locate(block, options),
  },
  {
    name: "load",
    brief: "Load the cartridge that is in the drive.",
    count: "none",
    move: (drive, _count, options) => drive.load(options),
  },
  {
    name: "offline",
    aliases: ["rewoffl", "eject", "unload"],
    brief: "Rewind and unload the cartridge.",
    count: "none",
    move: (drive, _count, options) => drive.unload(options),
  },
  {
    name: "retension",
    brief: "Wind the whole tape to its end and back.",
    count: "none",
    move: (drive, _count, options) => drive.retension(options),
  },
];

/** Where the motion leaves no cartridge, or must bring one in, so that none may be there. */
const WITHOUT_MEDIUM: ReadonlySet<string> = new Set(["load", "offline"]);

/** mt's counts may be 0, and then nothing moves. */
async function spaceFilemarks(
  drive: TapeDrive,
  count: number,
  options: MotionOptions,
): Promise<void> {
  if (count !== 0) await drive.space("filemarks", count, options);
}

async function spaceBlocks(drive: TapeDrive, count: number, options: MotionOptions): Promise<void> {
  if (count !== 0) await drive.space("blocks", count, options);
}

function countParser(row: MotionRow): Parser<"sync", { readonly count: number }, unknown> {
  const number = argument(wholeNumber({ min: 0, metavar: "N" }), {
    description: row.count === "optional" ? message`How many. Default: 1.` : message`Which one.`,
  });
  switch (row.count) {
    case "none":
      return object({}).map(() => ({ count: 0 }));
    case "optional":
      return object({ count: withDefault(number, 1) });
    case "required":
      return object({ count: number });
  }
}

function motionCommand(row: MotionRow): Command {
  const { name, aliases, brief, details, move } = row;
  return defineCommand({
    name,
    aliases,
    group: "Move",
    brief,
    details,
    examples: row.count === "none" ? [`tape ${name}`] : [`tape ${name} 2`],
    parser: countParser(row),
    run: (values, context) =>
      withDrive(context, async (drive) => {
        await move(drive, values.count, { signal: context.interruption.signal });
        if (!context.reporter.json) return;
        const position = WITHOUT_MEDIUM.has(name) ? undefined : await drive.position();
        await context.reporter.result({ command: name, position }, "");
      }, { requireMedium: !WITHOUT_MEDIUM.has(name) }),
  });
}

const tell = defineCommand({
  name: "tell",
  group: "Move",
  brief: "Say where the tape stands.",
  examples: ["tape tell", "tape tell --json"],
  parser: object({}),
  run: (_values, context) =>
    withDrive(context, async (drive) => {
      const position = await drive.position();
      await context.reporter.result({ position }, `${positionText(position)}.`);
    }),
});

/** Commands that move the tape. */
export const moveCommands: readonly Command[] = [...MOTIONS.map(motionCommand), tell];
