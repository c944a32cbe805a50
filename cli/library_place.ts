import { message } from "@optique/core/message";
import type { ValueParser } from "@optique/core/valueparser";
import type { Place } from "../mod.ts";

const SYNTAX = /^(d?)(\d{1,5})$/i;

/** A command-line value that is a slot, `2`, or a drive, `d0`. */
export function libraryPlace(): ValueParser<"sync", Place> {
  return {
    mode: "sync",
    metavar: "SLOT|dDRIVE",
    placeholder: 1,
    parse(input) {
      const match = SYNTAX.exec(input);
      const number = Number(match?.[2]);
      if (match !== null && match[1] !== "") return { success: true, value: { drive: number } };
      if (match !== null && number > 0) return { success: true, value: number };
      const error = message`Expected a slot like 2, or a drive like d0, but got ${input}.`;
      return { success: false, error };
    },
    format: placeText,
  };
}

/** As people type it: `2`, `d0`. */
function placeText(place: Place): string {
  return typeof place === "number" ? String(place) : `d${place.drive}`;
}
