import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuthenticationError, ConnectionLostError } from "../../../iscsi/errors.ts";
import { discover } from "../../../iscsi/session/discovery.ts";
import { Session } from "../../../iscsi/session/session.ts";
import type { SessionOptions } from "../../../iscsi/session/session_options.ts";
import { reportLuns } from "../../../scsi/report_luns.ts";
import type { LogicalUnit, ScsiResult } from "../../../scsi/logical_unit.ts";
import { SimulatedLibrary } from "../../../sim/changer/simulated_library.ts";
import {
  loopbackTarget,
  MemoryMedium,
  type RunningTarget,
  serveImage,
  serveTarget,
  SimulatedDrive,
} from "../../../sim/mod.ts";
import type { ServeOptions } from "../../../sim/target/serve_target.ts";
import type { Dialer } from "../../../transport/byte_stream.ts";
import { Command, ScriptedDevice } from "./scripted_device.ts";
import { pattern, TARGET_NAME } from "./scripted_initiator.ts";

interface Pair {
  readonly target: RunningTarget;
  readonly device: ScriptedDevice;
  connect(options?: Partial<SessionOptions>): Promise<Session>;
}

/** A target with a made-up device, and the way to connect to it. */
async function withPair(
  where: "loopback" | "tcp",
  options: Partial<ServeOptions>,
  use: (pair: Pair) => Promise<void>,
): Promise<void> {
  const device = new ScriptedDevice();
  const served = { targetName: TARGET_NAME, units: [{ lun: 0, device }], ...options };
  let dial: Dialer | undefined;
  let target: RunningTarget;
  if (where === "tcp") {
    target = await serveTarget({ ...served, listen: { hostname: "127.0.0.1", port: 0 } });
  } else {
    const loopback = await loopbackTarget(served);
    ({ dial } = loopback);
    target = loopback;
  }
  const [, , portal] = target.urls[0].split("/");
  const connect = (more: Partial<SessionOptions> = {}) =>
    Session.connect({ portal, targetName: TARGET_NAME, dial, keepalive: false, ...more });
  try {
    await use({ target, device, connect });
  } finally {
    await target.close();
  }
}

function read(unit: LogicalUnit, dataIn: Uint8Array): Promise<ScsiResult> {
  return unit.execute({ cdb: Command.read(dataIn.length), dataIn });
}

for (const where of ["loopback", "tcp"] as const) {
  for (const digest of ["none", "crc32c"] as const) {
    Deno.test(`Records of all sizes cross ${where} both ways with digests ${digest}`, () =>
      withPair(where, { headerDigest: digest, dataDigest: digest }, async ({ device, connect }) => {
        const session = await connect({ headerDigest: digest, dataDigest: digest });
        try {
          const unit = session.logicalUnit(0);
          for (const length of [1, 3, 2049, 65_537, 262_144, 300_001, 1_500_000]) {
            const dataOut = pattern(length, length & 0xff);
            const written = await unit.execute({ cdb: Command.write(length), dataOut });
            assert.equal(written.status, 0);
            assert.deepEqual(device.written.at(-1), dataOut);
            device.data = dataOut;
            const dataIn = new Uint8Array(length);
            const { dataInLength, residual } = await read(unit, dataIn);
            assert.deepEqual([dataInLength, residual], [length, 0]);
            assert.deepEqual(dataIn, dataOut);
          }
        } finally {
          await session.close();
        }
      }));
  }

  Deno.test(`Many commands are in flight over ${where}, and end in order`, () =>
    withPair(where, { limits: { commandWindow: 8 } }, async ({ device, connect }) => {
      const session = await connect({ negotiation: { maxReceiveDataSegmentLength: 4096 } });
      try {
        device.data = pattern(100_000);
        const unit = session.logicalUnit(0);
        const ended: number[] = [];
        await Promise.all(Array.from({ length: 50 }, async (_, index) => {
          const length = index % 2 === 0 ? 100_000 : 1 + index;
          const dataIn = new Uint8Array(length);
          const { dataInLength } = await read(unit, dataIn);
          assert.equal(dataInLength, length);
          assert.deepEqual(dataIn, device.data.subarray(0, length));
          ended.push(index);
        }));
        assert.deepEqual(ended, Array.from({ length: 50 }, (_, index) => index));
      } finally {
        await session.close();
      }
    }));
}

const CHAP = {
  accounts: [{ name: "reader", secret: "secret-of-reader" }],
  target: { name: "drive", secret: "secret-of-drive" },
};

Deno.test("Mutual CHAP lets both sides in, and only with the right secrets", () =>
  withPair("loopback", { chap: CHAP }, async ({ connect, target }) => {
    const chap = { ...CHAP.accounts[0], target: CHAP.target };
    const session = await connect({ chap });
    assert.equal(target.sessions()[0].authenticatedAs, "reader");
    await session.close();
    const wrong = { name: "drive", secret: "another-secret" };
    await assert.rejects(connect(), AuthenticationError);
    await assert.rejects(connect({ chap: { ...chap, secret: wrong.secret } }), AuthenticationError);
    await assert.rejects(connect({ chap: { ...chap, target: wrong } }), AuthenticationError);
  }));

Deno.test("A redirected login ends up at the other target", () =>
  withPair("tcp", {}, ({ target, device }) =>
    withPair(
      "tcp",
      { redirect: { address: target.urls[0].split("/")[2] } },
      async ({ connect }) => {
        const session = await connect();
        await session.logicalUnit(0).execute({ cdb: Command.read(0) });
        await session.close();
        assert.ok(device.log.includes("read 0"));
      },
    )));

Deno.test("Discovery finds all targets, however many", async () => {
  const furtherTargets = Array.from({ length: 300 }, (_, i) => ({
    targetName: `${TARGET_NAME}-${i}`,
    units: [],
  }));
  const target = await loopbackTarget({ targetName: TARGET_NAME, units: [], furtherTargets });
  try {
    const found = await discover("simulator:3260", { dial: target.dial });
    assert.equal(found.length, 301);
    assert.deepEqual(found[300], {
      name: `${TARGET_NAME}-299`,
      portals: [{ hostname: "simulator", port: 3260, portalGroupTag: 1 }],
    });
  } finally {
    await target.close();
  }
});

Deno.test("The addresses are those of every device behind the portal, target by target", async () => {
  const library = new SimulatedLibrary({ drives: 2 });
  for (const layout of ["lun", "target"] as const) {
    const target = await loopbackTarget(library.targets(TARGET_NAME, layout));
    const ends = layout === "lun"
      ? ["/0", "/1", "/2"]
      : ["-mediachanger/0", "-tapedrive-01/0", "-tapedrive-02/0"];
    try {
      assert.deepEqual(
        target.urls,
        ends.map((end) => `iscsi://simulator:3260/${TARGET_NAME}${end}`),
      );
    } finally {
      await target.close();
    }
  }
});

Deno.test("An aborted command leaves the session usable", () =>
  withPair("loopback", {}, async ({ device, connect }) => {
    const session = await connect();
    try {
      const unit = session.logicalUnit(0);
      const { signal, abort } = abortable();
      const waiting = unit.execute({ cdb: Command.wait(), signal });
      await until(() => device.answers.length > 0);
      const next = unit.execute({ cdb: Command.read(0) });
      abort();
      await assert.rejects(waiting, /enough/);
      device.answers[0]({ status: 0 });
      assert.equal((await next).status, 0);
    } finally {
      await session.close();
    }
  }));

/** Lets the event loop turn until something has happened. */
async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve));
}

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error("enough")) };
}

Deno.test("A target that disconnects fails what is under way", () =>
  withPair("tcp", {}, async ({ target, connect }) => {
    const session = await connect();
    const waiting = session.logicalUnit(0).execute({ cdb: Command.wait() });
    await until(() => target.sessions()[0].commands > 0);
    target.sessions()[0].disconnect();
    await assert.rejects(waiting, ConnectionLostError);
    await session.close();
  }));

Deno.test("A target with two drives lists both, and serves each", async () => {
  const units = [0, 5].map((lun) => ({
    lun,
    device: new SimulatedDrive({ medium: new MemoryMedium(), serialNumber: `SIM${lun}` }),
  }));
  const target = await loopbackTarget({ targetName: TARGET_NAME, units });
  try {
    const { dial } = target;
    const session = await Session.connect({ portal: "simulator", targetName: TARGET_NAME, dial });
    assert.deepEqual(await reportLuns(session.logicalUnit(0)), [0n, 5n << 48n]);
    await session.close();
    assert.equal(units[1].device.commands.length, 0, "the target answers REPORT LUNS itself");
  } finally {
    await target.close();
  }
});

Deno.test("serveImage keeps what was written, and lets go of the image", async () => {
  const folder = await mkdtemp(join(tmpdir(), "serve-image-"));
  try {
    const path = join(folder, "tape.tap");
    for (const expected of [0, 1]) {
      const image = await serveImage(path);
      assert.equal(image.drive.objects().length, expected);
      const [, , portal, targetName] = image.url.split("/");
      const session = await Session.connect({ portal, targetName, dial: image.dial });
      const unit = session.logicalUnit(0);
      await unit.execute({ cdb: new Uint8Array(6) });
      const cdb = Uint8Array.of(0x0a, 0, 0, 0, 100, 0);
      assert.equal((await unit.execute({ cdb, dataOut: pattern(100) })).status, 0);
      await session.close();
      await image.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
