import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple } from "@optique/core/modifiers";
import { argument } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import type { LogPageTarget, LogValue, NamedLogPage, NamedLogParameter } from "../../mod.ts";
import { LOG_PAGE_TABLE } from "../../scsi/stream/log_page_table.ts";
import { type Command, defineCommand } from "../command.ts";
import { withDrive } from "../device/with_drive.ts";
import { nearestName } from "../nearest_name.ts";
import { hexCode } from "../report/hex_code.ts";
import { columns, labelled } from "../report/reporter.ts";
import { UsageError } from "../usage_error.ts";

/** `tape log`. */
export const logCommand: Command = defineCommand({
  name: "log",
  group: "Health",
  brief: "Show one of the drive's log pages, or which it has.",
  details: "PAGE is a name or the beginning of one, or a code in hex: 17h, 0x17. Works without a " +
    "cartridge, too.",
  examples: ["tape log", "tape log volume statistics", "tape log 17h --json"],
  parser: object({
    words: multiple(argument(string({ metavar: "PAGE" }), {
      description: message`Name or code. Default: list the pages.`,
    })),
  }),
  run: async ({ words }, context) => {
    const page = words.length === 0 ? undefined : logPageTarget(words.join(" "));
    await withDrive(context, async (drive) => {
      const { signal } = context.interruption;
      if (page === undefined) {
        const pages = await drive.logPages({ signal });
        const text = columns(pages.map((each) => [hexCode(each.page), each.name ?? "?"]));
        return await context.reporter.result({ pages }, text);
      }
      const found = await drive.log(page, { signal });
      await context.reporter.result({ page: found }, pageText(found));
    }, { requireMedium: false });
  },
});

const CODE = /^(?:0x([0-9a-f]{1,2})|([0-9a-f]{1,2})h)$/i;

/**
 * The page that a person means.
 *
 * @throws {UsageError} when no page, or several, may be meant.
 */
export function logPageTarget(typed: string): LogPageTarget {
  const code = CODE.exec(typed);
  if (code !== null) return logPageCode(typed, parseInt(code[1] ?? code[2], 16));
  const wanted = typed.toLowerCase().replaceAll(/[-_]/g, " ");
  const names = [...new Set(LOG_PAGE_TABLE.map(({ name }) => name))];
  if (names.includes(wanted)) return wanted;
  const candidates = names.filter((name) => name.startsWith(wanted));
  if (candidates.length === 1) return candidates[0];
  if (candidates.length > 1) {
    throw new UsageError(`Ambiguous log page ${typed}: it may mean ${candidates.join(", ")}`);
  }
  const near = nearestName(wanted, names);
  const hint = near === undefined ? "tape log lists those that the drive has" : `try ${near}`;
  throw new UsageError(`No such log page: ${typed}; ${hint}`);
}

/** Six bits (SPC-5 §7.3.2). */
const LAST_PAGE = 0x3f;

function logPageCode(typed: string, code: number): number {
  if (code <= LAST_PAGE) return code;
  throw new UsageError(`No such log page: ${typed}; the last code is ${hexCode(LAST_PAGE)}`);
}

function pageText({ page, name, parameters }: NamedLogPage): string {
  const rows = parameters.map((each) => [each.name, parameterText(each)] as const);
  return `Page ${hexCode(page)}: ${name}\n${labelled(rows)}`;
}

function parameterText({ value, unit }: NamedLogParameter): string {
  const text = valueText(value);
  return unit === undefined ? text : `${text} ${unit}`;
}

function valueText(value: LogValue): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "object") return String(value);
  if (value instanceof Uint8Array) {
    return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  }
  const known = value as Exclude<LogValue, number | string | boolean | Uint8Array>;
  return known.map(({ partition, value }) => `${value ?? "?"} (partition ${partition})`).join(", ");
}
