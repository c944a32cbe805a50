import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import {
  ChangerError,
  InventoryChangedError,
  MoveOutcomeUnknownError,
} from "../../changer/errors.ts";
import { MediaChanger } from "../../changer/media_changer.ts";
import { encodeElementStatus } from "../../scsi/element/encode_element_status.ts";
import { ServiceDeliveryError } from "../../scsi/errors.ts";
import { encodeInquiry } from "../../scsi/inquiry.ts";
import type { RecoverableLogicalUnit, ScsiCommand } from "../../scsi/logical_unit.ts";
import { encodeSense } from "../../scsi/sense.ts";
import { Status } from "../../scsi/status.ts";
import { type Answer, FakeUnit } from "../scsi/fake_unit.ts";

const MOVE = 0xa5;
const PREVENT = 0x1e;
const SEND_VOLUME_TAG = 0xb6;
const READ_ELEMENT_STATUS = 0xb8;

function check(key: number, asc: number, ascq: number): Answer {
  return { status: Status.CheckCondition, sense: encodeSense({ key, asc, ascq }) };
}

/** A changer of one slot and one drive; `answer` may give another answer. */
function fakeChanger(answer: (opcode: number, count: number) => Answer | undefined): FakeUnit {
  const counts = new Map<number, number>();
  return new FakeUnit((cdb) => {
    const count = (counts.get(cdb[0]) ?? 0) + 1;
    counts.set(cdb[0], count);
    const other = answer(cdb[0], count);
    if (other !== undefined) return other;
    if (cdb[0] === 0x12 && cdb[1] === 0) {
      return encodeInquiry({ deviceType: 8, vendor: "ODD", product: "Library", revision: "1" });
    }
    if (cdb[0] !== READ_ELEMENT_STATUS) {
      return [0x12, 0x1a, 0x5a].includes(cdb[0]) ? check(5, 0x24, 0) : new Uint8Array(0);
    }
    const first = (cdb[2] << 8) | cdb[3];
    const type = cdb[1] & 0x0f;
    if (first > 1) return encodeElementStatus([]);
    if (type === 2) return encodeElementStatus([{ type: "storage", address: 1, full: true }]);
    return encodeElementStatus(type === 4 ? [{ type: "drive", address: 1, full: false }] : []);
  });
}

function opcodes(unit: FakeUnit): number[] {
  return unit.commands.map(({ cdb }) => cdb[0]);
}

Deno.test("initialize() of a range falls back to the vendor's operation code", async () => {
  const unit = fakeChanger((opcode) => opcode === 0x37 ? check(5, 0x20, 0) : undefined);
  const changer = await MediaChanger.open(unit);
  await changer.initialize({ firstSlot: 1 });
  deepStrictEqual(opcodes(unit).slice(-2), [0x37, 0xe7]);
  strictEqual(unit.commands.at(-1)?.cdb.length, 10);
  deepStrictEqual([...unit.commands.at(-1)!.cdb], [0xe7, 1, 0, 1, 0, 0, 0, 1, 0, 0]);
});

Deno.test("find() reads the inventory where the library's own search finds nothing, or is refused", async () => {
  const labelled = encodeElementStatus(
    [{ type: "storage", address: 1, full: true, barcode: "A00001L8" }],
    { volumeTags: true },
  );
  const searches: readonly (readonly [opcode: number, answer: Answer])[] = [
    [0xb5, encodeElementStatus([])],
    [0xb5, check(5, 0x20, 0)],
    // The label of what was there last.
    [
      0xb5,
      encodeElementStatus(
        [{ type: "storage", address: 2, full: false, barcode: "A00001L8" }],
        { volumeTags: true },
      ),
    ],
    // Cartridges were put in: what is where has to be read again anyway.
    [0xb6, check(6, 0x28, 1)],
  ];
  for (const [searching, answer] of searches) {
    const unit = fakeChanger((opcode, count) => {
      if (opcode === searching && count === 1) return answer;
      if (opcode === 0xb5) return encodeElementStatus([]);
      return opcode === READ_ELEMENT_STATUS ? labelled : undefined;
    });
    const changer = await MediaChanger.open(unit);
    const found = await changer.find("A00001L8");
    deepStrictEqual([found?.type, found?.number], ["storage", 1]);
    strictEqual(await changer.find("A00002L8"), undefined);
  }
});

Deno.test("find() searches again after a unit attention: not every library tells labels in the inventory", async () => {
  const element = { type: "storage", address: 1, full: true, barcode: "A00001L8" } as const;
  const unit = fakeChanger((opcode, count) => {
    if (opcode === SEND_VOLUME_TAG && count === 1) return check(6, 0x28, 1);
    return opcode === 0xb5 ? encodeElementStatus([element], { volumeTags: true }) : undefined;
  });
  const changer = await MediaChanger.open(unit);
  strictEqual((await changer.find("A00001L8"))?.number, 1);
});

Deno.test("A busy changer is asked again, for so long and no longer", async () => {
  const waits: number[] = [];
  const sleep = (ms: number) => Promise.resolve(void waits.push(ms));
  const patient = fakeChanger((opcode, count) =>
    opcode === MOVE && count <= 3 ? { status: Status.Busy } : undefined
  );
  const changer = await MediaChanger.open(patient, { sleep });
  await changer.load(1, 0);
  deepStrictEqual(waits, [1000, 1000, 1000]);
  const stuck = fakeChanger((opcode) => opcode === MOVE ? { status: Status.Busy } : undefined);
  const other = await MediaChanger.open(stuck, { sleep });
  await rejects(
    other.load(1, 0),
    (error: unknown) => error instanceof ChangerError && error.kind === "busy",
  );
});

Deno.test("A reset before a move is heard, and the move made; other sense is told with what it means", async () => {
  const unit = fakeChanger((opcode, count) =>
    opcode === MOVE && count === 1 ? check(6, 0x29, 0) : undefined
  );
  const changer = await MediaChanger.open(unit);
  await changer.load(1, 0);
  strictEqual(opcodes(unit).filter((opcode) => opcode === MOVE).length, 2);
  const rows: readonly (readonly [Answer, string])[] = [
    [check(4, 0x15, 0x01), "fault"],
    [check(4, 0x3b, 0x0d), "element-full"],
    [check(2, 0x04, 0x8e), "drive-holds-medium"],
    [check(2, 0x3a, 0x00), "drive-holds-medium"],
    [check(6, 0x3b, 0x13), "inventory-changed"],
    [check(5, 0x3b, 0x11), "magazine-not-accessible"],
    [check(3, 0x30, 0x00), "medium-error"],
    [{ status: Status.ReservationConflict }, "reservation-conflict"],
    [{ status: Status.CheckCondition }, "other"],
  ];
  for (const [answer, kind] of rows) {
    const failing = fakeChanger((opcode) => opcode === MOVE ? answer : undefined);
    const one = await MediaChanger.open(failing);
    await rejects(one.load(1, 0), { kind });
  }
});

Deno.test("A move that the changer gave up may have been made; a question that it gave up was not answered", async () => {
  for (const answer of [{ status: Status.TaskAborted }, check(0xb, 0x47, 0x03)]) {
    let isAborting = false;
    const unit = fakeChanger((opcode) =>
      isAborting && [MOVE, READ_ELEMENT_STATUS].includes(opcode) ? answer : undefined
    );
    const changer = await MediaChanger.open(unit);
    await changer.inventory();
    isAborting = true;
    await rejects(changer.load(1, 0), (error: unknown) => {
      ok(error instanceof MoveOutcomeUnknownError);
      match(error.message, /ABORTED.*; read the inventory to see whether the cartridge was moved/);
      return true;
    });
    strictEqual(opcodes(unit).filter((opcode) => opcode === MOVE).length, 1);
    await rejects(changer.inventory(), { kind: "other" });
  }
});

/** What became of a command with this operation code; undefined when it goes through. */
type Breaks = (opcode: number) => "unknown" | "not-executed" | undefined;

/** A unit whose connection breaks at some commands. */
class BreakingUnit implements RecoverableLogicalUnit {
  readonly name = "breaking";
  readonly #inner: FakeUnit;
  readonly #breaks: Breaks;
  nexusLost = false;
  reestablished = 0;

  constructor(inner: FakeUnit, breaks: Breaks) {
    this.#inner = inner;
    this.#breaks = breaks;
  }

  execute(command: ScsiCommand) {
    const outcome = this.nexusLost ? "not-executed" : this.#breaks(command.cdb[0]);
    if (outcome === undefined) return this.#inner.execute(command);
    this.nexusLost = true;
    return Promise.reject(new ServiceDeliveryError("the line went dead", { outcome }));
  }

  reestablish(): Promise<void> {
    this.nexusLost = false;
    this.reestablished++;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

Deno.test("lock() is sent again after a reset or a lost connection, until unlock()", async () => {
  let isReset = false;
  let isBroken = false;
  const inner = fakeChanger((opcode) => {
    if (!isReset || opcode === PREVENT) return undefined;
    isReset = false;
    return check(6, 0x29, 0x02);
  });
  const unit = new BreakingUnit(inner, () => {
    const isLost = isBroken;
    isBroken = false;
    return isLost ? "unknown" : undefined;
  });
  const changer = await MediaChanger.open(unit);
  const locks = () =>
    inner.commands.splice(0).filter(({ cdb }) => cdb[0] === PREVENT).map(({ cdb }) => cdb[4]);
  await changer.lock();
  await changer.inventory();
  deepStrictEqual(locks(), [1]);
  isReset = true;
  await changer.inventory();
  deepStrictEqual(locks(), [1]);
  isBroken = true;
  await changer.inventory();
  deepStrictEqual(locks(), [1]);
  await changer.unlock();
  isReset = isBroken = true;
  await changer.inventory();
  deepStrictEqual(locks(), [0]);
});

Deno.test("After a lost connection questions are asked again; a move only if it never reached the changer", async () => {
  const inner = fakeChanger(() => undefined);
  let left = 1;
  let at = READ_ELEMENT_STATUS;
  let outcome: "unknown" | "not-executed" = "unknown";
  const unit = new BreakingUnit(
    inner,
    (opcode) => opcode === at && left-- > 0 ? outcome : undefined,
  );
  const changer = await MediaChanger.open(unit);
  strictEqual((await changer.inventory()).slots.length, 1);
  strictEqual(unit.reestablished, 1);
  at = MOVE;
  left = 1;
  outcome = "not-executed";
  await changer.load(1, 0);
  strictEqual(unit.reestablished, 2);
  left = 1;
  outcome = "unknown";
  const moves = opcodes(inner).filter((opcode) => opcode === MOVE).length;
  await rejects(changer.load(1, 0), MoveOutcomeUnknownError);
  strictEqual(opcodes(inner).filter((opcode) => opcode === MOVE).length, moves);
  strictEqual(unit.reestablished, 2);
  await changer.inventory();
  strictEqual(unit.reestablished, 3);
});

Deno.test("The caller's timeout holds over a new connection too", async () => {
  const inner = fakeChanger(() => undefined);
  let left = 1;
  const unit = new BreakingUnit(
    inner,
    (opcode) => opcode === MOVE && left-- > 0 ? "not-executed" : undefined,
  );
  const changer = await MediaChanger.open(unit, { timeouts: { [MOVE]: 1234 } });
  await changer.load(1, 0);
  deepStrictEqual([unit.reestablished, inner.commands.at(-1)?.timeoutMs], [1, 1234]);
});

Deno.test("find() searches again when the connection was lost before the library told what it found", async () => {
  const element = { type: "storage", address: 1, full: true, barcode: "A00001L8" } as const;
  let isSearched = false;
  const inner = fakeChanger((opcode) => {
    if (opcode === SEND_VOLUME_TAG) isSearched = true;
    if (opcode !== 0xb5) return undefined;
    return encodeElementStatus(isSearched ? [element] : [], { volumeTags: true });
  });
  let left = 1;
  const unit = new BreakingUnit(inner, (opcode) => {
    if (opcode !== 0xb5 || left-- <= 0) return undefined;
    isSearched = false;
    return "unknown";
  });
  const changer = await MediaChanger.open(unit);
  strictEqual((await changer.find("A00001L8"))?.number, 1);
});

Deno.test("What a move takes is looked at behind a lost connection, though the changer says nothing of a new nexus", async () => {
  let barcode = "A00001L8";
  const inner = fakeChanger((opcode) => {
    if (opcode !== READ_ELEMENT_STATUS) return undefined;
    return encodeElementStatus([
      { type: "storage", address: 1, full: true, barcode },
      { type: "storage", address: 2, full: false },
    ], { volumeTags: true });
  });
  let left = 0;
  const unit = new BreakingUnit(
    inner,
    (opcode) => opcode === MOVE && left-- > 0 ? "not-executed" : undefined,
  );
  const changer = await MediaChanger.open(unit);
  await changer.inventory();
  barcode = "A00002L8";
  left = 1;
  await rejects(changer.transfer(1, 2), InventoryChangedError);
  strictEqual(opcodes(inner).includes(MOVE), false);
  left = 1;
  await changer.transfer(1, 2);
});
