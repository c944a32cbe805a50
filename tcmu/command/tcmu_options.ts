/**
 * The command line of the bridge.
 *
 * @module
 */

import { object, or } from "@optique/core/constructs";
import { runParserSync } from "@optique/core/facade";
import { message } from "@optique/core/message";
import { multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, constant, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";

/** What `attach` is to attach. */
export interface AttachValues {
  readonly action: "attach";
  /** Image files. */
  readonly media: readonly string[];
  /** Slots of a library; undefined for one drive without a library. */
  readonly slots: number | undefined;
  /** Drives of the library. */
  readonly drives: number | undefined;
  /** What to call it. */
  readonly name: string;
  /** Whether this computer is to find the devices. */
  readonly loopback: boolean;
}

/** What the command line asks for. */
export type TcmuValues =
  | AttachValues
  | { readonly action: "detach"; readonly name: string }
  | { readonly action: "cleanup" | "list" };

/** The command line asks for something that makes no sense: exit status 1. */
export class TcmuUsageError extends Error {
  /** The name of this class. */
  override name = "TcmuUsageError";
}

const attachParser = object({
  action: constant("attach"),
  media: multiple(option("--media", string({ metavar: "FILE.tap" }), {
    description:
      message`Image of the tape in the drive, or, again and again, of those in the slots; made if missing.`,
  })),
  slots: optional(option("--slots", integer({ min: 1, max: 60_000, metavar: "N" }), {
    description: message`A library with so many slots, and one for import and export.`,
  })),
  drives: optional(option("--drives", integer({ min: 1, max: 256, metavar: "N" }), {
    description: message`Drives of the library. Default: 2.`,
  })),
  name: withDefault(
    option("--name", string({ metavar: "NAME" }), {
      description: message`What the kernel is to call it. Default: tape.`,
    }),
    "tape",
  ),
  loopback: option("--loopback", {
    description: message`Have this computer's own drivers find it, as /dev/nst0 and the like.`,
  }),
});

const parser = or(
  command("attach", attachParser, {
    description: message`Attach a simulated drive, or a library, to the kernel until interrupted.`,
  }),
  command(
    "detach",
    object({ action: constant("detach"), name: argument(string({ metavar: "NAME" })) }),
    { description: message`Detach what was attached under this name, and end its process.` },
  ),
  command("cleanup", object({ action: constant("cleanup") }), {
    description: message`Remove the devices whose process has died.`,
  }),
  command("list", object({ action: constant("list") }), {
    description: message`List what is attached.`,
  }),
);

/** What a command line comes to: values, or a text that parsing itself answers with. */
export type ParsedTcmuLine =
  | { readonly kind: "values"; readonly values: TcmuValues }
  | { readonly kind: "text"; readonly text: string };

/**
 * Parses the arguments of the command.
 *
 * @param columns Width of the help text in characters.
 * @throws {TcmuUsageError} when they make no sense.
 */
export function parseTcmuLine(args: readonly string[], columns: number): ParsedTcmuLine {
  const lines: string[] = [];
  const errors: string[] = [];
  const asText = () => ({ kind: "text", text: lines.join("\n") }) as never;
  const parsed = parser.map((values): ParsedTcmuLine => ({ kind: "values", values }));
  const line = runParserSync(parsed, "tcmu", args, {
    brief: message`Simulated tape drives as devices of the Linux kernel.`,
    footer: message`Needs root. Exit status: 0 done, 1 bad usage, 2 something failed.`,
    maxWidth: columns,
    aboveError: "none",
    help: { option: { names: ["-h", "--help"] }, onShow: asText },
    stdout: (text) => lines.push(text),
    stderr: (text) => errors.push(text),
    onError: () => {
      throw new TcmuUsageError(errors.join("\n").replace(/^Error: /, "").trimEnd());
    },
  });
  if (line.kind === "values" && line.values.action === "attach") checkAttach(line.values);
  return line;
}

function checkAttach({ media, slots, drives }: AttachValues): void {
  if (slots === undefined && media.length !== 1) {
    throw new TcmuUsageError("A drive takes one --media; --slots makes a library of several");
  }
  if (slots === undefined && drives !== undefined) {
    throw new TcmuUsageError("--drives needs --slots: it is a library's");
  }
  if (slots !== undefined && media.length > slots) {
    throw new TcmuUsageError(`There are ${media.length} images for ${slots} slot(s)`);
  }
}
