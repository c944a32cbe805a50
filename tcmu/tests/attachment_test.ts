import assert from "node:assert/strict";
import type { DeviceServer, TaskResult } from "@uiscsi/tape/sim";
import { attachedDevices, cleanUp } from "../attached_devices.ts";
import { Attachment, type AttachOptions } from "../attachment.ts";
import { RefusingDevice } from "../server/refusing_device.ts";
import { TcmuError } from "../tcmu_error.ts";
import { FakeLinux } from "./fake_linux.ts";

const CORE = "/sys/kernel/config/target/core";

/** A device that says GOOD to everything. */
class WillingDevice extends RefusingDevice {
  override execute(): TaskResult {
    return { status: 0 };
  }
}

function attachTwo(linux: FakeLinux, options: AttachOptions = {}): Promise<Attachment> {
  const device: DeviceServer = new WillingDevice();
  const units = [{ name: "changer", device }, { name: "drive", device }];
  return Attachment.open(units, { name: "library", loopback: true, ...options }, linux);
}

Deno.test("Attached devices have folders and device files, and leave nothing behind", async () => {
  const linux = new FakeLinux();
  const before = linux.tree();
  const attachment = await attachTwo(linux);
  assert.deepEqual(attachment.units, [
    { name: "changer", backstore: `${CORE}/user_0/changer`, deviceFile: "/dev/nst0" },
    { name: "drive", backstore: `${CORE}/user_1/drive`, deviceFile: "/dev/nst1" },
  ]);
  await attachment.close();
  await attachment.close();
  await attachment.ended;
  assert.deepEqual(linux.tree(), before);
  assert.ok(linux.rings.every(({ closed }) => closed));
});

Deno.test("The kernel hears how to make the device before it is enabled", async () => {
  const linux = new FakeLinux();
  const attachment = await attachTwo(linux, { dataAreaMb: 32, commandTimeoutS: 7 });
  await attachment.close();
  const folder = `${CORE}/user_0/changer`;
  const written = linux.changes.filter((one) => one.startsWith(`write ${folder}`));
  assert.deepEqual(written.map((one) => one.slice(`write ${folder}/`.length)), [
    "control dev_config=uiscsi/library/changer",
    "control dev_size=1048576",
    "control hw_block_size=512",
    "control max_data_area_mb=32",
    "control nl_reply_supported=-1",
    "attrib/cmd_time_out 7",
    "enable 1",
    "attrib/tmr_notification 1",
  ]);
});

Deno.test("Whichever step the kernel refuses, nothing is left behind", async () => {
  const whole = new FakeLinux();
  const attachment = await attachTwo(whole);
  const steps = whole.changes.length;
  await attachment.close();
  assert.ok(steps > 20);
  for (let step = 0; step < steps; step++) {
    const linux = new FakeLinux();
    const before = linux.tree();
    linux.refused = step;
    await assert.rejects(attachTwo(linux), TcmuError);
    assert.deepEqual(linux.tree(), before, linux.changes.join("\n"));
    assert.ok(linux.rings.every(({ closed }) => closed));
  }
});

Deno.test("Commands are served while the kernel takes the devices in and away", async () => {
  const linux = new FakeLinux();
  const attachment = await attachTwo(linux);
  const [ring] = linux.rings;
  ring.command({ id: 1, cdb: [0, 0, 0, 0, 0, 0] });
  ring.ring();
  await ring.notifiedTimes(1);
  const closing = attachment.close();
  ring.command({ id: 2, cdb: [0, 0, 0, 0, 0, 0] });
  ring.ring();
  await ring.notifiedTimes(2);
  assert.deepEqual(ring.answers().map(({ id, status }) => [id, status]), [[1, 0], [2, 2]]);
  await closing;
});

Deno.test("A name that is taken, or is none, is refused before anything is made", async () => {
  const linux = new FakeLinux();
  const attachment = await attachTwo(linux);
  const { length } = linux.changes;
  await assert.rejects(attachTwo(linux), /changer: a device of this name is there/);
  for (const name of ["", "a/b", "a b", "-x", "x".repeat(65)]) {
    const open = Attachment.open([{ name, device: new WillingDevice() }], {}, linux);
    await assert.rejects(open, TcmuError);
  }
  await assert.rejects(Attachment.open([], {}, linux), TcmuError);
  await assert.rejects(attachTwo(linux, { dataAreaMb: 0 }), TcmuError);
  await assert.rejects(attachTwo(linux, { commandTimeoutS: -1 }), TcmuError);
  assert.equal(linux.changes.length, length);
  await attachment.close();
});

Deno.test("A LUN that somebody else made of the device goes away with it", async () => {
  const linux = new FakeLinux();
  const attachment = await attachTwo(linux);
  linux.handOn(attachment.units[1].backstore);
  assert.equal(linux.tree().filter((path) => path.endsWith("/lun_0/x")).length, 1);
  await attachment.close();
  assert.equal(linux.tree().filter((path) => path.endsWith("/lun_0/x")).length, 0);
  assert.deepEqual(await linux.files.list(CORE), ["alua"]);
});

Deno.test("When the kernel no longer has a device, the attachment tells", async () => {
  const linux = new FakeLinux();
  const attachment = await attachTwo(linux);
  linux.rings[1].remove();
  await attachment.ended;
  await attachment.close();
});

Deno.test("A ring that makes no sense ends the attachment, and closing has the kernel begin it anew", async () => {
  const linux = new FakeLinux();
  const before = linux.tree();
  const attachment = await attachTwo(linux);
  const [ring] = linux.rings;
  ring.head = 1000;
  ring.ring();
  await assert.rejects(attachment.ended, TcmuError);
  ring.head = 0;
  await attachment.close();
  const folder = `write ${CORE}/user_0/changer/action/`;
  const actions = linux.changes.filter((one) => one.startsWith(folder));
  assert.deepEqual(actions.map((one) => one.slice(folder.length)), [
    ...["block_dev 1", "reset_ring 2", "block_dev 0"],
  ]);
  const unlinked = linux.changes.findIndex((one) => /^remove .*lun_0.changer$/.test(one));
  assert.ok(
    linux.changes.indexOf(actions[2]) < unlinked,
    "the kernel waits for commands until then",
  );
  assert.deepEqual(linux.tree(), before);
});

Deno.test("What a process left behind is listed as such, and cleaned up", async () => {
  const linux = new FakeLinux();
  const before = linux.tree();
  await attachTwo(linux);
  linux.setServer(0, 123);
  const [changer, drive] = await attachedDevices(linux);
  assert.deepEqual(changer, {
    ...{ name: "changer", group: "library", backstore: `${CORE}/user_0/changer` },
    ...{ processId: 123, places: ["/dev/nst0"] },
  });
  assert.equal(drive.processId, undefined);
  // The process of the second has died: the kernel lets in another.
  linux.rings[1].closed = true;
  assert.deepEqual(await cleanUp(linux, { only: "nothing" }), []);
  assert.deepEqual(await cleanUp(linux), ["drive"]);
  assert.deepEqual((await attachedDevices(linux)).map(({ name }) => name), ["changer"]);
  linux.setServer(0, undefined);
  linux.rings[0].closed = true;
  assert.deepEqual(await cleanUp(linux, { only: "library" }), ["changer"]);
  assert.deepEqual(linux.tree(), before);
});
