import type { TapeDrive } from "../../mod.ts";
import type { CommandContext } from "../command.ts";
import { EARLY_WARNING } from "../report/early_warning.ts";
import { beforeWriteFailure } from "./before_failure.ts";
import { type Unreadable, unreadableAt } from "./file_tally.ts";
import type { Progress } from "./progress.ts";
import { type PlacedStep, walkTape } from "./tape_walk.ts";

/** What a copy has come to. */
export interface CopyReport {
  readonly filemarks: number;
  readonly unreadable: readonly Unreadable[];
  readonly endedBy: "end-of-data" | "count" | "interrupted";
}

/** Options of {@link copyTape}. */
export interface CopyOptions {
  readonly context: CommandContext;
  readonly progress: Progress;
  /** Files to copy at most. @default all up to the end of data */
  readonly files?: number;
  /** Leaves out what cannot be read, and goes on. */
  readonly skipErrors: boolean;
}

/**
 * Copies records and filemarks as they are, from where both tapes stand. All that was copied is on tape when it resolves.
 *
 * @throws {TapeError} what one of the drives meets.
 */
export async function copyTape(
  source: TapeDrive,
  destination: TapeDrive,
  options: CopyOptions,
): Promise<CopyReport> {
  const copy = new Copy(destination, options);
  try {
    return await copyWith(copy, source, destination, options);
  } catch (error) {
    await copy.tellBefore(error);
    throw error;
  }
}

async function copyWith(
  copy: Copy,
  source: TapeDrive,
  destination: TapeDrive,
  options: CopyOptions,
): Promise<CopyReport> {
  const { context: { interruption }, files = Infinity, skipErrors } = options;
  let endedBy: CopyReport["endedBy"] = "end-of-data";
  for await (const placed of walkTape(source, { interruption, skipErrors })) {
    await copy.take(placed);
    if (copy.filemarks >= files) endedBy = "count";
    else if (interruption.stopRequested && placed.step.kind !== "end-of-data") {
      endedBy = "interrupted";
    } else continue;
    break;
  }
  await destination.flush({ signal: interruption.signal });
  return { filemarks: copy.filemarks, unreadable: copy.unreadable, endedBy };
}

/** The writing half of a copy. */
class Copy {
  readonly #destination: TapeDrive;
  readonly #context: CommandContext;
  readonly #progress: Progress;
  readonly #abort: { readonly signal: AbortSignal };
  #warned = false;
  filemarks = 0;
  readonly unreadable: Unreadable[] = [];

  constructor(destination: TapeDrive, { context, progress }: CopyOptions) {
    this.#destination = destination;
    this.#context = context;
    this.#progress = progress;
    this.#abort = { signal: context.interruption.signal };
  }

  async take({ object, step }: PlacedStep): Promise<void> {
    if (step.kind === "record") {
      const { earlyWarning } = await this.#destination.write(step.data, this.#abort);
      this.#progress.add(step.data.length);
      if (earlyWarning) this.#warn();
    } else if (step.kind === "filemark") {
      const { earlyWarning } = await this.#destination.writeFilemarks(1, this.#abort);
      this.filemarks++;
      if (earlyWarning) this.#warn();
    } else if (step.kind === "unreadable") {
      this.unreadable.push(unreadableAt(object, step.error));
      this.#tell(`Left out block ${object ?? "?"}: ${step.error.message}`);
    }
  }

  /** Tells what was copied before `error`. */
  async tellBefore(error: unknown): Promise<void> {
    if (this.#progress.records === 0) return;
    this.#tell(await beforeWriteFailure(this.#destination, this.#progress, error));
  }

  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#progress.clear();
    this.#context.reporter.warn(EARLY_WARNING);
  }

  #tell(text: string): void {
    this.#progress.clear();
    this.#context.reporter.note(text);
  }
}
