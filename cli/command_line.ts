import { group, object, or } from "@optique/core/constructs";
import { runParserSync } from "@optique/core/facade";
import { lineBreak, type Message, message, text } from "@optique/core/message";
import type { Parser } from "@optique/core/parser";
import { type Command, COMMAND_GROUPS, exampleText, type Invocation } from "./command.ts";
import { type DeviceOptions, deviceOptions, OPTIONS_WITH_VALUE } from "./device/device_options.ts";
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
  if (commandIndex(args) === undefined) return "No command given";
  return message.replace(/^Error: /, "").trimEnd();
}

function programParser(commands: readonly Command[]): Parser<"sync", ParsedCommandLine, unknown> {
  const groups = COMMAND_GROUPS.map((heading) => {
    const parsers = commands.filter((row) => row.group === heading).map((row) => row.parser);
    return group(heading, alternatives(parsers));
  });
  return object({ options: deviceOptions, invoke: alternatives(groups) })
    .map((values): ParsedCommandLine => ({ kind: "command", ...values }));
}

/** `or` of any number; its types count the alternatives one by one. */
function alternatives(
  parsers: readonly Parser<"sync", Invocation, unknown>[],
): Parser<"sync", Invocation, unknown> {
  const [first, ...rest] = parsers;
  return rest.length === 0 ? first : or(first, ...rest) as Parser<"sync", Invocation, unknown>;
}

/** Names that the parser adds to the table; they must be typed in full. */
const BUILT_IN = ["help", "completion"];

/**
 * Replaces the command's name by its full form where it is an unambiguous beginning of one, as mt has it. Aliases count
 * where no name begins so.
 *
 * @throws {UsageError} when no command, or several, begin so.
 */
export function expandCommandName(
  args: readonly string[],
  commands: readonly Command[],
): readonly string[] {
  const index = commandIndex(args);
  if (index === undefined) return args;
  const typed = args[index];
  const names = commands.map((row) => row.name);
  const aliases = commands.flatMap((row) => row.aliases);
  if ([...BUILT_IN, ...names, ...aliases].includes(typed)) return args;
  const beginSo = (name: string) => name.startsWith(typed);
  const candidates = names.some(beginSo) ? names.filter(beginSo) : aliases.filter(beginSo);
  if (candidates.length === 1) return args.with(index, candidates[0]);
  throw new UsageError(
    candidates.length === 0
      ? `No such command: ${typed}`
      : `Ambiguous command ${typed}: it may mean ${candidates.join(", ")}`,
  );
}

function commandIndex(args: readonly string[]): number | undefined {
  for (let index = 0; index < args.length; index++) {
    if (OPTIONS_WITH_VALUE.has(args[index])) index++;
    else if (!args[index].startsWith("-")) return index;
  }
  return undefined;
}
