import assert from "node:assert/strict";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuthenticationError } from "../iscsi/errors.ts";
import { openChanger } from "../open_changer.ts";
import { openLogicalUnit, openTape } from "../open_tape.ts";
import { loopbackTarget } from "../sim/target/loopback_target.ts";
import { SimulatedLibrary } from "../sim/changer/simulated_library.ts";
import { MemoryMedium, SimulatedDrive } from "../sim/mod.ts";

Deno.test("openTape() and openChanger() name commands as their devices do, openLogicalUnit() as it is told", async () => {
  const library = new SimulatedLibrary({
    slots: 2,
    drives: 1,
    cartridges: [{ barcode: "A00001L8" }],
  });
  const target = await loopbackTarget(library.targets("iqn.2026-03.com.example:library"));
  try {
    const [changerUrl, driveUrl] = target.urls;
    const names = new Set<string>();
    const hooks = { commandEnded: ({ name }: { readonly name: string }) => names.add(name) };
    const changer = await openChanger(changerUrl, { dial: target.dial, hooks });
    await changer.load(1, 0);
    const drive = await openTape(driveUrl, { dial: target.dial, hooks });
    await drive.rewind();
    await drive.position();
    await drive.close();
    await changer.unload(0);
    await changer.close();
    assert.ok(["MOVE MEDIUM", "REWIND", "READ POSITION"].every((name) => names.has(name)));
    assert.deepEqual([...names].filter((name) => name.includes(" or ")), []);
    const unit = await openLogicalUnit(driveUrl, { dial: target.dial, hooks });
    await unit.execute({ cdb: new Uint8Array([0x1b, 0, 0, 0, 0, 0]) });
    await unit.close();
    assert.ok(names.has("LOAD UNLOAD or OPEN/CLOSE IMPORT/EXPORT ELEMENT or START STOP UNIT"));
  } finally {
    await target.close();
  }
});

Deno.test("openTape() has a target prove itself that the address names, though the account is from elsewhere", async () => {
  const account = { name: "backup", secret: "twelve bytes or more" };
  const target = await loopbackTarget({
    targetName: "iqn.2026-03.com.example:tape",
    units: [{ lun: 0, device: new SimulatedDrive({ medium: new MemoryMedium() }) }],
    chap: { accounts: [account], target: { name: "vault", secret: "also twelve bytes" } },
  });
  const options = { dial: target.dial, chap: account };
  const url = (password: string) =>
    `${target.urls[0]}?target_user=vault&target_password=${password}`;
  try {
    await (await openTape(url("also twelve bytes"), options)).close();
    await assert.rejects(openTape(url("what it is not"), options), AuthenticationError);
  } finally {
    await target.close();
  }
});

Deno.test("openTape() keeps the place on an image that is write protected, or tells that it does not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tape-place-"));
  const path = join(folder, "tape.tap");
  const written = await openTape(`sim:${path}`);
  for (const text of ["one", "two"]) await written.write(new TextEncoder().encode(text));
  await written.close();
  await chmod(path, 0o444);
  const leave = async (object: number) => {
    const notices: string[] = [];
    const drive = await openTape(`sim:${path}`, {
      onNotice: (notice) => notice.kind === "image" && notices.push(notice.message),
    });
    const found = (await drive.position()).object;
    await drive.locate(object);
    await drive.close();
    return { found, notices };
  };
  try {
    assert.deepEqual(await leave(1), { found: 2, notices: [] });
    await chmod(`${path}.json`, 0o444);
    const { found, notices } = await leave(0);
    assert.equal(found, 1);
    assert.match(notices.join(), /where its tape stands is not kept.*tape\.tap\.json/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
