import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { CheckConditionError, UnexpectedResponseError } from "../../scsi/errors.ts";
import {
  changeModePage,
  encodeModeSenseData,
  modeSelect,
  modeSense,
} from "../../scsi/mode_pages.ts";
import { encodeSense } from "../../scsi/sense.ts";
import { Status } from "../../scsi/status.ts";
import { type Answer, FakeUnit, hex } from "./fake_unit.ts";

const SENSE_6 = 0x1a;
const SENSE_10 = 0x5a;

function refused(asc: number, key = 5): Answer {
  return { status: Status.CheckCondition, sense: encodeSense({ key, asc, ascq: 0 }) };
}

const COMPRESSION = hex("8f 0e c0 80 00000001 00000001 00000000");

function listWith(bytes: Uint8Array) {
  return {
    mediumType: 0x58,
    deviceSpecific: 0x90,
    blockDescriptor: { densityCode: 0x58, blockCount: 0, blockBytes: 0 },
    pages: [{ page: bytes[0] & 0x3f, subpage: 0, saveable: (bytes[0] & 0x80) !== 0, bytes }],
  };
}

/** A drive that has page 0Fh in the forms that `forms` names. */
function drive(...forms: number[]): FakeUnit {
  return new FakeUnit((cdb) => {
    if (!forms.includes(cdb[0])) return refused(0x20);
    return encodeModeSenseData(listWith(COMPRESSION), cdb[0] === SENSE_6 ? 6 : 10);
  });
}

function opcodes(unit: FakeUnit): number[] {
  return unit.commands.map((command) => command.cdb[0]);
}

Deno.test("modeSense() uses the six-byte form when the device has it", async () => {
  const unit = drive(SENSE_6, SENSE_10);
  const result = await modeSense(unit, { page: 0x0f });
  strictEqual(result.form, 6);
  deepStrictEqual(result.pages[0].bytes, COMPRESSION);
  deepStrictEqual(opcodes(unit), [SENSE_6]);
});

Deno.test("modeSense() uses the ten-byte form first when told", async () => {
  const unit = drive(SENSE_6, SENSE_10);
  strictEqual((await modeSense(unit, { page: 0x0f }, { form: 10 })).form, 10);
  deepStrictEqual(opcodes(unit), [SENSE_10]);
});

Deno.test("modeSense() falls back to the other form when the first is refused", async () => {
  for (
    const [form, has, order] of [
      [6, SENSE_10, [SENSE_6, SENSE_10]],
      [10, SENSE_6, [SENSE_10, SENSE_6]],
    ] as const
  ) {
    const unit = drive(has);
    deepStrictEqual((await modeSense(unit, { page: 0x0f }, { form })).pages[0].bytes, COMPRESSION);
    deepStrictEqual(opcodes(unit), order);
  }
  const picky = new FakeUnit((cdb) =>
    cdb[0] === SENSE_6 ? refused(0x24) : encodeModeSenseData(listWith(COMPRESSION), 10)
  );
  strictEqual((await modeSense(picky, { page: 0x0f })).form, 10);
});

Deno.test("modeSense() tells that the page is missing, not that the second form is", async () => {
  const unit = new FakeUnit((cdb) => refused(cdb[0] === SENSE_6 ? 0x24 : 0x20));
  await rejects(modeSense(unit, { page: 0x0f }), (error) => {
    return error instanceof CheckConditionError && error.sense.asc === 0x24;
  });
  await rejects(modeSense(drive(), { page: 0x0f }), (error) => {
    return error instanceof CheckConditionError && error.sense.asc === 0x20;
  });
});

Deno.test("modeSense() does not try the other form after an error that is no refusal of the form", async () => {
  for (const answer of [refused(0x26), refused(0x29, 6), { status: Status.Busy }]) {
    const unit = new FakeUnit(() => answer);
    await rejects(modeSense(unit, { page: 0x0f }), { name: /Error$/ });
    strictEqual(unit.commands.length, 1);
  }
});

/** 300 bytes of page 20h. */
const LONG = new Uint8Array(300);
LONG.set(hex("60 01 01 28"));

function longDrive(hasTen: boolean): FakeUnit {
  const page = { page: 0x20, subpage: 1, saveable: false, bytes: LONG };
  const list = { ...listWith(COMPRESSION), pages: [page] };
  const ten = encodeModeSenseData(list, 10);
  // The six-byte header cannot say more than 255 bytes of data.
  const six = hex("ff 58 90 08 58 000000 00 000000");
  return new FakeUnit((cdb) => {
    if (cdb[0] === SENSE_10) return hasTen ? ten : refused(0x20);
    const bytes = new Uint8Array(256);
    bytes.set(six);
    bytes.set(LONG.subarray(0, 244), 12);
    return bytes;
  });
}

Deno.test("modeSense() takes the ten-byte form for parameters that the six-byte form cuts", async () => {
  const result = await modeSense(longDrive(true), { page: 0x20, subpage: 1 });
  deepStrictEqual([result.form, result.truncated, result.pages[0].bytes], [10, false, LONG]);
});

Deno.test("modeSense() gives the cut parameters, marked, when there is no ten-byte form", async () => {
  const result = await modeSense(longDrive(false), { page: 0x20, subpage: 1 });
  deepStrictEqual([result.form, result.truncated, result.pages.length], [6, true, 0]);
});

Deno.test("modeSense() asks the ten-byte form again with more room for long parameters", async () => {
  const bytes = new Uint8Array(1000);
  bytes.set(hex("60 01 03 e4"));
  const page = { page: 0x20, subpage: 1, saveable: false, bytes };
  const list = encodeModeSenseData({ ...listWith(COMPRESSION), pages: [page] }, 10);
  const unit = new FakeUnit(() => list);
  const result = await modeSense(unit, { page: 0x20, subpage: 1 }, { form: 10 });
  deepStrictEqual(result.pages[0].bytes, bytes);
  deepStrictEqual(unit.commands.map((command) => command.dataIn?.length), [512, 1016]);
});

Deno.test("modeSelect() sends what modeSense() gave, with the reserved bits cleared", async () => {
  const unit = drive(SENSE_6);
  const parameters = await modeSense(unit, { page: 0x0f });
  const blockDescriptor = { densityCode: 0x58, blockCount: 0, blockBytes: 0x010000 };
  const select = new FakeUnit(() => hex(""));
  await modeSelect(select, { ...parameters, blockDescriptor, pages: [] });
  deepStrictEqual(select.commands[0].cdb, hex("15 10 00 00 0c 00"));
  deepStrictEqual(select.commands[0].dataOut, hex("00 58 10 08 58 000000 00 010000"));
  await modeSelect(select, { ...parameters, form: 10 }, { savePages: true });
  deepStrictEqual(select.commands[1].cdb, hex("55 11 00 00 00 00 00 00 20 00"));
});

Deno.test("modeSelect() takes a rounded parameter for done", async () => {
  const sense = encodeSense({ key: 1, asc: 0x37, ascq: 0 });
  const unit = new FakeUnit(() => ({ status: Status.CheckCondition, sense }));
  await modeSelect(unit, { ...listWith(COMPRESSION), form: 6 });
  strictEqual(unit.commands.length, 1);
});

Deno.test("changeModePage() sends the altered page alone, keeping medium type and buffered mode", async () => {
  const unit = new FakeUnit((cdb) =>
    cdb[0] === SENSE_6 ? encodeModeSenseData(listWith(COMPRESSION), 6) : hex("")
  );
  await changeModePage(unit, { page: 0x0f }, (page) => page[2] &= ~0x80);
  deepStrictEqual(
    unit.commands[1].dataOut,
    hex("00 58 10 00 0f 0e 40 80 00000001 00000001 00000000"),
  );
});

Deno.test("changeModePage() sends nothing when the page did not come", async () => {
  const unit = new FakeUnit(() => encodeModeSenseData(listWith(COMPRESSION), 6));
  await rejects(changeModePage(unit, { page: 0x10 }, () => {}), (error) => {
    return error instanceof UnexpectedResponseError && /page 10h is not in it/.test(error.message);
  });
  strictEqual(unit.commands.length, 1);
});
