import type { CliHost } from "../host/host.ts";
import { type FileFacts, FileTally } from "../transfer/file_tally.ts";
import { ImageBytes } from "./image_bytes.ts";
import { imageFormat, type ImageFormatName } from "./image_format.ts";
import type { ImageStep } from "./image_step.ts";

/** What is in an image. */
export interface ImageSurvey {
  /** What people call its format. */
  readonly format: string;
  readonly files: readonly FileFacts[];
  /** Records that could not be read when the image was made. */
  readonly damaged: number;
  /** Whether a simulated drive has encrypted some of it. */
  readonly sealed: boolean;
  /** What the end of the file cuts. */
  readonly cut?: { readonly offset: number; readonly problem: string };
}

/** Gives each step of an image to `take`. @returns what people call its format. @throws {ImageFormatError} */
export async function walkImage(
  host: CliHost,
  path: string,
  named: ImageFormatName | undefined,
  take: (step: ImageStep) => Promise<boolean> | boolean,
): Promise<string> {
  const source = await host.openFile(path);
  try {
    const bytes = new ImageBytes(source, path);
    const format = await imageFormat(bytes, named);
    for await (const step of format.walk(bytes)) if (!await take(step)) break;
    return format.name;
  } finally {
    await source.close();
  }
}

/**
 * Reads a whole image and says what is in it.
 *
 * @throws {ImageFormatError} when it is none.
 * @throws the system's error when it cannot be read.
 */
export async function surveyImage(
  host: CliHost,
  path: string,
  named: ImageFormatName | undefined,
  signal: AbortSignal,
): Promise<ImageSurvey> {
  const survey = new Survey();
  const format = await walkImage(host, path, named, (step) => {
    signal.throwIfAborted();
    survey.take(step);
    return true;
  });
  return { format, ...survey.finish() };
}

/** Counts what comes. */
class Survey {
  readonly #files: FileFacts[] = [];
  #tally: FileTally | undefined;
  #object = 0;
  #damaged = 0;
  #sealed = false;
  #cut: ImageSurvey["cut"];

  take(step: ImageStep): void {
    if (step.kind === "cut") {
      const { offset, problem } = step;
      this.#cut = { offset, problem };
      return;
    }
    this.#tally ??= new FileTally(this.#files.length, this.#object, { hashed: false });
    if (step.kind === "record") {
      this.#tally.add(step.data);
      this.#sealed ||= step.sealed ?? false;
    } else if (step.kind === "damaged") {
      this.#damaged++;
      this.#tally.addUnreadable({ object: this.#object, message: "damaged in the image" });
    }
    this.#object++;
    if (step.kind !== "filemark") return;
    this.#files.push(this.#tally.finish("filemark"));
    this.#tally = undefined;
  }

  finish(): Omit<ImageSurvey, "format"> {
    if (this.#tally !== undefined) this.#files.push(this.#tally.finish("end-of-data"));
    return {
      files: this.#files,
      damaged: this.#damaged,
      sealed: this.#sealed,
      ...(this.#cut && { cut: this.#cut }),
    };
  }
}
