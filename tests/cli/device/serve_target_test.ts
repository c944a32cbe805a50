import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PERSONALITY_NAMES } from "../../../cli/device/personality_names.ts";
import { driveQuirks, QUIRK_NAMES, targetFaults } from "../../../cli/device/quirk_names.ts";
import type { ServeSettings } from "../../../cli/device/serve_settings.ts";
import { type ServedTarget, startTarget } from "../../../cli/device/serve_target.ts";
import {
  AuthenticationError,
  listLogicalUnits,
  LoginError,
  openChanger,
  openTape,
  WriteProtectedError,
} from "../../../mod.ts";
import { ConnectionLostError, Session, type SessionStateChange } from "../../../iscsi/mod.ts";
import { libraryPersonalities, tapePersonalities } from "../../../sim/mod.ts";

const TARGET_NAME = "iqn.2026-03.com.example:served";

async function serving(
  settings: Partial<ServeSettings>,
  use: (target: ServedTarget, portal: string) => Promise<void>,
): Promise<void> {
  const listen = { hostname: "127.0.0.1", port: 0 };
  const target = await startTarget({
    listen,
    targetName: TARGET_NAME,
    drives: 1,
    media: [],
    ...settings,
  });
  try {
    await use(target, new URL(target.addresses[0].replace("iscsi:", "http:")).host);
  } finally {
    await target.close();
  }
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tape-serve-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** `target suffix/LUN type` of everything behind a portal. */
async function unitsAt(portal: string): Promise<string[]> {
  const { units, failures } = await listLogicalUnits(portal);
  assert.deepEqual(failures, []);
  return units.map(({ targetName, lun, inquiry: { deviceType } }) =>
    `${targetName.slice(TARGET_NAME.length)}/${lun} ${deviceType}`
  );
}

Deno.test("A library behind one target: changer, drives and disk are its LUNs", async () => {
  await serving({ slots: 3, drives: 2, ramDiskBytes: 1 << 20 }, async (target, portal) => {
    assert.deepEqual(await unitsAt(portal), ["/0 8", "/1 1", "/2 1", "/3 0"]);
    const at = (lun: number) => `iscsi://${portal}/${TARGET_NAME}/${lun}`;
    assert.deepEqual(target.addresses, [at(1), at(2)]);
    assert.deepEqual([target.changer, target.disk], [at(0), at(3)]);
  });
});

Deno.test("A library of targets: changer, drives and disk are LUN 0 of one each", async () => {
  const settings = { slots: 3, drives: 2, ramDiskBytes: 1 << 20, layout: "target" } as const;
  await serving(settings, async (target, portal) => {
    assert.deepEqual((await unitsAt(portal)).sort(), [
      "-disk/0 0",
      "-mediachanger/0 8",
      "-tapedrive-01/0 1",
      "-tapedrive-02/0 1",
    ]);
    const drive = await openTape(target.addresses[1], { requireMedium: false });
    assert.equal(drive.info.serialNumber, "SIMLIB0D01");
    await drive.close();
    const changer = await openChanger(target.changer!);
    assert.equal((await changer.inventory()).drives.length, 2);
    await changer.close();
  });
});

Deno.test("Drives without a library may be targets of their own, too", async () => {
  await serving({ drives: 2, layout: "target" }, async (target, portal) => {
    assert.deepEqual((await unitsAt(portal)).sort(), ["-tapedrive-01/0 1", "-tapedrive-02/0 1"]);
    assert.equal(target.changer, undefined);
  });
});

Deno.test("Images are cartridges in the slots, labelled by their files; without images all slots are full", async () => {
  await inFolder(async (folder) => {
    const media = [join(folder, "a00001l8.tap"), join(folder, "b-2.tap")];
    await symlink(join(folder, "stored.tap"), media[1]);
    await serving({ slots: 3, media }, async ({ changer: address }) => {
      const changer = await openChanger(address!);
      const { storage } = await changer.inventory();
      assert.deepEqual(storage.map(({ barcode }) => barcode), ["A00001L8", "B2", undefined]);
      await changer.close();
    });
    assert.ok(!(await readdir(folder)).some((name) => name.endsWith(".lock")));
  });
  await serving({ slots: 3 }, async ({ changer: address }) => {
    const changer = await openChanger(address!);
    const { storage } = await changer.inventory();
    assert.deepEqual(storage.map(({ barcode }) => barcode), ["S00001L8", "S00002L8", "S00003L8"]);
    await changer.close();
  });
});

Deno.test("Accounts and allowed initiators hold for every target", async () => {
  const secret = "a secret of twelve";
  const chap = { accounts: [{ name: "ann", secret }] };
  const initiators = ["iqn.2026-03.com.example:ann"];
  const settings = { drives: 2, layout: "target", chap, initiators } as const;
  await serving(settings, async ({ addresses }) => {
    for (const address of addresses) {
      const known = { initiatorName: initiators[0], chap: { name: "ann", secret } };
      await assert.rejects(
        openTape(address, { initiatorName: initiators[0] }),
        AuthenticationError,
      );
      await assert.rejects(
        openTape(address, { ...known, initiatorName: "iqn.2026-03.com.example:eve" }),
        LoginError,
      );
      const drive = await openTape(address, known);
      await drive.close();
    }
  });
});

Deno.test("The drives pass for the model, have the quirks, and take their time", async () => {
  const settings = {
    drivePersonality: "hp-ultrium-6",
    quirks: ["flags-without-asc"],
    timeScale: 0.000001,
  } as const;
  await serving(settings, async ({ addresses: [address] }) => {
    const drive = await openTape(address);
    assert.equal(drive.info.product, "Ultrium 6-SCSI");
    await drive.write(new Uint8Array(10));
    await drive.rewind();
    await drive.close();
  });
});

Deno.test("Names of models and quirks are those of the simulator", () => {
  const models = { ...tapePersonalities, ...libraryPersonalities };
  assert.deepEqual([...PERSONALITY_NAMES].sort(), Object.keys(models).sort());
  const ofTarget = targetFaults(QUIRK_NAMES).length;
  assert.equal(ofTarget, 2);
  // One is the library's.
  assert.equal(Object.keys(driveQuirks(QUIRK_NAMES)).length + ofTarget, QUIRK_NAMES.length - 1);
});

Deno.test("Two quirks are the target's: it ignores pings, and lets nobody send for a while", async () => {
  assert.deepEqual(targetFaults(["no-locate", "window-closed"]), [
    { kind: "close-window", forMs: 2000, times: Infinity },
  ]);
  await serving({ quirks: ["nops-ignored"] }, async (_target, portal) => {
    const keepalive = { intervalMs: 1, timeoutMs: 20, maxMissed: 1 };
    const ended = Promise.withResolvers<unknown>();
    const stateChanged = ({ error }: SessionStateChange) => {
      if (error !== undefined) ended.resolve(error);
    };
    const options = { portal, targetName: TARGET_NAME, keepalive, hooks: { stateChanged } };
    const session = await Session.connect(options);
    try {
      assert.ok(await ended.promise instanceof ConnectionLostError);
    } finally {
      await session.close();
    }
  });
});

Deno.test("Images of other programs are served write protected, in drives and in slots", () =>
  inFolder(async (folder) => {
    // A record of four bytes and a tape mark: AWSTAPE headers have the length of this block and of the last.
    const aws = join(folder, "vol001.aws");
    await writeFile(aws, Uint8Array.of(4, 0, 0, 0, 0xa0, 0, 1, 2, 3, 4, 0, 0, 4, 0, 0x40, 0));
    await serving({ media: [aws] }, async ({ addresses: [address], warnings: [warning] }) => {
      assert.match(warning, /vol001\.aws: aws.* write protected.*tape -f sim:NEW\.tap image load/);
      const drive = await openTape(address);
      try {
        const read = await drive.read();
        assert.ok(read.kind === "record");
        assert.deepEqual(new Uint8Array(read.data), Uint8Array.of(1, 2, 3, 4));
        assert.equal((await drive.read()).kind, "filemark");
        await assert.rejects(drive.write(new Uint8Array(4)), WriteProtectedError);
      } finally {
        await drive.close();
      }
    });
    await serving({ media: [aws], slots: 2 }, async ({ changer = "" }) => {
      const library = await openChanger(changer);
      try {
        assert.ok((await library.inventory()).find("VOL001"));
      } finally {
        await library.close();
      }
    });
  }));

Deno.test("What fails to start leaves no image locked", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as { port: number };
  try {
    await inFolder(async (folder) => {
      const [good, bad] = [join(folder, "good.tap"), join(folder, "bad.tap")];
      await writeFile(bad, "this is no image at all, just some text of a certain length");
      const listen = { hostname: "127.0.0.1", port };
      for (const slots of [undefined, 4]) {
        const media = [good];
        await assert.rejects(serving({ slots, media, listen }, () => Promise.resolve()));
        await assert.rejects(serving({ slots, media: [good, bad] }, () => Promise.resolve()), {
          name: "ImageFormatError",
        });
      }
      assert.ok(!(await readdir(folder)).some((name) => name.endsWith(".lock")));
    });
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});
