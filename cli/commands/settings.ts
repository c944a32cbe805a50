import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional } from "@optique/core/modifiers";
import { argument } from "@optique/core/primitives";
import { choice } from "@optique/core/valueparser";
import type { CompressionState } from "../../mod.ts";
import { byteSize } from "../byte_size.ts";
import { type Command, defineCommand } from "../command.ts";
import { withDrive } from "../device/with_drive.ts";

const setblk = defineCommand({
  name: "setblk",
  group: "Settings",
  brief: "Set the block size; 0 means variable: each record as long as it was written.",
  examples: ["tape setblk 0", "tape setblk 64k"],
  parser: object({
    blockBytes: argument(byteSize(0), { description: message`Bytes in a block.` }),
  }),
  run: ({ blockBytes }, context) =>
    withDrive(context, async (drive) => {
      await drive.setBlockSize(blockBytes);
      await context.reporter.result({ blockBytes: await drive.blockSize() }, "");
    }),
});

const compression = defineCommand({
  name: "compression",
  group: "Settings",
  brief: "Switch the drive's compression on or off, or say which it is.",
  examples: ["tape compression", "tape compression on"],
  parser: object({
    setting: optional(argument(choice(["on", "off"] as const, { metavar: "on|off" }), {
      description: message`Without it, say which it is.`,
    })),
  }),
  run: ({ setting }, context) =>
    withDrive(context, async (drive) => {
      if (setting !== undefined) await drive.setCompression({ enabled: setting === "on" });
      const state = await drive.compression();
      const text = setting === undefined ? compressionText(state) : "";
      await context.reporter.result({ compression: state }, text);
    }),
});

/** Compression for people: `on`, `off`, `not supported`. */
export function compressionText(state: CompressionState): string {
  if (!state.supported) return "not supported";
  return state.enabled ? "on" : "off";
}

/** Commands that change how the drive works. */
export const settingsCommands: readonly Command[] = [setblk, compression];
