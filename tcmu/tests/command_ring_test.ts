import assert from "node:assert/strict";
import { CommandRing } from "../ring/command_ring.ts";
import type { RingCommand } from "../ring/ring_entry.ts";
import { TcmuError } from "../tcmu_error.ts";
import { ScriptedKernel } from "./scripted_kernel.ts";

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const GOOD = { status: 0 };

function takeCommands(ring: CommandRing): RingCommand[] {
  return ring.take().filter((entry) => entry.kind === "command");
}

Deno.test("A command comes out of the ring as the kernel wrote it", () => {
  const kernel = new ScriptedKernel();
  const ring = new CommandRing(kernel.memory);
  const cdb = [0x0a, 0, 0, 1, 0, 0];
  kernel.command({ id: 7, cdb, areas: [[0, 100], [1024, 156]] });
  const [command] = takeCommands(ring);
  const { byteOffset } = kernel.data;
  assert.equal(command.id, 7);
  assert.deepEqual([...command.cdb], cdb);
  assert.deepEqual(command.areas, [
    { offset: byteOffset, length: 100 },
    { offset: byteOffset + 1024, length: 156 },
  ]);
  assert.deepEqual(command.returnAreas, []);
  assert.deepEqual(ring.take(), [], "each entry comes once");
  assert.equal(kernel.tail, 0, "nothing is given back before it is answered");
});

Deno.test("Data is gathered from, and scattered to, as many areas as there are", () => {
  const kernel = new ScriptedKernel();
  const ring = new CommandRing(kernel.memory);
  kernel.data.set([1, 2, 3], 10);
  kernel.data.set([4, 5], 90);
  kernel.command({ id: 1, cdb: TEST_UNIT_READY, areas: [[10, 3], [50, 0], [90, 2]] });
  kernel.command({ id: 2, cdb: TEST_UNIT_READY, areas: [[200, 2], [300, 4]] });
  const [write, read] = takeCommands(ring);
  const dataOut = new Uint8Array(4);
  ring.dataOut(write, dataOut);
  assert.deepEqual([...dataOut], [1, 2, 3, 4]);
  ring.answer(write, GOOD);
  ring.answer(read, { status: 0, dataIn: Uint8Array.of(6, 7, 8) });
  assert.deepEqual([...kernel.data.subarray(200, 203)], [6, 7, 0]);
  assert.deepEqual([...kernel.data.subarray(300, 303)], [8, 0, 0]);
  assert.equal(kernel.answers()[1].readLength, 3);
});

Deno.test("A short read tells its length, with the sense data beside it", () => {
  const kernel = new ScriptedKernel();
  const ring = new CommandRing(kernel.memory);
  kernel.command({ id: 3, cdb: TEST_UNIT_READY, areas: [[0, 100]] });
  const sense = Uint8Array.from({ length: 120 }, (_, index) => index);
  ring.answer(takeCommands(ring)[0], { status: 2, sense, dataIn: new Uint8Array(40).fill(9) });
  const [answer] = kernel.answers();
  assert.deepEqual({ ...answer, sense: undefined }, {
    ...{ id: 3, userFlags: 2, status: 2, readLength: 40, sense: undefined },
  });
  assert.deepEqual(answer.sense, sense.subarray(0, 96), "the kernel has room for 96 bytes");
});

Deno.test("Data-In longer than its room is cut, and what follows the room stays as it was", () => {
  const kernel = new ScriptedKernel();
  const ring = new CommandRing(kernel.memory);
  kernel.data.fill(0x55);
  kernel.command({ id: 3, cdb: TEST_UNIT_READY, areas: [[8, 4]] });
  ring.answer(takeCommands(ring)[0], { status: 0, dataIn: new Uint8Array(40).fill(9) });
  assert.equal(kernel.answers()[0].readLength, 4);
  assert.deepEqual([...kernel.data.subarray(6, 14)], [0x55, 0x55, 9, 9, 9, 9, 0x55, 0x55]);
});

Deno.test("Where nothing was read, nothing of earlier commands is left in the room", () => {
  const kernel = new ScriptedKernel();
  const ring = new CommandRing(kernel.memory);
  kernel.data.fill(0x55);
  kernel.command({ id: 3, cdb: TEST_UNIT_READY, areas: [[8, 4]] });
  ring.answer(takeCommands(ring)[0], { status: 0, dataIn: new Uint8Array(0) });
  assert.deepEqual([...kernel.data.subarray(7, 13)], [0x55, 0, 0, 0, 0, 0x55]);
});

Deno.test("A bidirectional command reads into areas of its own", () => {
  const kernel = new ScriptedKernel();
  const ring = new CommandRing(kernel.memory);
  kernel.data.set([1, 2], 0);
  kernel.command({ id: 4, cdb: TEST_UNIT_READY, areas: [[0, 2]], returnAreas: [[64, 2]] });
  const [command] = takeCommands(ring);
  ring.answer(command, { status: 0, dataIn: Uint8Array.of(8, 9) });
  assert.deepEqual([...kernel.data.subarray(0, 2)], [1, 2]);
  assert.deepEqual([...kernel.data.subarray(64, 66)], [8, 9]);
});

Deno.test("Answers out of order name their command, in the slots that are oldest", () => {
  const kernel = new ScriptedKernel();
  const ring = new CommandRing(kernel.memory);
  for (const id of [10, 11, 12]) kernel.command({ id, cdb: TEST_UNIT_READY, areas: [[id, 1]] });
  const [first, second, third] = takeCommands(ring);
  ring.answer(third, { status: 0x28 });
  assert.equal(kernel.answers().map(({ id, status }) => `${id}:${status}`).join(), "12:40");
  ring.answer(first, GOOD);
  ring.answer(second, { status: 0, dataIn: Uint8Array.of(77) });
  assert.deepEqual(kernel.answers().map(({ id }) => id), [10, 11]);
  assert.equal(kernel.data[11], 77, "the data went where its own command wanted it");
  assert.equal(kernel.tail, kernel.head);
});

Deno.test("The ring goes on at its beginning, behind padding, for as long as one likes", () => {
  const kernel = new ScriptedKernel({ ringBytes: 520 });
  const ring = new CommandRing(kernel.memory);
  const seen: number[] = [];
  for (let id = 0; id < 200; id++) {
    kernel.command({ id, cdb: TEST_UNIT_READY });
    for (const command of takeCommands(ring)) {
      seen.push(command.id);
      ring.answer(command, GOOD);
    }
    assert.equal(kernel.tail, kernel.head);
    assert.deepEqual(kernel.answers().map((answer) => answer.id), [id]);
  }
  assert.equal(seen.length, 200);
});

Deno.test("An entry that ends where the ring ends needs no padding", () => {
  const kernel = new ScriptedKernel({ ringBytes: 240 });
  const ring = new CommandRing(kernel.memory);
  for (let id = 0; id < 6; id++) {
    assert.equal(kernel.command({ id, cdb: TEST_UNIT_READY }), 120);
    ring.answer(takeCommands(ring)[0], GOOD);
    assert.equal(kernel.tail, kernel.head);
  }
});

Deno.test("A ring that is full is emptied whole", () => {
  const kernel = new ScriptedKernel({ ringBytes: 1208, start: 240 });
  const ring = new CommandRing(kernel.memory);
  // The kernel leaves room, so that a full ring is not taken for an empty one.
  for (let id = 0; id < 8; id++) kernel.command({ id, cdb: TEST_UNIT_READY });
  kernel.padding(kernel.toEnd);
  kernel.command({ id: 8, cdb: TEST_UNIT_READY });
  const commands = takeCommands(ring);
  assert.deepEqual(commands.map(({ id }) => id), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  for (const command of commands.reverse()) ring.answer(command, GOOD);
  assert.deepEqual(kernel.answers().map(({ id }) => id), [8, 7, 6, 5, 4, 3, 2, 1, 0]);
  assert.equal(kernel.tail, kernel.head);
});

Deno.test("Padding that nothing waits before is given back at once", () => {
  const kernel = new ScriptedKernel();
  const ring = new CommandRing(kernel.memory);
  kernel.padding(64);
  assert.deepEqual(ring.take(), []);
  assert.equal(kernel.tail, 64);
});

Deno.test("Task management tells its function and the commands it ends, and takes no answer", () => {
  const kernel = new ScriptedKernel();
  const ring = new CommandRing(kernel.memory);
  kernel.command({ id: 1, cdb: TEST_UNIT_READY });
  kernel.taskManagement(2, [1, 5, 9]);
  kernel.taskManagement(5);
  const [command, ...functions] = ring.take();
  assert.deepEqual(functions, [
    { kind: "task-management", functionCode: 2, ids: [1, 5, 9] },
    { kind: "task-management", functionCode: 5, ids: [] },
  ]);
  assert.equal(kernel.tail, 0, "a command waits before them");
  ring.answer(command as RingCommand, GOOD);
  assert.equal(kernel.tail, kernel.head);
});

Deno.test("An entry of an unknown kind is marked as such and passed over", () => {
  const kernel = new ScriptedKernel();
  const ring = new CommandRing(kernel.memory);
  const at = kernel.unknown(64);
  kernel.command({ id: 1, cdb: TEST_UNIT_READY });
  assert.equal(takeCommands(ring).length, 1);
  assert.equal(kernel.bytes[at + 7], 1);
  assert.equal(kernel.tail, 64);
});

Deno.test("A ring that has been in use is taken up at its tail", () => {
  const kernel = new ScriptedKernel({ start: 904 });
  kernel.command({ id: 1, cdb: TEST_UNIT_READY });
  kernel.command({ id: 2, cdb: TEST_UNIT_READY });
  const ring = new CommandRing(kernel.memory);
  assert.deepEqual(takeCommands(ring).map(({ id }) => id), [1, 2]);
});

Deno.test("CDBs of every length come whole", () => {
  const codes: [number, number][] = [
    ...[[0x00, 6], [0x28, 10], [0x55, 10], [0x88, 16], [0xa0, 12]] as [number, number][],
    [0x7f, 32],
  ];
  for (const [code, length] of codes) {
    const kernel = new ScriptedKernel();
    const cdb = Array.from({ length }, (_, index) => index === 7 ? length - 8 : index + 1);
    cdb[0] = code;
    kernel.command({ id: 1, cdb });
    assert.deepEqual([...takeCommands(new CommandRing(kernel.memory))[0].cdb], cdb);
  }
});

const CORRUPT: readonly [what: string, spoil: (kernel: ScriptedKernel) => void][] = [
  ["an entry without a length", (kernel) => kernel.view.setUint32(128, 1, true)],
  ["an entry beyond the head", (kernel) => kernel.view.setUint32(128, 128 | 1, true)],
  ["a command too short for its answer", (kernel) => {
    kernel.view.setUint32(128, 64 | 1, true);
  }],
  ["more areas than the entry has room for", (kernel) => kernel.view.setUint32(136, 9, true)],
  ["billions of areas", (kernel) => kernel.view.setUint32(140, 0xffffffff, true)],
  ["an area beyond the memory", (kernel) => {
    kernel.view.setBigUint64(128 + 56, 1n << 40n, true);
  }],
  ["an area that begins beyond any memory", (kernel) => {
    kernel.view.setBigUint64(128 + 48, 0xffffffffffffffffn, true);
  }],
  ["a CDB beyond the memory", (kernel) => {
    kernel.view.setBigUint64(128 + 24, BigInt(kernel.memory.byteLength - 4), true);
  }],
  ["a head beyond the ring", (kernel) => kernel.head = 1024],
  ["a head between two entries' places", (kernel) => kernel.head = 124],
  ["a command that came before", (kernel) => {
    kernel.command({ id: 1, cdb: TEST_UNIT_READY });
  }],
];

for (const [what, spoil] of CORRUPT) {
  Deno.test(`The ring is refused when there is ${what}`, () => {
    const kernel = new ScriptedKernel();
    kernel.command({ id: 1, cdb: TEST_UNIT_READY, areas: [[0, 10]] });
    spoil(kernel);
    const ring = new CommandRing(kernel.memory);
    assert.throws(() => ring.take(), TcmuError);
  });
}

Deno.test("Task management for more commands than the entry has room for is refused", () => {
  const kernel = new ScriptedKernel();
  kernel.taskManagement(1, [1]);
  kernel.view.setUint32(128 + 12, 5, true);
  assert.throws(() => new CommandRing(kernel.memory).take(), TcmuError);
});

const UNUSABLE: readonly [what: string, memory: () => ArrayBuffer, message: RegExp][] = [
  ["shorter than a mailbox", () => new ArrayBuffer(64), /shorter than a mailbox/],
  ["of another version", () => new ScriptedKernel({ version: 1 }).memory, /version is 1, not 2/],
  ["without short reads", () => new ScriptedKernel({ flags: 1 }).memory, /short reads/],
  ["without answers out of order", () => new ScriptedKernel({ flags: 2 }).memory, /Linux 5\.0/],
  ["with a ring that does not fit", () => {
    const kernel = new ScriptedKernel();
    kernel.view.setUint32(8, 1 << 20, true);
    return kernel.memory;
  }, /ring of 1048576 bytes/],
  ["with its tail beyond the ring", () => new ScriptedKernel({ start: 2048 }).memory, /tail/],
];

for (const [what, memory, message] of UNUSABLE) {
  Deno.test(`A mailbox ${what} is refused`, () => {
    assert.throws(() => new CommandRing(memory()), (error) => {
      assert.ok(error instanceof TcmuError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("A command is answered once", () => {
  const kernel = new ScriptedKernel();
  const ring = new CommandRing(kernel.memory);
  kernel.command({ id: 1, cdb: TEST_UNIT_READY });
  const [command] = takeCommands(ring);
  ring.answer(command, GOOD);
  assert.throws(() => ring.answer(command, GOOD), RangeError);
});
