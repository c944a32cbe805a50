import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { VERSION } from "../../cli/version.ts";

const ROOT = new URL("../../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("deno.json", ROOT), "utf8"));

Deno.test("the documentation check covers every entry point, and the package holds each", () => {
  const checked: string[] = manifest.tasks["ok:docs"].command.split(" ");
  for (const entry of Object.values<string>(manifest.exports)) {
    const path = entry.slice("./".length);
    assert.ok(checked.includes(path), `${path} is not in the task ok:docs`);
    const published = path.includes("/") ? path.split("/")[0] : "*.ts";
    assert.ok(manifest.publish.include.includes(published), `${path} is not published`);
  }
});

Deno.test("the command's version is the package's", () => {
  assert.equal(VERSION, manifest.version);
});
