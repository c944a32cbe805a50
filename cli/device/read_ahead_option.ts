import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { option } from "@optique/core/primitives";
import { wholeNumber } from "../whole_number.ts";

/** Records that commands which read a whole tape ask for ahead: enough for most networks. */
const DEFAULT_READ_AHEAD = 8;

/** `--read-ahead N` of the commands that read a whole tape. */
export const readAheadOption: Parser<"sync", number, unknown> = withDefault(
  option("--read-ahead", wholeNumber({ min: 0, max: 256, metavar: "N" }), {
    description: message`Records to ask for ahead. Default: 8.`,
  }),
  DEFAULT_READ_AHEAD,
);
