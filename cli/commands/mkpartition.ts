import { object } from "@optique/core/constructs";
import { message, metavar } from "@optique/core/message";
import { multiple, withDefault } from "@optique/core/modifiers";
import { argument, flag } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import type { PartitionSize, TapeDrive, TapePartition } from "../../mod.ts";
import { TapeError } from "../../tape/errors.ts";
import { formatBytes, parseByteSize } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { CommandFailure } from "../command_failure.ts";
import { Confirmation } from "../confirmation.ts";
import { withDrive } from "../device/with_drive.ts";
import { ifKnown } from "../report/if_known.ts";
import { columns } from "../report/reporter.ts";
import { UsageError } from "../usage_error.ts";

/** `tape mkpartition`. */
export const mkpartition: Command = defineCommand({
  name: "mkpartition",
  group: "Settings",
  brief: "Divide the tape into partitions, or make one of it. Everything on it is lost.",
  details:
    "One SIZE is that of partition 1, and partition 0 gets the rest; 0 makes the whole tape " +
    "one partition. Several are the sizes of partitions 0, 1 and on, one of them rest. Without " +
    "k, m or g a number counts megabytes, as with mt. Asks first on a terminal; needs --yes off one.",
  examples: ["tape mkpartition 100g", "tape mkpartition rest 50g 50g --yes", "tape mkpartition 0"],
  parser: object({
    sizes: multiple(
      argument(string({ metavar: "SIZE" }), { description: message`Size, or the word rest.` }),
      { min: 1, errors: { tooFew: message`Expected at least one ${metavar("SIZE")}.` } },
    ),
    yes: withDefault(flag("--yes", { description: message`Do not ask.` }), false),
  }),
  run: async ({ sizes, yes }, context) => {
    const wanted = partitionSizes(sizes);
    const confirmation = new Confirmation(context, { yes, doing: "Making partitions" });
    await withDrive(context, async (drive) => {
      await confirmation.ask(drive, "Lose everything on the tape to make partitions?");
      const partitions = await makeThem(drive, wanted, context);
      const text = wanted === undefined ? "" : layoutText(partitions, wanted);
      await context.reporter.result({ partitions }, text);
    });
  },
});

/** As mt counts: 10^6. */
const MEGABYTE = 1e6;

/** `undefined` for one partition of the whole tape. @throws {UsageError} when sizes cannot be. */
export function partitionSizes(typed: readonly string[]): PartitionSize[] | undefined {
  const sizes = typed.map(partitionSize);
  if (sizes.length === 1) {
    if (sizes[0] === 0 || sizes[0] === "rest") return undefined;
    return ["rest", sizes[0]];
  }
  if (sizes.includes(0)) throw new UsageError("mkpartition: a partition cannot have size 0");
  if (sizes.filter((size) => size === "rest").length === 1) return sizes;
  throw new UsageError("mkpartition: of several sizes, one has to be the word rest");
}

function partitionSize(typed: string): PartitionSize {
  if (typed.toLowerCase() === "rest") return "rest";
  const bytes = /^\d+$/.test(typed) ? Number(typed) * MEGABYTE : parseByteSize(typed);
  if (bytes !== undefined && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`mkpartition takes sizes like 100g or 500, or rest, but got ${typed}`);
}

async function makeThem(
  drive: TapeDrive,
  sizes: PartitionSize[] | undefined,
  { interruption: { signal }, host, reporter }: CommandContext,
): Promise<readonly TapePartition[]> {
  const onProgress = (progress: number | undefined) => {
    if (progress !== undefined) reporter.note(`Formatting: ${Math.floor(progress * 100)} %`);
  };
  const options = { signal, ...(host.stderr.isTerminal && { onProgress }) };
  if (sizes === undefined) {
    await drive.format(options);
    return [{ partition: 0 }];
  }
  try {
    return (await drive.makePartitions(sizes, options)).partitions;
  } catch (error) {
    throw isRefusal(error) ? await refused(drive, sizes, { signal, cause: error }) : error;
  }
}

/** INVALID FIELD IN PARAMETER LIST and its like: the drive does not take the sizes. */
const IN_PARAMETER_LIST = 0x26;

function isRefusal(error: unknown): boolean {
  return error instanceof TapeError && error.kind === "illegal-request" &&
    error.asc === IN_PARAMETER_LIST;
}

async function refused(
  drive: TapeDrive,
  sizes: readonly PartitionSize[],
  { signal, cause }: { readonly signal: AbortSignal; readonly cause: unknown },
): Promise<CommandFailure> {
  const wanted = sizes.map((size) => size === "rest" ? size : formatBytes(size)).join(", ");
  const capacity = await ifKnown(() => drive.capacity({ signal }));
  // The cartridge's memory tells of partition 0 alone.
  const bytes = capacity?.source === "medium-attributes" ? undefined : capacity?.maximumBytes;
  const holds = bytes === undefined ? "" : `; the tape holds ${formatBytes(bytes)}`;
  return new CommandFailure(
    `Making partitions of ${wanted}: the drive takes no such sizes${holds}`,
    {
      cause,
    },
  );
}

function layoutText(
  partitions: readonly TapePartition[],
  wanted: readonly PartitionSize[],
): string {
  return columns(partitions.map(({ partition, bytes }) => {
    const untold = wanted[partition] === "rest" ? "the rest" : "size not told";
    return [`partition ${partition}`, bytes === undefined ? untold : formatBytes(bytes)];
  }));
}
