import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import { flag } from "@optique/core/primitives";
import type { Density } from "../../mod.ts";
import { formatBytes, formatCount } from "../byte_size.ts";
import { type Command, defineCommand } from "../command.ts";
import { columns, labelled } from "../report/reporter.ts";
import { withDrive } from "../device/with_drive.ts";
import { hexCode } from "../report/hex_code.ts";
import { lsCommand } from "./ls.ts";
import { statusCommand } from "./status.ts";

const inquiry = defineCommand({
  name: "inquiry",
  group: "Find",
  brief: "Say what the drive is.",
  examples: ["tape inquiry", "tape inquiry --json"],
  parser: object({}),
  run: (_values, context) =>
    withDrive(context, async ({ info, limits }) => {
      const text = labelled([
        ["Vendor", info.vendor],
        ["Product", info.product],
        ["Revision", info.revision],
        ["Serial number", info.serialNumber],
        ["Smallest record", formatCount(limits.minBytes, "byte")],
        ["Largest record", formatCount(limits.maxBytes, "byte")],
      ]);
      await context.reporter.result({ drive: info, limits }, text);
    }, { requireMedium: false }),
});

const densities = defineCommand({
  name: "densities",
  group: "Find",
  brief: "List the recording densities that the drive knows, or those of the cartridge.",
  details: "Each line: code, name, description, native capacity, and whether the drive writes it.",
  examples: ["tape densities", "tape densities --media", "tape densities --json"],
  parser: object({
    media: withDefault(
      flag("--media", { description: message`Those that the loaded cartridge can have.` }),
      false,
    ),
  }),
  run: ({ media }, context) =>
    withDrive(context, async (drive) => {
      const known = await drive.densities({ media });
      await context.reporter.result({ densities: known }, columns(known.map(densityRow)));
    }, { requireMedium: media }),
});

function densityRow(density: Density): string[] {
  const { code, name, description, capacityMegabytes, writable, isDefault } = density;
  const capacity = capacityMegabytes === 0 ? "" : formatBytes(capacityMegabytes * 1e6);
  const use = `${writable ? "read and write" : "read"}${isDefault ? ", default" : ""}`;
  return [hexCode(code), name, description, capacity, use];
}

/** Commands that look and change nothing. */
export const findCommands: readonly Command[] = [lsCommand, inquiry, statusCommand, densities];
