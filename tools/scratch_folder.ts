/**
 * Loaded before the documentation's examples: they write tapes to the current folder, and this gives each run a fresh
 * one that goes away.
 *
 * @module
 */

const folder = Deno.makeTempDirSync({ prefix: "tape-examples-" });
Deno.chdir(folder);
globalThis.addEventListener("unload", () => {
  Deno.chdir("/");
  Deno.removeSync(folder, { recursive: true });
});
