import { group, object } from "@optique/core/constructs";
import { runParserSync } from "@optique/core/facade";
import { lineBreak, type Message, message, text } from "@optique/core/message";
import type { Parser } from "@optique/core/parser";
import {
  alternatives,
  type Command,
  COMMAND_GROUPS,
  exampleText,
  type Invocation,
} from "./command.ts";
import { type DeviceOptions, deviceOptions, OPTIONS_WITH_VALUE } from "./device/device_options.ts";
import { hideSecrets } from "../iscsi/address.ts";
import { nearestName } from "./nearest_name.ts";
import { asClause } from "./report/as_clause.ts";
import { UsageError } from "./usage_error.ts";

/** A command to run. */
export interface ParsedCommand {
  readonly kind: "command";
  readonly options: DeviceOptions;
  readonly invoke: Invocation;
}

/** What the command line asks for: a command, or a text (help, version) that parsing itself answers with. */
export type ParsedCommandLine = ParsedCommand | { readonly kind: "text"; readonly text: string };

/** Options of {@link parseCommandLine}. */
export interface ParseOptions {
  /** The version that `--version` prints. */
  readonly version: string;
  /** Width of help texts in characters. */
  readonly columns: number;
}

const BRIEF = "A tape drive over iSCSI, in user space.";
const FOOTER: Message = [
  ...exampleText([
    "tape ls 10.0.0.5",
    "export TAPE=iscsi://10.0.0.5/iqn.2026-03.com.example:tape/0",
    "tape rewind",
    "tar -cf - photos | tape write - --block-size 256k",
    "tape -f sim:scratch.tap status",
  ]),
  lineBreak(),
  lineBreak(),
  text("Exit status: 0 done, 1 bad usage, 2 the operation failed."),
];

/**
 * Parses a command line against a table of commands.
 *
 * @throws {UsageError} when it makes no sense.
 */
export function parseCommandLine(
  args: readonly string[],
  commands: readonly Command[],
  options: ParseOptions,
): ParsedCommandLine {
  // Messages about mistakes are one line, however long; texts are as wide as the terminal.
  const parsed = parse(args, commands, { ...options, columns: UNBROKEN });
  return parsed.kind === "text" ? parse(args, commands, options) : parsed;
}

/** A width that nothing reaches. */
const UNBROKEN = 100_000;

function parse(
  args: readonly string[],
  commands: readonly Command[],
  options: ParseOptions,
): ParsedCommandLine {
  const lines: string[] = [];
  const errors: string[] = [];
  const asText = () => ({ kind: "text", text: lines.join("\n") }) as never;
  return runParserSync(programParser(commands), "tape", expandCommandName(args, commands), {
    brief: message`${text(BRIEF)}`,
    footer: FOOTER,
    usageLine: [{ type: "ellipsis" }],
    commandList: "top-level",
    termWidth: "auto",
    maxWidth: options.columns,
    aboveError: "none",
    help: { command: true, option: { names: ["-h", "--help"] }, onShow: asText },
    version: { value: options.version, option: true, onShow: asText },
    completion: { command: true, onShow: asText },
    stdout: (line) => lines.push(line),
    stderr: (line) => errors.push(line),
    onError: () => {
      throw new UsageError(usageMessage(args, errors.join("\n")));
    },
  });
}

function usageMessage(args: readonly string[], message: string): string {
  if (commandIndex(args) === undefined) {
    const last = args.at(-1) ?? "";
    return OPTIONS_WITH_VALUE.has(last) ? `${last} needs a value behind it` : "No command given";
  }
  const shown = withoutSecrets(message, args).replace(/^Error: /, "").trimEnd();
  const [first, ...rest] = shown.split("\n").filter(Boolean);
  // What else there is to say is a suggestion, or a whole help text.
  const suggestion = rest.find((line) => line.startsWith("Did you mean"));
  const hint = isNegative(first)
    ? "numbers are not negative here"
    : isNews(suggestion, first)
    ? asClause(suggestion)
    : undefined;
  return [complaint(first), hint].filter(Boolean).join("; ").replaceAll("`", "");
}

/** Not what was typed: that is right elsewhere, behind another command for instance. */
function isNews(suggestion: string | undefined, complaint: string): suggestion is string {
  const typed = /"([^"]+)"\.?$/.exec(complaint)?.[1];
  return suggestion !== undefined && !suggestion.endsWith(` \`${typed}\`?`);
}

function complaint(first: string): string {
  return first.replace(/\.$/, "").replace(/^Expected an? (.+), but too few.*$/, "$1 is missing");
}

/** What was mistyped may be an option for a secret, or an address with one. */
function withoutSecrets(message: string, args: readonly string[]): string {
  return args.reduce((text, arg) => text.replaceAll(arg, shownArgument(arg)), message);
}

function shownArgument(arg: string): string {
  return arg.startsWith("-") ? arg.split("=", 1)[0] : hideSecrets(arg);
}

/** A negative number was taken for an option. */
function isNegative(complaint: string): boolean {
  return /"-\d+"\.?$/.test(complaint);
}

function programParser(commands: readonly Command[]): Parser<"sync", ParsedCommandLine, unknown> {
  const groups = COMMAND_GROUPS.flatMap((heading) => {
    const parsers = commands.filter((row) => row.group === heading).map((row) => row.parser);
    return parsers.length === 0 ? [] : [group(heading, alternatives(parsers))];
  });
  return object({ options: deviceOptions, invoke: alternatives(groups) })
    .map((values): ParsedCommandLine => ({ kind: "command", ...values }));
}

/** Names that the parser adds to the table; they must be typed in full. */
const HELP = "help";
const BUILT_IN = [HELP, "completion"];

/**
 * Replaces the command's name, and that of its own command where it has some, by its full form where it is an
 * unambiguous beginning of one, as mt has it. Aliases count where no name begins so.
 *
 * @throws {UsageError} when no command, or several, begin so.
 */
export function expandCommandName(
  args: readonly string[],
  commands: readonly Command[],
): readonly string[] {
  const index = commandIndex(args);
  if (index === undefined) return args;
  if (args[index] === HELP) return helpArguments(args, index, commands);
  return expandFrom(args, index, commands);
}

/** `help chan load` is `help changer load`. */
function helpArguments(
  args: readonly string[],
  index: number,
  commands: readonly Command[],
): readonly string[] {
  const asked = commandIndex(args, index + 1);
  if (asked === undefined) return args;
  // Nothing but names can follow, and with --help a command needs none of its own.
  return expandFrom([...args, "--help"], asked, commands).slice(0, args.length);
}

function expandFrom(
  args: readonly string[],
  index: number,
  commands: readonly Command[],
): readonly string[] {
  const names = [...BUILT_IN, ...commands.map((row) => row.name)];
  const aliases = commands.flatMap((row) => row.aliases);
  const after = args[index - 1];
  const name = fullName(args[index], { names, aliases, whole: BUILT_IN, of: "", after });
  const expanded = args.with(index, name);
  const { subcommands } = commands.find((row) => row.name === name) ?? {};
  const second = subcommands && commandIndex(args, index + 1);
  if (subcommands === undefined) return expanded;
  if (second === undefined) {
    if (args.some((arg) => HELP_OPTIONS.has(arg))) return expanded;
    throw new UsageError(`tape ${name} needs one of its commands: ${subcommands.join(", ")}`);
  }
  const own = { names: subcommands, aliases: [], whole: [], of: `${name} ` };
  return expanded.with(second, fullName(args[second], own));
}

const HELP_OPTIONS: ReadonlySet<string> = new Set(["-h", "--help"]);

/** What a typed name may mean. */
interface KnownNames {
  readonly names: readonly string[];
  readonly aliases: readonly string[];
  /** Those of the names that must be typed in full. */
  readonly whole: readonly string[];
  /** The command that they belong to, with a blank. */
  readonly of: string;
  /** What stands before it: an option that is none of ours may take what was typed for its value. */
  readonly after?: string;
}

/** @throws {UsageError} when no name, or several, begin so. */
function fullName(typed: string, known: KnownNames): string {
  const { names, aliases, whole, of, after = "" } = known;
  if (names.includes(typed) || aliases.includes(typed)) return typed;
  const beginSo = (name: string) => name.startsWith(typed) && !whole.includes(name);
  const candidates = names.some(beginSo) ? names.filter(beginSo) : aliases.filter(beginSo);
  if (candidates.length === 1) return candidates[0];
  if (candidates.length > 1) {
    throw new UsageError(
      `Ambiguous command ${of}${typed}: it may mean ${candidates.join(", ")}`,
    );
  }
  // What was typed may be a secret: it is not to be shown.
  if (after.startsWith("-") && !FLAGS.has(after)) throw noSuchOption(after);
  const near = nearestName(typed, [...names, ...aliases]);
  const hint = near === undefined ? "" : `; did you mean ${of}${near}?`;
  throw new UsageError(`No such command: ${of}${hideSecrets(typed)}${hint}`);
}

/** Options for every command that take no value. */
const FLAGS: ReadonlySet<string> = new Set(["--json", "-v", "--verbose", ...HELP_OPTIONS]);

function noSuchOption(typed: string): UsageError {
  const near = nearestName(typed, [...OPTIONS_WITH_VALUE, ...FLAGS]);
  const hint = near === undefined
    ? "the options of a command follow its name"
    : `did you mean ${near}?`;
  return new UsageError(`No such option before a command: ${shownArgument(typed)}; ${hint}`);
}

/** Where a command's name stands, at `from` or behind. */
function commandIndex(args: readonly string[], from = 0): number | undefined {
  for (let index = from; index < args.length; index++) {
    if (OPTIONS_WITH_VALUE.has(args[index])) index++;
    else if (!args[index].startsWith("-")) return index;
  }
  return undefined;
}
