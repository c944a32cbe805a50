/** What programs without types hand over to open a drive: refused before anything is sent. */

import assert from "node:assert/strict";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { SimUnit } from "./sim_unit.ts";

const WRONG = [
  { blockSize: "64k" },
  { compression: "off" },
  { sili: "false" },
  { load: "false" },
  { requireMedium: null },
  { exclusive: "yes" },
  { reservationKey: 5 },
  { recovery: "resum" },
  { closeTimeoutMs: "5s" },
  { loadPolling: { count: "3" } },
  { timeouts: { 8: "60s" } },
  { timeouts: { read: 60_000 } },
  { signal: new AbortController() },
  { logger: console.log },
  { onNotice: true },
  { readAhead: "8" },
  null,
  "readAhead=8",
];

Deno.test("a drive is not opened with an option of the wrong type", async () => {
  for (const options of WRONG) {
    const unit = new SimUnit();
    const opening = TapeDrive.open(unit, options as never);
    await assert.rejects(opening, { kind: "invalid-argument" }, JSON.stringify(options));
    assert.deepEqual(unit.drive.commands, [], JSON.stringify(options));
  }
});

Deno.test("a drive is opened with options that others have", async () => {
  const options = { chap: { name: "backup", secret: "twelve bytes or more" }, deviceType: 1 };
  await (await TapeDrive.open(new SimUnit(), options as never)).close();
});
