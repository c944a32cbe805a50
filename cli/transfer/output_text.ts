import type { CommandContext } from "../command.ts";
import type { ByteSink } from "../host/host.ts";
import { refuseWhatIsInUse } from "../images/image_in_use.ts";

/** A text file that is opened before the work whose result it is to hold, so that the work is not done in vain. */
export class OutputText {
  readonly #sink: ByteSink;

  private constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /**
   * Opens it, with the drive open; an old file keeps its contents until {@link write}.
   *
   * @throws {CommandFailure} when a simulated drive uses it; the system's error when it cannot be written.
   */
  static async create(path: string, context: CommandContext): Promise<OutputText> {
    await refuseWhatIsInUse(path, context);
    return new OutputText(await context.host.createFile(path));
  }

  /** Replaces what the file held. @throws the system's error. */
  async write(text: string): Promise<void> {
    await this.#sink.clear();
    await this.#sink.write(new TextEncoder().encode(text));
  }

  /** Releases it. */
  async close(): Promise<void> {
    await this.#sink.close();
  }
}
