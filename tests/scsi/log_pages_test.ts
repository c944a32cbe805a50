import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { UnexpectedResponseError } from "../../scsi/errors.ts";
import {
  decodeLogPage,
  encodeLogPage,
  encodeSupportedLogPages,
  encodeSupportedLogSubpages,
  logNumber,
  logSense,
  readSupportedLogPages,
} from "../../scsi/log_pages.ts";
import { FakeUnit, hex } from "./fake_unit.ts";

/** Part of page 17h: a counter of four bytes and a partition record list of twelve. */
const VOLUME = hex(
  "17 00 00 18  0001 40 04 00000123  0202 03 0c 0b 00 0000 000016e3 602e 0000",
);
const PARAMETERS = [
  { code: 1, control: 0x40, value: hex("00000123") },
  { code: 0x0202, control: 0x03, value: hex("0b 00 0000 000016e3 602e 0000") },
];

Deno.test("decodeLogPage() and encodeLogPage() agree on a page", () => {
  deepStrictEqual(decodeLogPage(VOLUME), {
    page: 0x17,
    subpage: 0,
    parameters: PARAMETERS,
    truncated: false,
    totalLength: VOLUME.length,
  });
  deepStrictEqual(encodeLogPage({ page: 0x17, subpage: 0, parameters: PARAMETERS }), VOLUME);
});

Deno.test("encodeLogPage() sets SPF for a subpage, and decodeLogPage() reads it", () => {
  const bytes = encodeLogPage({ page: 0x0d, subpage: 1, parameters: [] });
  deepStrictEqual(bytes, hex("4d 01 00 00"));
  const { page, subpage } = decodeLogPage(bytes);
  deepStrictEqual([page, subpage], [0x0d, 1]);
});

Deno.test("decodeLogPage() takes a subpage from a page that says it has one, and from no other", () => {
  strictEqual(decodeLogPage(hex("0d 01 00 00")).subpage, 0);
});

Deno.test("decodeLogPage() gives a parameter without a value that ends the page", () => {
  const { parameters, truncated } = decodeLogPage(hex("30 00 00 04 0102 03 00"));
  deepStrictEqual([parameters, truncated], [[{ code: 0x0102, control: 3, value: hex("") }], false]);
});

Deno.test("decodeLogPage() of a page cut at any byte gives the whole parameters before the cut", () => {
  for (let length = 4; length < VOLUME.length; length++) {
    const { parameters, truncated, totalLength } = decodeLogPage(VOLUME.subarray(0, length));
    deepStrictEqual(parameters, PARAMETERS.slice(0, length >= 12 ? 1 : 0));
    deepStrictEqual([truncated, totalLength], [true, VOLUME.length]);
  }
  throws(() => decodeLogPage(VOLUME.subarray(0, 3)), UnexpectedResponseError);
});

Deno.test("decodeLogPage() says so when the last parameter does not fit into the page", () => {
  for (const page of ["2e 00 00 06 0001 00 04 0102", "2e 00 00 01 00"]) {
    const { parameters, truncated } = decodeLogPage(hex(page));
    deepStrictEqual([parameters.length, truncated], [0, true]);
  }
});

Deno.test("logNumber() reads counters of any length that a number can hold", () => {
  const numberOf = (digits: string) => logNumber({ value: hex(digits) });
  strictEqual(numberOf("01"), 1);
  strictEqual(numberOf("ffffffff"), 0xffffffff);
  strictEqual(numberOf("001fffffffffffff"), Number.MAX_SAFE_INTEGER);
  strictEqual(numberOf("0020000000000000"), undefined);
  strictEqual(numberOf("000000000000000000000005"), 5);
  strictEqual(numberOf(""), undefined);
});

Deno.test("logSense() reads a page in one command, so that reading clears it once", async () => {
  const unit = new FakeUnit(() => VOLUME);
  deepStrictEqual((await logSense(unit, { page: 0x17 })).parameters, PARAMETERS);
  deepStrictEqual(unit.commands.map((command) => command.cdb), [
    hex("4d 00 57 00 00 00 00 40 00 00"),
  ]);
});

Deno.test("logSense() asks again with more room for a page that is longer than any known one", async () => {
  const parameters = Array.from(
    { length: 200 },
    (_, code) => ({ code, control: 3, value: new Uint8Array(100) }),
  );
  const page = encodeLogPage({ page: 0x30, subpage: 0, parameters });
  const unit = new FakeUnit(() => page);
  strictEqual((await logSense(unit, { page: 0x30 })).parameters.length, 200);
  deepStrictEqual(unit.commands.map((command) => command.dataIn?.length), [16384, page.length]);
});

Deno.test("logSense() asks once for a page that fills the first room, and never for more than LOG SENSE can", async () => {
  const longest = new Uint8Array(4 + 0xffff);
  for (const [length, asked] of [[16384, [16384]], [longest.length, [16384, 0xffff]]] as const) {
    longest.set(hex("30 00"));
    new DataView(longest.buffer).setUint16(2, length - 4);
    const unit = new FakeUnit(() => longest.subarray(0, length));
    const { totalLength, truncated } = await logSense(unit, { page: 0x30 });
    deepStrictEqual([totalLength, truncated], [length, length > 0xffff]);
    deepStrictEqual(unit.commands.map((command) => command.dataIn?.length), asked);
  }
});

Deno.test("logSense() refuses an answer that is another page", async () => {
  await rejects(logSense(new FakeUnit(() => VOLUME), { page: 0x2e }), (error) => {
    return error instanceof UnexpectedResponseError &&
      error.message === "LOG SENSE on fake: unusable answer: page 17h came, 2Eh was asked for";
  });
});

Deno.test("logSense() refuses the page for one of its subpages, and a subpage for its page", async () => {
  for (
    const [which, answer, told] of [
      [{ page: 0x0d, subpage: 1 }, "0d 00 00 00", "page 0Dh came, 0Dh/01h was asked for"],
      [{ page: 0x0d }, "4d 02 00 00", "page 0Dh/02h came, 0Dh was asked for"],
    ] as const
  ) {
    await rejects(logSense(new FakeUnit(() => hex(answer)), which), (error) => {
      return error instanceof UnexpectedResponseError && error.message.endsWith(told);
    });
  }
  const right = new FakeUnit(() => hex("4d 01 00 00"));
  strictEqual((await logSense(right, { page: 0x0d, subpage: 1 })).subpage, 1);
});

Deno.test("readSupportedLogPages() refuses an answer that is another page", async () => {
  await rejects(readSupportedLogPages(new FakeUnit(() => VOLUME)), UnexpectedResponseError);
});

Deno.test("readSupportedLogPages() gives the list of page 00h", async () => {
  const bytes = encodeSupportedLogPages([0x00, 0x02, 0x17, 0x2e]);
  deepStrictEqual(bytes, hex("00 00 00 04 00 02 17 2e"));
  deepStrictEqual(await readSupportedLogPages(new FakeUnit(() => bytes)), [0, 2, 0x17, 0x2e]);
});

Deno.test("encodeSupportedLogSubpages() gives the list of page 00h, subpage FFh", () => {
  const listed = [{ page: 0, subpage: 0 }, { page: 0, subpage: 0xff }, { page: 0x2e, subpage: 0 }];
  deepStrictEqual(
    encodeSupportedLogSubpages(listed),
    hex("40 ff 00 06 00 00 00 ff 2e 00"),
  );
});
