import { asClause } from "../report/as_clause.ts";
import { type FileFacts, FileTally } from "../transfer/file_tally.ts";
import { formatName, type OpenedImage } from "./opened_image.ts";

/** What is in an image. */
export interface ImageSurvey {
  /** What people call its format. */
  readonly format: string;
  readonly files: readonly FileFacts[];
  /** Records that could not be read when the image was made, or whose bytes have been damaged since. */
  readonly damaged: number;
  /** Whether a simulated drive has encrypted some of it. */
  readonly sealed: boolean;
  /** What the end of the file cuts. */
  readonly cut?: { readonly offset: number; readonly problem: string };
}

/** Says what is in an image. */
export function surveyImage(image: OpenedImage): ImageSurvey {
  const { partitions: [partition], warning } = image;
  const files: FileFacts[] = [];
  let tally: FileTally | undefined;
  let damaged = 0;
  let sealed = false;
  for (let object = 0; object < partition.objectCount; object++) {
    tally ??= new FileTally(files.length, object, { hashed: false });
    const kind = partition.kind(object);
    if (kind === "filemark") {
      files.push(tally.finish("filemark"));
      tally = undefined;
    } else if (kind === "damaged") {
      damaged++;
      tally.addUnreadable({ object, message: "damaged in the image" });
    } else {
      tally.addLength(partition.recordLength(object));
      sealed ||= partition.seal(object) !== undefined;
    }
  }
  if (tally !== undefined) files.push(tally.finish("end-of-data"));
  const cut = warning && { offset: warning.offset, problem: asClause(warning.problem) };
  return { format: formatName(image), files, damaged, sealed, ...(cut && { cut }) };
}
