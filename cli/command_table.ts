import type { Command } from "./command.ts";
import { changerCommand } from "./commands/changer.ts";
import { dataCommands } from "./commands/data.ts";
import { findCommands } from "./commands/find.ts";
import { healthCommands } from "./commands/health.ts";
import { imageCommand } from "./commands/image.ts";
import { moveCommands } from "./commands/move.ts";
import { serveCommand } from "./commands/serve.ts";
import { settingsCommands } from "./commands/settings.ts";

/** Every command of `tape`. A new one is a row in the file of its group. */
export const COMMANDS: readonly Command[] = [
  ...findCommands,
  ...moveCommands,
  ...dataCommands,
  imageCommand,
  ...settingsCommands,
  ...healthCommands,
  changerCommand,
  serveCommand,
];
