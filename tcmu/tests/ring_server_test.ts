import assert from "node:assert/strict";
import {
  type DeviceServer,
  MemoryMedium,
  SimulatedDrive,
  type Task,
  type TaskResult,
} from "@uiscsi/tape/sim";
import { decodeSense } from "@uiscsi/tape/scsi";
import { RefusingDevice } from "../server/refusing_device.ts";
import { RingServer } from "../server/ring_server.ts";
import { TcmuError } from "../tcmu_error.ts";
import { ScriptedKernel } from "./scripted_kernel.ts";

const NO_PATIENCE = Promise.resolve();

/** A device that says what it was asked, and answers when the test lets it. */
class ScriptedDevice implements DeviceServer {
  readonly deviceType = 1;
  readonly log: string[] = [];
  answer: (task: Task) => TaskResult | Promise<TaskResult> = () => ({ status: 0 });

  dataOutLength(cdb: Uint8Array): number {
    return cdb[0] === 0x0a ? cdb[4] : 0;
  }

  execute(task: Task): TaskResult | Promise<TaskResult> {
    this.log.push(`${task.cdb[0]}:${[...task.dataOut].join(" ")}`);
    return this.answer(task);
  }

  nexusEstablished(): void {
    this.log.push("established");
  }

  nexusLost(): void {
    this.log.push("lost");
  }

  reset(): void {
    this.log.push("reset");
  }

  async close(): Promise<void> {}
}

function ask(kernel: ScriptedKernel, id: number, ...cdb: number[]): void {
  kernel.command({ id, cdb: [...cdb, 0, 0, 0, 0, 0, 0].slice(0, 6) });
}

/** Serves `device` while `use` plays the kernel. */
async function serve(
  device: DeviceServer,
  use: (kernel: ScriptedKernel, server: RingServer) => Promise<void>,
  options: { onDeviceError?: (error: unknown) => void } = {},
): Promise<void> {
  const kernel = new ScriptedKernel();
  const server = new RingServer(kernel, device, options);
  const running = server.run();
  try {
    await use(kernel, server);
  } finally {
    kernel.remove();
    await running;
  }
}

Deno.test("A simulated drive writes and reads records through the ring, short ones with their sense data", () =>
  serve(new SimulatedDrive({ medium: new MemoryMedium() }), async (kernel) => {
    ask(kernel, 1, 0x00);
    ask(kernel, 2, 0x00);
    kernel.data.set([1, 2, 3, 4, 5], 0);
    kernel.command({ id: 3, cdb: [0x0a, 0, 0, 0, 5, 0], areas: [[0, 3], [3, 2]] });
    ask(kernel, 4, 0x01);
    kernel.command({ id: 5, cdb: [0x08, 0, 0, 0, 9, 0], areas: [[64, 4], [128, 5]] });
    kernel.ring();
    await kernel.notifiedTimes(5);
    const answers = kernel.answers();
    assert.deepEqual(answers.map(({ id, status }) => [id, status]), [
      ...[[1, 2], [2, 0], [3, 0], [4, 0], [5, 2]],
    ]);
    assert.equal(decodeSense(answers[0].sense).key, 6, "power on");
    const short = decodeSense(answers[4].sense);
    assert.equal(short.incorrectLength, true);
    assert.equal(short.information, 4);
    assert.equal(answers[4].readLength, 5);
    assert.deepEqual([...kernel.data.subarray(64, 68)], [1, 2, 3, 4]);
    assert.equal(kernel.data[128], 5);
  }));

Deno.test("Commands that were there before the server are served", async () => {
  const kernel = new ScriptedKernel();
  ask(kernel, 1, 0x00);
  const device = new ScriptedDevice();
  const running = new RingServer(kernel, device).run();
  await kernel.notifiedTimes(1);
  kernel.remove();
  await running;
  assert.deepEqual(device.log, ["established", "0:", "lost"]);
});

Deno.test("One command runs at a time, in order, whatever comes meanwhile", async () => {
  const device = new ScriptedDevice();
  const release: (() => void)[] = [];
  device.answer = () => new Promise((resolve) => release.push(() => resolve({ status: 0 })));
  await serve(device, async (kernel) => {
    ask(kernel, 1, 0x01);
    ask(kernel, 2, 0x02);
    kernel.ring();
    await turns();
    ask(kernel, 3, 0x03);
    kernel.ring();
    await turns();
    assert.deepEqual(device.log, ["established", "1:"]);
    for (let done = 1; done <= 3; done++) {
      release.shift()!();
      await kernel.notifiedTimes(done);
      await turns();
    }
    assert.deepEqual(device.log, ["established", "1:", "2:", "3:"]);
    assert.deepEqual(kernel.answers().map(({ id }) => id), [1, 2, 3]);
  });
});

Deno.test("The device gets as much Data-Out as its CDB asks for, and as there is", () => {
  const device = new ScriptedDevice();
  return serve(device, async (kernel) => {
    kernel.data.set([1, 2, 3, 4]);
    kernel.command({ id: 1, cdb: [0x0a, 0, 0, 0, 2, 0], areas: [[0, 4]] });
    kernel.command({ id: 2, cdb: [0x0a, 0, 0, 0, 9, 0], areas: [[0, 4]] });
    kernel.command({ id: 3, cdb: [0x08, 0, 0, 0, 4, 0], areas: [[0, 4]] });
    kernel.ring();
    await kernel.notifiedTimes(3);
    assert.deepEqual(device.log.slice(1), ["10:1 2", "10:1 2 3 4", "8:"]);
  });
});

Deno.test("Aborted commands that wait end as aborted, before the one that runs", async () => {
  const device = new ScriptedDevice();
  let release = () => {};
  device.answer = () => new Promise((resolve) => release = () => resolve({ status: 0 }));
  await serve(device, async (kernel) => {
    ask(kernel, 1, 1);
    kernel.ring();
    await turns();
    for (const id of [2, 3]) ask(kernel, id, id);
    kernel.taskManagement(2, [1, 2]);
    kernel.ring();
    await turns();
    kernel.taskManagement(2, [1, 3]);
    kernel.ring();
    await turns();
    assert.deepEqual(kernel.answers().map(({ id, status }) => [id, status]), [[2, 0x40], [
      3,
      0x40,
    ]]);
    release();
    await kernel.notifiedTimes(3);
    assert.deepEqual(kernel.answers().map(({ id, status }) => [id, status]), [[1, 0]]);
    assert.equal(kernel.tail, kernel.head);
  });
});

Deno.test("Resets reach the device, and a preempted initiator does not reset it", async () => {
  const device = new ScriptedDevice();
  await serve(device, async (kernel) => {
    for (const code of [1, 2, 3, 4, 5, 6, 7, 128]) kernel.taskManagement(code);
    kernel.ring();
    await turns();
    assert.deepEqual(device.log, ["established", "reset", "reset", "reset"]);
  });
});

Deno.test("A device that throws is told of, and the next command runs", async () => {
  const device = new ScriptedDevice();
  const thrown: unknown[] = [];
  device.answer = ({ cdb }) => {
    if (cdb[0] === 1) throw new Error("a mistake in the device");
    return { status: 0 };
  };
  await serve(device, async (kernel) => {
    ask(kernel, 1, 1);
    ask(kernel, 2, 2);
    kernel.ring();
    await kernel.notifiedTimes(2);
    const [first, second] = kernel.answers();
    const { key, asc } = decodeSense(first.sense);
    assert.deepEqual([first.status, key, asc, second.status], [2, 4, 0x44, 0]);
  }, { onDeviceError: (error) => thrown.push(error) });
  assert.equal(thrown.length, 1);
});

Deno.test("A device that goes away ends its running command when patience ends, and refuses the others", async () => {
  const device = new ScriptedDevice();
  let release = () => {};
  device.answer = () => new Promise((resolve) => release = () => resolve({ status: 0 }));
  await serve(device, async (kernel, server) => {
    for (const id of [1, 2]) ask(kernel, id, id);
    kernel.ring();
    await turns();
    await server.refuse(NO_PATIENCE);
    ask(kernel, 3, 3);
    kernel.taskManagement(5);
    kernel.ring();
    await kernel.notifiedTimes(3);
    const keys = kernel.answers().map(({ id, sense }) => [id, decodeSense(sense).key]);
    assert.deepEqual(keys, [[2, 5], [1, 0x0b], [3, 5]]);
    release();
    await turns();
    assert.deepEqual(kernel.answers(), [], "the late answer is dropped");
    assert.deepEqual(device.log, ["established", "1:"]);
  });
});

Deno.test("A device that goes away lets its running command end in time", async () => {
  const device = new ScriptedDevice();
  let release = () => {};
  device.answer = () => new Promise((resolve) => release = () => resolve({ status: 0 }));
  await serve(device, async (kernel, server) => {
    ask(kernel, 1, 1);
    kernel.ring();
    await turns();
    const refused = server.refuse(new Promise(() => {}));
    release();
    await refused;
    assert.deepEqual(kernel.answers().map(({ id, status }) => [id, status]), [[1, 0]]);
  });
});

Deno.test("When the kernel's device is gone, a late answer goes nowhere", async () => {
  const device = new ScriptedDevice();
  let release = () => {};
  device.answer = () => new Promise((resolve) => release = () => resolve({ status: 0 }));
  const kernel = new ScriptedKernel();
  const server = new RingServer(kernel, device);
  const running = server.run();
  ask(kernel, 1, 1);
  kernel.ring();
  await turns();
  kernel.remove();
  await running;
  release();
  await turns();
  assert.equal(kernel.notified, 0);
  assert.deepEqual(device.log, ["established", "1:", "lost"]);
});

Deno.test("A ring that makes no sense ends the server with an error of its class", async () => {
  const kernel = new ScriptedKernel();
  const device = new ScriptedDevice();
  const running = new RingServer(kernel, device).run();
  kernel.head = 1000;
  kernel.ring();
  await assert.rejects(running, TcmuError);
  assert.deepEqual(device.log, ["established", "lost"]);
});

Deno.test("What stands in for a dead device refuses everything", () =>
  serve(new RefusingDevice(), async (kernel) => {
    ask(kernel, 1, 0x12);
    kernel.ring();
    await kernel.notifiedTimes(1);
    const [{ status, sense }] = kernel.answers();
    const { key, asc } = decodeSense(sense);
    assert.deepEqual([status, key, asc], [2, 5, 0x25]);
  }));

/** Lets everything happen that needs no more than promises. */
function turns(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
