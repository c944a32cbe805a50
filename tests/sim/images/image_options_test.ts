/** What programs without types hand over to open an image: refused by its name, and the file is left as it is. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { InvalidOptionError } from "../../../iscsi/errors.ts";
import { openImage } from "../../../sim/images/open_image.ts";
import { TapMedium } from "../../../sim/images/tap_medium.ts";
import { type ServedImage, serveImage } from "../../../sim/target/serve_image.ts";
import { withImage } from "./scratch_folder.ts";

const WRONG: readonly (readonly [unknown, string])[] = [
  [{ readOnly: "true" }, "readOnly"],
  [{ readOnly: null }, "readOnly"],
  [{ readOnly: 0 }, "readOnly"],
  [{ readonly: true }, "readonly"],
  [{ create: "false" }, "create"],
  [{ format: "TAP" }, "format"],
  [null, "options"],
  ["readOnly", "options"],
];

const OPENERS: readonly ((path: never, options: never) => unknown)[] = [
  openImage,
  serveImage,
  (path, options) => TapMedium.open(path, options),
];

Deno.test("an image is not opened with an option of the wrong type, or one that there is not", () =>
  withImage(async (path) => {
    for (const open of OPENERS) {
      for (const [options, option] of WRONG) {
        const opening = async () => void await open(path as never, options as never);
        await refuses(opening, option);
      }
      assert.deepEqual(readdirSync(dirname(path)), [], "no file was made");
    }
  }));

Deno.test("an image without a path is not opened", async () => {
  for (const open of OPENERS) {
    for (const path of [undefined, null, 5, new URL("file:///image.tap")]) {
      await refuses(async () => void await open(path as never, {} as never), "path");
    }
  }
});

Deno.test("an image is opened with options that are inherited as with others", () =>
  withImage(async (path) => {
    TapMedium.open(path).close();
    const options = Object.create({ readOnly: true });
    for (const open of OPENERS) {
      const opened = await open(path as never, options as never) as TapMedium | ServedImage;
      const medium = "drive" in opened ? opened.drive.medium : opened;
      assert.ok(medium?.state.writeProtected, open.name);
      await opened.close();
    }
  }));

async function refuses(opening: () => Promise<void>, option: string): Promise<void> {
  await assert.rejects(opening, (error) => {
    assert.ok(error instanceof InvalidOptionError, `${option}: ${error}`);
    assert.equal(error.option, option);
    return true;
  });
}
