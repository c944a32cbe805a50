import assert from "node:assert/strict";
import * as root from "../../mod.ts";
import * as cli from "../../cli/mod.ts";
import * as iscsi from "../../iscsi/mod.ts";
import * as scsi from "../../scsi/mod.ts";
import * as sim from "../../sim/mod.ts";
import * as transport from "../../transport/mod.ts";

Deno.test("The name of an error class means one class, whichever entry point it comes from", () => {
  const known = new Map<string, unknown>();
  for (const entryPoint of [root, cli, iscsi, scsi, sim, transport]) {
    for (const [name, value] of Object.entries(entryPoint)) {
      if (!name.endsWith("Error")) continue;
      assert.equal(known.get(name) ?? value, value, `two classes are called ${name}`);
      known.set(name, value);
    }
  }
  assert.ok(known.size > 40, `only ${known.size} classes were found`);
});
