import { message } from "@optique/core/message";
import { optional } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { option } from "@optique/core/primitives";
import { choice } from "@optique/core/valueparser";

/** How the drive is kept from others. */
type Exclusive = "reserve" | "persistent";

/** `--exclusive HOW` of the commands that write much. */
export const exclusiveOption: Parser<"sync", Exclusive | undefined, unknown> = optional(
  option("--exclusive", choice(["reserve", "persistent"] as const, { metavar: "HOW" }), {
    description:
      message`Keep other hosts off the drive: reserve, or persistent, which outlasts a killed command. Default: none is kept off.`,
  }),
);
