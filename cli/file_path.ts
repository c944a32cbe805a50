import type { NonEmptyString } from "@optique/core/nonempty";
import type { ValueParser } from "@optique/core/valueparser";
import { string } from "@optique/core/valueparser";

/** A command-line value that names a file, which shells then complete. */
export function filePath(metavar: NonEmptyString): ValueParser<"sync", string> {
  return {
    ...string({ metavar }),
    *suggest(prefix) {
      const name = prefix.slice(prefix.lastIndexOf("/") + 1);
      yield { kind: "file", type: "any", pattern: prefix, includeHidden: name.startsWith(".") };
    },
  };
}
