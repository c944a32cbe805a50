import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple, withDefault } from "@optique/core/modifiers";
import { argument, flag, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import type { AttributeValue, NamedAttribute, TapeDrive } from "../../mod.ts";
import { ATTRIBUTE_TABLE, attributeFacts } from "../../scsi/attribute_table.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { withDrive } from "../device/with_drive.ts";
import { nearestName } from "../nearest_name.ts";
import { hexCode } from "../report/hex_code.ts";
import { columns } from "../report/reporter.ts";
import { UsageError } from "../usage_error.ts";
import { wholeNumber } from "../whole_number.ts";

/** `tape attributes`. */
export const attributesCommand: Command = defineCommand({
  name: "attributes",
  group: "Health",
  brief: "Show or write what is in the cartridge's memory: barcode, labels, load count.",
  details: "Without names, shows all that have a value; with NAME, that one; with NAME=VALUE, " +
    "writes it, and with NAME= deletes it. Binary values are a number or 0x and hex digits.",
  examples: [
    "tape attributes",
    "tape attributes barcode loadCount",
    "tape attributes mediaPool=Archive userMediumTextLabel=",
  ],
  parser: object({
    requests: multiple(argument(string({ metavar: "NAME[=VALUE]" }), {
      description: message`Names as tape attributes shows them.`,
    })),
    partition: withDefault(
      option("--partition", wholeNumber({ min: 0, max: 255, metavar: "N" }), {
        description: message`Partition whose attributes are meant. Default: 0.`,
      }),
      0,
    ),
    unsafe: withDefault(
      flag("--unsafe", {
        description: message`Write even what LTFS and other software rely on.`,
      }),
      false,
    ),
  }),
  run: async ({ requests, partition, unsafe }, context) => {
    const { names, values, removed } = parseRequests(requests);
    await withDrive(context, async (drive) => {
      const options = { partition, signal: context.interruption.signal };
      if (Object.keys(values).length > 0) {
        await drive.attributes.set(values, { ...options, unsafe });
      }
      if (removed.length > 0) await drive.attributes.remove(removed, { ...options, unsafe });
      const written = [...Object.keys(values), ...removed];
      if (written.length > 0) return await context.reporter.result({ written }, "");
      await show(drive, names, options, context);
    });
  },
});

interface Requests {
  readonly names: readonly string[];
  readonly values: Readonly<Record<string, AttributeValue>>;
  readonly removed: readonly string[];
}

/** @throws {UsageError} when a name is none, or reading and writing are mixed. */
function parseRequests(requests: readonly string[]): Requests {
  const names: string[] = [];
  const values: Record<string, AttributeValue> = {};
  const removed: string[] = [];
  for (const request of requests) {
    const equals = request.indexOf("=");
    const name = attributeName(equals < 0 ? request : request.slice(0, equals));
    const text = request.slice(equals + 1);
    if (equals < 0) names.push(name);
    else if (text === "") removed.push(name);
    else values[name] = attributeValue(name, text);
  }
  if (names.length > 0 && names.length < requests.length) {
    throw new UsageError("attributes shows or writes, not both in one go");
  }
  return { names, values, removed };
}

/** Upper and lower case are the same. @throws {UsageError} */
function attributeName(typed: string): string {
  const names = ATTRIBUTE_TABLE.map(({ name }) => name);
  const found = names.find((name) => name.toLowerCase() === typed.toLowerCase());
  if (found !== undefined) return found;
  const near = nearestName(typed, names);
  const hint = near === undefined ? "tape attributes shows names" : `did you mean ${near}?`;
  throw new UsageError(`No such attribute: ${typed}; ${hint}`);
}

const HEX = /^0x((?:[0-9a-f]{2})+)$/i;

/** @throws {UsageError} when a binary attribute is given something else. */
function attributeValue(name: string, text: string): AttributeValue {
  if (attributeFacts(name)?.format !== "binary") return text;
  const digits = HEX.exec(text)?.[1];
  if (digits !== undefined) {
    return Uint8Array.from(digits.match(/../g)!, (two) => parseInt(two, 16));
  }
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`${name} takes a number, or 0x and pairs of hex digits, not ${text}`);
}

async function show(
  drive: TapeDrive,
  names: readonly string[],
  options: { readonly partition: number; readonly signal: AbortSignal },
  { reporter }: CommandContext,
): Promise<void> {
  const all = await drive.attributes.list(options);
  const wanted = names.map((name) => all.find((each) => each.name === name) ?? missing(name));
  const attributes = names.length === 0 ? all : wanted;
  const text = names.length === 1
    ? valueText(attributes[0])
    : columns(attributes.map((each) => [each.name ?? hexCode(each.id, 4), valueText(each)]));
  await reporter.result({ attributes }, text);
}

function missing(name: string): NamedAttribute {
  const { id, owner } = attributeFacts(name)!;
  return { id, name, writable: owner === "host" };
}

function valueText({ value, unit }: NamedAttribute): string {
  if (value === undefined) return "";
  const text = value instanceof Uint8Array
    ? `0x${Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("")}`
    : String(value);
  return unit === undefined ? text : `${text} ${unit}`;
}
