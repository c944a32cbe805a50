import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { replaceTextFile } from "../../../sim/images/image_file.ts";
import { openImage } from "../../../sim/images/open_image.ts";
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

Deno.test({
  name: "A file that is replaced keeps what its owner has said of who may read it",
  ignore: process.platform === "win32",
  fn: () =>
    withImage((path) => {
      writeFileSync(path, "old");
      // The umask takes some of one away, and none of the other.
      for (const mode of [0o666, 0o600]) {
        chmodSync(path, mode);
        replaceTextFile(path, "new");
        strictEqual(readFileSync(path, "utf8"), "new");
        strictEqual(statSync(path).mode & 0o777, mode);
      }
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

// Without a length and without places, they would all pass for a blank tape.
for (const readOnly of [false, true]) {
  const how = readOnly ? "for reading" : "for writing, too";
  Deno.test({
    name: `A device is no image, nor gets a sidecar, opened ${how}`,
    ignore: process.platform !== "linux",
    fn: () =>
      withImage((path) => {
        symlinkSync("/dev/null", path);
        throws(() => openImage(path, { create: false, readOnly }), {
          name: "MediumStoreError",
          message: "Cannot open /dev/null: it is not a regular file",
        });
        deepStrictEqual(readdirSync(dirname(path)), ["image.tap"]);
      }),
  });

  Deno.test({
    name: `A pipe is no image, and nobody waits for its writer, opened ${how}`,
    ignore: process.platform === "win32",
    fn: () =>
      withImage((path) => {
        execFileSync("mkfifo", [path]);
        throws(() => openImage(path, { create: false, readOnly }), {
          name: "MediumStoreError",
          message: `Cannot open ${path}: it is not a regular file`,
        });
        deepStrictEqual(readdirSync(dirname(path)), ["image.tap"]);
      }),
  });
}

Deno.test({
  name: "A pipe that a process has open is told by the name that was given for it",
  ignore: process.platform !== "linux", // Its links to open files say what is no path.
  fn: async () => {
    const child = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
    const ended = once(child, "close");
    try {
      const path = `/proc/${child.pid}/fd/0`;
      throws(() => openImage(path, { create: false, readOnly: true }), {
        name: "MediumStoreError",
        message: `Cannot open ${path}: it is not a regular file`,
      });
    } finally {
      child.stdin!.end();
      await ended;
    }
  },
});
