/**
 * Makes `docs/command-line.md` from the parsers of the command: what `tape help` says, for all commands at once.
 *
 * @module
 */

import type { DocEntry, DocPage } from "@optique/core/doc";
import { formatMessage, type Message } from "@optique/core/message";
import { getDocPageSync, type Parser } from "@optique/core/parser";
import { formatUsageTerm, type Usage } from "@optique/core/usage";
import { type Command, COMMAND_GROUPS } from "../cli/command.ts";
import { COMMANDS } from "../cli/command_table.ts";
import { deviceOptions } from "../cli/device/device_options.ts";
import { cell } from "./formatted_markdown.ts";

const INTRODUCTION = `# The command line

<!-- Made by \`deno task docs\` from the command's parsers; do not edit. -->

\`tape [-f DEVICE] COMMAND [ARGUMENT...]\`

In a clone of the repository \`tape\` is \`deno task tape\`. DEVICE is
\`iscsi://HOST[:PORT]/TARGET/LUN\` or \`sim:FILE.tap\`, and \`$TAPE\` if none is given. A command may be
cut short to any beginning that no other command has.

Exit status: 0 done, 1 bad usage, 2 the operation failed. Results go to standard output, with
\`--json\` as one JSON document; progress, warnings and errors go to standard error. Secrets come from
files or from \`TAPE_CHAP_SECRET\` and \`TAPE_CHAP_TARGET_SECRET\`, never from an argument.
`;

/** The reference as Markdown, not yet formatted. */
export function commandLineReference(): string {
  const sections = COMMAND_GROUPS.map((group) => {
    const rows = COMMANDS.filter((row) => row.group === group);
    return [`## ${group}`, ...rows.map((row) => commandText(row, [row.name]))].join("\n\n");
  });
  return [INTRODUCTION, contents(), optionsOfAll(), ...sections].join("\n\n");
}

function contents(): string {
  const rows = COMMAND_GROUPS.map((group) => {
    const names = COMMANDS.filter((row) => row.group === group).map(({ name }) =>
      `[\`${name}\`](#tape-${name})`
    );
    return `| ${group} | ${names.join(", ")} |`;
  });
  return ["| | |", "| --- | --- |", ...rows].join("\n");
}

function optionsOfAll(): string {
  const page = pageOf(deviceOptions, []);
  const entries = page.sections.flatMap((section) => section.entries);
  return `## Options of every command\n\n${entryTable(entries)}`;
}

/** A command, and those below it: `changer load`. */
function commandText(command: Command, path: readonly string[]): string {
  const page = pageOf(command.parser, path);
  const entries = page.sections.flatMap((section) => section.entries);
  const below = entries.flatMap(({ term }) => term.type === "command" ? [term.name] : []);
  const own = entries.filter(({ term }) => term.type !== "command");
  const options = own.some(({ term }) => term.type === "option") ? "[OPTION...]" : "";
  const behind = usageText(page.usage ?? []) || (below.length > 0 ? "COMMAND" : "");
  const usage = [options, behind].filter(Boolean);
  return [
    `${"#".repeat(2 + path.length)} tape ${path.join(" ")}`,
    plain(page.brief),
    `    ${["tape", ...path, ...usage].join(" ")}`,
    plain(page.description),
    own.length > 0 ? entryTable(own) : "",
    examplesText(page.footer),
    ...below.map((name) => commandText(command, [...path, name])),
  ].filter(Boolean).join("\n\n");
}

function pageOf(parser: Parser<"sync", unknown, unknown>, path: readonly string[]): DocPage {
  const page = getDocPageSync(parser, path);
  if (page === undefined) throw new Error(`Describe ${path.join(" ")}: no such command`);
  return page;
}

/** What stands behind the innermost command's name; that every command takes options is said once. */
function usageText(usage: Usage): string {
  const commands = usage.filter((term) => term.type === "command");
  const line = commands.at(-1)?.usageLine;
  const terms = Array.isArray(line)
    ? line as Usage
    : usage.filter(({ type }) => type !== "command");
  return terms.filter(({ type }) => type !== "literal").map((term) =>
    formatUsageTerm(term, { maxWidth: Infinity })
  ).join(" ");
}

function entryTable(entries: readonly DocEntry[]): string {
  const rows = entries.map(({ term, description }) => {
    const name = term.type === "option"
      ? [term.names.join(", "), term.metavar ?? ""].join(" ").trim()
      : formatUsageTerm(term, { maxWidth: Infinity });
    return `| \`${cell(name)}\` | ${cell(plain(description))} |`;
  });
  return ["| | |", "| --- | --- |", ...rows].join("\n");
}

/** The lines under "Examples:" of a help text. */
function examplesText(footer: Message | undefined): string {
  const lines = plain(footer).split("\n").filter((line) => line.startsWith("  "));
  return lines.length === 0 ? "" : ["```sh", ...lines.map((line) => line.trim()), "```"].join("\n");
}

/** Names of options and values as they are typed, without quotes. */
function plain(text: Message | undefined): string {
  return text === undefined ? "" : formatMessage(text, { quotes: false });
}
