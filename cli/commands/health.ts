import type { Command } from "../command.ts";
import { alertsCommand } from "./alerts.ts";
import { attributesCommand } from "./attributes.ts";
import { encryptionCommand } from "./encryption.ts";
import { logCommand } from "./log.ts";

/** Commands that look after drive and cartridge. */
export const healthCommands: readonly Command[] = [
  alertsCommand,
  logCommand,
  attributesCommand,
  encryptionCommand,
];
