/**
 * What the options of opening an image may be, when a program without types hands them over: one that is misspelt would let the only copy be written to.
 *
 * @module
 */

import { refuse } from "../../iscsi/negotiation/option_rules.ts";
import { complaintAbout, object, oneOf, type Rule, text, truth } from "../../scsi/option_rules.ts";

const IMAGE: Readonly<Record<string, Rule>> = {
  create: truth,
  readOnly: truth,
  format: oneOf("tap", "aws", "het", "cptp", "e11", "tpc"),
};

/**
 * Checks the path and the options of an image that is to be opened, and `further` ones by rules of their own.
 *
 * @throws {InvalidOptionError} when one is there that there is not, or is not what it has to be.
 */
export function checkImageOptions(
  path: unknown,
  options: unknown,
  further: Readonly<Record<string, Rule>> = {},
): void {
  refuse(
    text(path, "path") ?? object(options, "options") ??
      complaintAbout({ ...options as object }, { ...IMAGE, ...further }),
  );
}
