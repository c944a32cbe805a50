import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { replaceTextFile } from "../../../sim/images/image_file.ts";
import { withImage } from "./scratch_folder.ts";

Deno.test({
  name: "A draft that finds no room is removed, and the old file stays",
  ignore: process.platform !== "linux", // Others have no disk that is always full.
  fn: () =>
    withImage((path) => {
      writeFileSync(path, "old");
      symlinkSync("/dev/full", `${path}.new`);
      throws(() => replaceTextFile(path, "new"), {
        name: "MediumStoreError",
        message: /^Cannot write .*image\.tap: no space left on device/i,
      });
      deepStrictEqual(readdirSync(dirname(path)), ["image.tap"]);
      strictEqual(readFileSync(path, "utf8"), "old");
    }),
});

Deno.test("A draft that cannot take the place of what is there is removed", () =>
  withImage((path) => {
    mkdirSync(path);
    writeFileSync(join(path, "precious"), "");
    throws(() => replaceTextFile(path, "new"), { name: "MediumStoreError" });
    deepStrictEqual(readdirSync(dirname(path)), ["image.tap"]);
    deepStrictEqual(readdirSync(path), ["precious"]);
  }));
