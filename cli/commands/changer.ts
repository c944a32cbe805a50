import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple, optional } from "@optique/core/modifiers";
import { argument, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { hideSecrets } from "../../iscsi/address.ts";
import type {
  DriveInfo,
  Inventory,
  LibraryElement,
  MediaChanger,
  Place,
  UnloadOptions,
} from "../../mod.ts";
import {
  type Command,
  type CommandContext,
  defineCommand,
  defineCommandFamily,
} from "../command.ts";
import { CommandFailure } from "../command_failure.ts";
import { withChanger } from "../device/with_changer.ts";
import { deviceAddress, withDrive } from "../device/with_drive.ts";
import { placeName } from "../../changer/place_name.ts";
import { libraryPlace } from "../library_place.ts";
import { inventoryText } from "../report/inventory_text.ts";
import { UsageError } from "../usage_error.ts";
import { wholeNumber } from "../whole_number.ts";

const group = "Library";

const slotNumber = wholeNumber({ min: 1, max: 0xffff, metavar: "SLOT" });
const driveNumber = wholeNumber({ min: 0, max: 0xffff, metavar: "DRIVE" });

const status = defineCommand({
  name: "status",
  group,
  brief: "Say what is in which drive and slot, as mtx does.",
  examples: ["tape changer status", "tape changer status --json"],
  parser: object({}),
  run: (_values, context) =>
    withChanger(context, async (changer) => {
      const inventory = await changer.inventory(abortOf(context));
      const text = inventoryText(hideSecrets(deviceAddress(context)), inventory);
      await context.reporter.result(inventoryDocument(changer, inventory), text);
    }),
});

const inventory = defineCommand({
  name: "inventory",
  group,
  brief: "Have the library look at all its slots again.",
  details: "Takes up to an hour. tape changer status then tells what it found.",
  examples: ["tape changer inventory"],
  parser: object({}),
  run: (_values, context) =>
    withChanger(context, async (changer) => {
      waitGently(context);
      await changer.initialize(abortOf(context));
      if (!context.reporter.json) return;
      const found = await changer.inventory(abortOf(context));
      await context.reporter.result(inventoryDocument(changer, found), "");
    }),
});

const load = defineCommand({
  name: "load",
  group,
  brief: "Bring the cartridge of a slot, or the one with a label, into a drive.",
  examples: [
    "tape changer load 2",
    "tape changer load 2 1",
    "tape changer load --barcode A00001L8",
    "tape changer load --barcode A00001L8 1",
  ],
  parser: object({
    numbers: multiple(
      argument(wholeNumber({ min: 0, max: 0xffff, metavar: "SLOT [DRIVE]" }), {
        description: message`Slot, from 1, and drive, from 0. Default: drive 0.`,
      }),
      { max: 2 },
    ),
    barcode: optional(option("--barcode", string({ metavar: "LABEL" }), {
      description: message`The cartridge with this label, wherever it is, instead of a slot.`,
    })),
  }),
  run: async ({ numbers, barcode }, context) => {
    const [first, second] = numbers;
    if (barcode === undefined) {
      if (first === undefined || first === 0) {
        throw new UsageError("changer load needs a SLOT, counted from 1, or --barcode LABEL");
      }
      return await moveCommand(first, { drive: second ?? 0 }, context);
    }
    if (second !== undefined) {
      throw new UsageError("changer load --barcode LABEL takes a DRIVE at most, and no slot");
    }
    await loadLabelled(barcode, first ?? 0, context);
  },
});

/** @throws {CommandFailure} when there is no such cartridge. */
async function loadLabelled(
  barcode: string,
  drive: number,
  context: CommandContext,
): Promise<void> {
  await withChanger(context, async (changer) => {
    const found = await changer.find(barcode, abortOf(context));
    if (found === undefined) {
      throw new CommandFailure(
        `Loading ${barcode}: no cartridge in the library has that label; see tape changer status`,
      );
    }
    if (found.type === "transport") {
      throw new CommandFailure(`Loading ${barcode}: it hangs in the arm, which needs service`);
    }
    const from = found.type === "drive" ? { drive: found.number } : found.number;
    if (found.type === "drive" && found.number === drive) {
      const document = { moved: false, from, to: { drive }, barcode };
      return await context.reporter.summary(document, `${barcode} is in drive ${drive} already`);
    }
    await move(changer, { from, to: { drive }, label: barcode }, context);
  });
}

const ejectOption = optional(option("--eject", string({ metavar: "DEVICE" }), {
  description:
    message`Have the drive at this address unload the tape first, as most libraries need it.`,
}));

const unload = defineCommand({
  name: "unload",
  group,
  brief: "Bring the cartridge of a drive back into its slot, or another one.",
  details: "Most libraries of metal need the drive to unload the tape first: tape -f DRIVE " +
    "offline, or --eject DRIVE here.",
  examples: [
    "tape changer unload",
    "tape changer unload 5 1",
    "tape changer unload --drive 1 --eject iscsi://10.0.0.5/iqn.2026-03.com.example:tape/2",
  ],
  parser: object({
    slot: optional(argument(slotNumber, {
      description: message`Slot, from 1. Default: where it came from.`,
    })),
    drive: optional(argument(driveNumber, {
      description: message`Drive, from 0. Default: 0.`,
    })),
    driveOption: optional(option("--drive", driveNumber, {
      description: message`The same, where no slot is given.`,
    })),
    eject: ejectOption,
  }),
  run: async ({ slot, drive, driveOption, eject }, context) => {
    if (drive !== undefined && driveOption !== undefined) {
      throw new UsageError("changer unload takes the drive once: behind the slot, or by --drive");
    }
    const number = drive ?? driveOption ?? 0;
    await withChanger(context, async (changer) => {
      const inventory = await changer.inventory(abortOf(context));
      const seen = inventory.drive(number);
      const to = slot ?? seen.sourceSlot;
      waitGently(context);
      const from = [{ drive: number }];
      await changer.unload(number, slot, unloadOptions(changer, { eject, from }, context));
      const { barcode } = to === undefined ? seen : await broughtTo(changer, to, seen, context);
      await tellMoved({ from: { drive: number }, to, barcode }, context);
    });
  },
});

const transfer = defineCommand({
  name: "transfer",
  group,
  brief: "Bring a cartridge from one slot or drive to another.",
  examples: ["tape changer transfer 1 11", "tape changer transfer d0 d1"],
  parser: object({
    from: argument(libraryPlace(), { description: message`Slot, or drive with a d before it.` }),
    to: argument(libraryPlace(), { description: message`Where it goes.` }),
    eject: ejectOption,
  }),
  run: ({ from, to, eject }, context) => moveCommand(from, to, context, eject),
});

const exchange = defineCommand({
  name: "exchange",
  group,
  brief: "Bring a cartridge to where another is, and that one elsewhere, in one go.",
  details: "The second cartridge goes to where the first one was, unless a third place is named. " +
    "Not every library can do that.",
  examples: ["tape changer exchange 1 2", "tape changer exchange 3 d0 4"],
  parser: object({
    from: argument(libraryPlace(), { description: message`Slot, or drive with a d before it.` }),
    to: argument(libraryPlace(), { description: message`Where it goes.` }),
    then: optional(argument(libraryPlace(), {
      description: message`Where the cartridge goes that is there. Default: to the first place.`,
    })),
    eject: ejectOption,
  }),
  run: ({ from, to, then = from, eject }, context) =>
    withChanger(context, async (changer) => {
      waitGently(context);
      const ejection = { eject, from: [from, to] };
      await changer.exchange(from, to, then, unloadOptions(changer, ejection, context));
      await context.reporter.summary(
        { exchanged: true, from, to, then },
        `From ${placeName(from)} to ${placeName(to)}, and from there to ${placeName(then)}`,
      );
    }),
});

function moveCommand(
  from: Place,
  to: Place,
  context: CommandContext,
  eject?: string,
): Promise<void> {
  return withChanger(context, (changer) => move(changer, { from, to, eject }, context));
}

/** A cartridge's way. */
interface Move {
  readonly from: Place;
  readonly to: Place;
  /** Address of the drive that has to give it up first. */
  readonly eject?: string;
  /** Its label, where that is what was asked for. */
  readonly label?: string;
}

async function move(
  changer: MediaChanger,
  { from, to, eject, label }: Move,
  context: CommandContext,
): Promise<void> {
  const seen = (await changer.inventory(abortOf(context))).place(from);
  checkLabel(label, from, seen);
  waitGently(context);
  await changer.transfer(from, to, unloadOptions(changer, { eject, from: [from] }, context));
  const brought = await broughtTo(changer, to, seen, context);
  checkLabel(label, to, brought);
  await tellMoved({ from, to, barcode: brought.barcode }, context);
}

/** @throws {CommandFailure} when the place has another cartridge than the one that was asked for. */
function checkLabel(
  label: string | undefined,
  place: Place,
  { barcode, alternateBarcode }: LibraryElement,
): void {
  if (label === undefined || barcode === undefined) return;
  if (barcode === label || alternateBarcode === label) return;
  throw new CommandFailure(
    `Loading ${label}: ${placeName(place)} has ${barcode} now, for another host moves cartridges ` +
      "too; see tape changer status",
  );
}

/** What a move brought there, which another host may have put in place of what was seen; that, where the library tells no label. */
async function broughtTo(
  changer: MediaChanger,
  to: Place,
  seen: LibraryElement,
  context: CommandContext,
): Promise<LibraryElement> {
  const after = (await changer.inventory(abortOf(context))).place(to);
  return after.barcode === undefined ? seen : after;
}

interface Moved {
  readonly from: Place;
  readonly to: Place | undefined;
  readonly barcode: string | undefined;
}

async function tellMoved({ from, to, barcode }: Moved, context: CommandContext): Promise<void> {
  const where = to === undefined ? "its slot" : placeName(to);
  await context.reporter.summary(
    { moved: true, from, to, barcode },
    `${barcode ?? "The cartridge"} went from ${placeName(from)} to ${where}`,
  );
}

function abortOf({ interruption: { signal } }: CommandContext): { readonly signal: AbortSignal } {
  return { signal };
}

/** A drive that gives its tape up, and what the arm takes away. */
interface Ejection {
  /** Address of the drive. */
  readonly eject: string | undefined;
  readonly from: readonly Place[];
}

/** @throws {UsageError} when the arm takes nothing out of a drive. */
function unloadOptions(
  changer: MediaChanger,
  { eject, from }: Ejection,
  context: CommandContext,
): UnloadOptions {
  if (eject === undefined) return abortOf(context);
  const numbers = from.flatMap((place) => typeof place === "number" ? [] : place.drive);
  if (numbers.length === 0) throw new UsageError("--eject needs a drive that the cartridge is in");
  const atDrive = { ...context, options: { ...context.options, device: eject } };
  const unloadDrive = () =>
    withDrive(atDrive, async (drive) => {
      const { drives } = await changer.inventory(abortOf(context));
      checkSerialNumber(drive.info, numbers.map((number) => drives[number]));
      await drive.unload(abortOf(context));
    }, { requireMedium: false });
  return { ...abortOf(context), unloadDrive };
}

/** @throws {CommandFailure} when the drive is none of those, as far as it and the library tell. */
function checkSerialNumber(
  { serialNumber: own }: DriveInfo,
  drives: readonly LibraryElement[],
): void {
  const isOther = ({ serialNumber: told }: LibraryElement) =>
    own !== undefined && told !== undefined && !own.endsWith(told) && !told.endsWith(own);
  if (!drives.every(isOther)) return;
  const known = drives.map(({ number, serialNumber }) => `drive ${number} is ${serialNumber}`);
  throw new CommandFailure(
    `Unloading the drive with the serial number ${own}: ${known.join(", ")}; --eject needs that ` +
      "one's address, see tape ls --library",
  );
}

/** An arm on its way cannot be stopped: whoever gives up does not learn where the cartridge ends. */
function waitGently({ interruption, reporter }: CommandContext): void {
  interruption.stopGently(() => {
    reporter.note(
      "Waiting for the library to finish; interrupt again to give up, and then see tape changer status",
    );
  });
}

function inventoryDocument({ info }: MediaChanger, { drives, slots }: Inventory): unknown {
  return { changer: info, drives, slots };
}

/** `tape changer`. */
export const changerCommand: Command = defineCommandFamily({
  name: "changer",
  group,
  brief: "Work the robot of a tape library: status, load, unload, transfer, exchange, inventory.",
  details:
    "DEVICE is the library's changer; tape ls PORTAL lists it as mediumx. Slots count from " +
    "1, import/export slots after the storage slots, drives from 0, as with mtx.",
  examples: [
    "tape changer status -f iscsi://10.0.0.5/iqn.2026-03.com.example:library/0",
    "tape changer load 2 0",
    "tape changer unload",
    "tape help changer load",
  ],
}, [status, load, unload, transfer, exchange, inventory]);
