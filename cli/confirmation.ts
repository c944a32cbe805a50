import type { TapeDrive } from "../mod.ts";
import type { CommandContext } from "./command.ts";
import { CommandFailure } from "./command_failure.ts";
import { positionIfKnown } from "./device/with_drive.ts";
import { positionText } from "./report/position_text.ts";
import { UsageError } from "./usage_error.ts";

/** Options of a {@link Confirmation}. */
export interface ConfirmationOptions {
  /** The command line says yes already. */
  readonly yes: boolean;
  /** What is to be done: `Erasing`. */
  readonly doing: string;
}

/** Asks before data is destroyed. Made before the drive is opened, so that a script hears at once that it needs `--yes`. */
export class Confirmation {
  readonly #context: CommandContext;
  readonly #options: ConfirmationOptions;

  /** @throws {UsageError} when there is nobody to ask. */
  constructor(context: CommandContext, options: ConfirmationOptions) {
    const { yes, doing } = options;
    if (!yes && !context.host.stdinIsTerminal) {
      throw new UsageError(`${doing} needs --yes when there is no terminal to ask on`);
    }
    this.#context = context;
    this.#options = options;
  }

  /** @throws {CommandFailure} unless the answer is "yes". */
  async ask(drive: TapeDrive, question: string): Promise<void> {
    const { yes, doing } = this.#options;
    if (yes) return;
    const { host, interruption } = this.#context;
    const { vendor, product, serialNumber } = drive.info;
    const position = await positionIfKnown(drive);
    const where = position === undefined ? "position unknown" : positionText(position);
    const name = [vendor, product, serialNumber].filter(Boolean).join(" ");
    host.stderr.write(`${where} on ${name}.\n${question} Type yes: `);
    let answer: string;
    try {
      answer = await host.readLine(interruption.signal);
    } catch (error) {
      host.stderr.write("\n"); // The cursor stands behind the question.
      throw error;
    }
    if (answer.trim().toLowerCase() === "yes") return;
    throw new CommandFailure(`${doing}: not confirmed, the tape is as it was`);
  }
}
