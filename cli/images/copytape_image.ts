/**
 * What copytape writes: `CPTP:BLK nnnnnn`, the record and a line end for each record, `CPTP:MRK` for a tape mark,
 * `CPTP:EOT` at the end.
 *
 * @module
 */

import { ImageFormatError } from "../../sim/images/errors.ts";
import type { ImageBytes } from "./image_bytes.ts";
import type { ImageStep, Likeness } from "./image_step.ts";

const PREFIX = "CPTP:";
const LINE = /^CPTP:(?:(MRK|EOT)|BLK (\d{6}))\n/;
const MARK_BYTES = "CPTP:MRK\n".length;
const BLOCK_BYTES = "CPTP:BLK 000000\n".length;

/** The walk through an image by copytape; see {@link ImageWalk}. */
export async function* walkCopytape(bytes: ImageBytes): AsyncGenerator<ImageStep, void, undefined> {
  for (;;) {
    const { offset, path } = bytes;
    const text = new TextDecoder("latin1").decode(await bytes.peek(BLOCK_BYTES));
    const [, mark, digits] = LINE.exec(text) ?? [];
    if (mark === undefined && digits === undefined) {
      const isCut = text.length < BLOCK_BYTES &&
        (text.startsWith(PREFIX) || PREFIX.startsWith(text));
      if (isCut) return yield { kind: "cut", offset, problem: "it does not end with CPTP:EOT" };
      const message =
        `Cannot use ${path} as a copytape image: there is no CPTP: at offset ${offset}`;
      throw new ImageFormatError(message, { path, offset });
    }
    await bytes.take(mark === undefined ? BLOCK_BYTES : MARK_BYTES);
    if (mark === "EOT") return;
    if (mark === "MRK") {
      yield { kind: "filemark" };
      continue;
    }
    const length = Number(digits);
    const data = await bytes.take(length + 1);
    if (data.length <= length) {
      return yield { kind: "cut", offset, problem: `cut within a record of ${length} bytes` };
    }
    yield { kind: "record", data: data.subarray(0, length) };
  }
}

/** Whether an image may begin so. */
export function judgeCopytape(beginning: Uint8Array): Likeness {
  const isRight = new TextDecoder("latin1").decode(beginning.subarray(0, PREFIX.length)) === PREFIX;
  return isRight ? "likely" : "impossible";
}
