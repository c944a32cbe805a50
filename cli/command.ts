import { or } from "@optique/core/constructs";
import { lineBreak, type Message, message, text } from "@optique/core/message";
import { map } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { command } from "@optique/core/primitives";
import type { Usage, UsageTerm } from "@optique/core/usage";
import type { DeviceOptions } from "./device/device_options.ts";
import type { Devices } from "./device/devices.ts";
import type { CliHost } from "./host/host.ts";
import type { Interruption } from "./host/interruption.ts";
import type { Reporter } from "./report/reporter.ts";

/** What a command works with. */
export interface CommandContext {
  readonly host: CliHost;
  readonly reporter: Reporter;
  readonly options: DeviceOptions;
  readonly devices: Devices;
  readonly interruption: Interruption;
}

/** A command with its arguments: what parsing the command line gives. */
export type Invocation = (context: CommandContext) => Promise<void>;

/** Headings of the help text, in its order. */
export const COMMAND_GROUPS = [
  "Find",
  "Move",
  "Data",
  "Images",
  "Settings",
  "Health",
  "Library",
  "Simulate",
] as const;

/** A heading of the help text. */
export type CommandGroup = typeof COMMAND_GROUPS[number];

/** One row of the command table. */
export interface Command {
  readonly name: string;
  /** Other names that it answers to. */
  readonly aliases: readonly string[];
  readonly group: CommandGroup;
  readonly parser: Parser<"sync", Invocation, unknown>;
  /** Names of its own commands, where it has some: `changer load`. */
  readonly subcommands?: readonly string[];
}

/** What {@link defineCommand} makes a command of. */
export interface CommandDefinition<T> {
  readonly name: string;
  readonly aliases?: readonly [string, ...string[]];
  readonly group: CommandGroup;
  /** One line for the list of commands. */
  readonly brief: string;
  /** What the list has no room for. */
  readonly details?: string;
  /** Command lines, each without a comment. */
  readonly examples: readonly string[];
  /** Arguments and options of its own. */
  readonly parser: Parser<"sync", T, unknown>;
  /** Does it. */
  run(values: T, context: CommandContext): Promise<void>;
}

/** Makes a row of the command table. */
export function defineCommand<T>(definition: CommandDefinition<T>): Command {
  const { name, aliases = [], group, parser } = definition;
  const bound = map(
    parser,
    (values): Invocation => (context) => definition.run(values, context),
  );
  return { name, aliases, group, parser: named(definition, bound, parser.usage) };
}

/** What {@link defineCommandFamily} makes a command of. */
export type CommandFamilyDefinition = Omit<CommandDefinition<never>, "aliases" | "parser" | "run">;

/** Makes a row of the command table of a command that has commands of its own: `changer load`, `changer status`. */
export function defineCommandFamily(
  definition: CommandFamilyDefinition,
  members: readonly Command[],
): Command {
  const { name, group } = definition;
  const parser = alternatives(members.map((member) => member.parser));
  const usage = [{ type: "literal", value: "COMMAND..." }] as const;
  const subcommands = members.map((member) => member.name);
  return { name, aliases: [], group, subcommands, parser: named(definition, parser, usage) };
}

/** `or` of any number; its types count the alternatives one by one. */
export function alternatives(
  parsers: readonly Parser<"sync", Invocation, unknown>[],
): Parser<"sync", Invocation, unknown> {
  const [first, ...rest] = parsers;
  return rest.length === 0 ? first : or(first, ...rest) as Parser<"sync", Invocation, unknown>;
}

/** A parser behind the command's name, with its help. */
function named(
  definition: Omit<CommandDefinition<never>, "parser" | "run">,
  parser: Parser<"sync", Invocation, unknown>,
  usage: Usage,
): Parser<"sync", Invocation, unknown> {
  const { name, aliases = [], brief, details = "", examples } = definition;
  const also = aliases.length > 0 ? `Also: ${aliases.join(", ")}.` : "";
  const description = [details, also].filter(Boolean).join(" ");
  return command(name, parser, {
    brief: message`${text(brief)}`,
    ...(description !== "" && { description: message`${text(description)}` }),
    footer: exampleText(examples),
    usageLine: [
      { type: "literal", value: "[OPTION...]" },
      ...usage.filter((term) => !isOption(term)),
    ],
    aliases: definition.aliases,
  });
}

/** Options are in the list below the usage line, which then fits a terminal. */
function isOption(term: UsageTerm): boolean {
  if (term.type === "option") return true;
  return (term.type === "optional" || term.type === "multiple") && term.terms.every(isOption);
}

/** Example command lines for a help text, one a line. */
export function exampleText(examples: readonly string[]): Message {
  return [text("Examples:"), ...examples.flatMap((line) => [lineBreak(), text(`  ${line}`)])];
}
