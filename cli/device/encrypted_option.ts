import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { flag } from "@optique/core/primitives";

/** `--encrypted` of the commands that write records. */
export const encryptedOption: Parser<"sync", boolean, unknown> = withDefault(
  flag("--encrypted", {
    description:
      message`Write only while the drive encrypts with the key that it was given: nothing in the clear, nor with another key.`,
  }),
  false,
);
