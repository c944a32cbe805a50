import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { matchesTemplate } from "../../../sim/changer/volume_tag_template.ts";

const CASES: [string, string, boolean][] = [
  ["", "", true],
  ["", "A", false],
  ["*", "", true],
  ["*", "A00001L8", true],
  ["?", "", false],
  ["A*", "A00001L8", true],
  ["B*", "A00001L8", false],
  ["*L8", "A00001L8", true],
  ["*L8", "L8L8", true],
  ["*L8", "A00001L7", false],
  ["A????1L8", "A00001L8", true],
  ["A????L8", "A00001L8", false],
  ["A*0?*8", "A00001L8", true],
  ["*A*B*C", "xAyBzC", true],
  ["*A*B*C", "xByAzC", false],
  ["A.*", "A00001L8", false],
  ["A[0]*", "A0", false],
  ["A00001L8**", "A00001L8", true],
];

Deno.test("In a template, * stands for any characters, ? for one, and all else for itself", () => {
  const found = CASES.map((
    [template, label],
  ) => [template, label, matchesTemplate(template, label)]);
  deepStrictEqual(found, CASES);
});

Deno.test("A template of many stars takes no time", () => {
  strictEqual(matchesTemplate("*?".repeat(15) + "#", "0".repeat(32)), false);
});
