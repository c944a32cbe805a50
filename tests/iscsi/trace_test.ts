import assert from "node:assert/strict";
import { InvalidOptionError } from "../../iscsi/errors.ts";
import { encodeText } from "../../iscsi/negotiation/text_keys.ts";
import { type Ahs, encodeAhs } from "../../iscsi/pdu/ahs.ts";
import { BHS_LENGTH, DATA_SEGMENT_LENGTH } from "../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";
import { encodePdu, type Pdu } from "../../iscsi/pdu/pdu.ts";
import { encodeResponseSegment } from "../../iscsi/pdu/scsi_response.ts";
import { describePdu, PduRing } from "../../iscsi/trace.ts";
import { writeU24 } from "../../scsi/big_endian.ts";
import { encodeSense } from "../../scsi/sense.ts";
import type { Direction } from "../../transport/tracing.ts";
import { Random, seed } from "../scsi/random.ts";
import { hex } from "./pdu/header_fixture.ts";
import { INITIATOR_FIXTURES } from "./pdu/initiator_fixtures.ts";
import { TARGET_FIXTURES } from "./pdu/target_fixtures.ts";
import { dataInPdu, scsiResponsePdu } from "./pdu/target_pdus.ts";

const NOTHING = new Uint8Array();

function headerOf(pdu: Pdu, dataLength: number, segments: readonly Ahs[] = []): Uint8Array {
  const ahs = encodeAhs(segments);
  const header = new Uint8Array(BHS_LENGTH + ahs.length);
  encodePdu(pdu, header.subarray(0, BHS_LENGTH));
  header[4] = ahs.length / 4;
  header.set(ahs, BHS_LENGTH);
  writeU24(header, DATA_SEGMENT_LENGTH, dataLength);
  return header;
}

function line(pdu: Pdu, data: Uint8Array | number = NOTHING, direction?: Direction): string {
  const length = typeof data === "number" ? data : data.length;
  const way = direction ?? (pdu.opcode < Opcode.NopIn ? "out" : "in");
  return describePdu(headerOf(pdu, length), typeof data === "number" ? NOTHING : data, way);
}

const window = { expCmdSn: 13, maxCmdSn: 45 };
const target = { itt: 5, statSn: 10, ...window };

const scsiResponse = scsiResponsePdu({ ...target, expDataSn: 1 });
const dataIn = dataInPdu({ ...target, hasStatus: true });

const read6 = {
  opcode: Opcode.ScsiCommand,
  immediate: false,
  final: true,
  read: true,
  write: false,
  attributes: 1,
  lun: 0n,
  itt: 5,
  expectedDataTransferLength: 262144,
  cmdSn: 12,
  expStatSn: 9,
  cdb: hex("080004000000"),
} as const;

const loginRequest = {
  opcode: Opcode.LoginRequest,
  transit: true,
  continue: false,
  csg: 0,
  nsg: 1,
  versionMax: 0,
  versionMin: 0,
  isid: hex("800102030405"),
  tsih: 0,
  itt: 0,
  cid: 0,
  cmdSn: 1,
  expStatSn: 0,
} as const;

const loginResponse = {
  ...target,
  opcode: Opcode.LoginResponse,
  transit: true,
  continue: false,
  csg: 1,
  nsg: 3,
  versionMax: 0,
  versionActive: 0,
  isid: hex("800102030405"),
  tsih: 7,
  statusClass: 0,
  statusDetail: 0,
} as const;

const textResponse = {
  ...target,
  opcode: Opcode.TextResponse,
  final: false,
  continue: true,
  lun: 0n,
  ttt: 3,
} as const;

const asyncMessage = {
  opcode: Opcode.AsyncMessage,
  lun: 0x0001000000000000n,
  statSn: 10,
  ...window,
  asyncEvent: 0,
  asyncVCode: 0,
  parameter1: 1,
  parameter2: 2,
  parameter3: 30,
} as const;

const sense = encodeResponseSegment(
  encodeSense({ key: 0, asc: 0, ascq: 1, filemark: true, information: 64 }),
);

const LINES: readonly [what: string, line: () => string, expected: string][] = [
  [
    "a command with its name, flags, numbers and CDB",
    () => line(read6),
    "> SCSI Command itt=5 lun=0 READ(6) edtl=262144 R F cmdsn=12 expstatsn=9 simple cdb=080004000000",
  ],
  [
    "a command by its device type, where that is known",
    () =>
      describePdu(headerOf({ ...read6, cdb: hex("1b0000000100") }, 0), NOTHING, "out", {
        deviceType: 1,
      }).slice(0, 39),
    "> SCSI Command itt=5 lun=0 LOAD UNLOAD ",
  ],
  [
    "immediate data of a command by its length alone",
    () => line({ ...read6, read: false, write: true, cdb: hex("0a00000c0000") }, 12).slice(27, 64),
    "WRITE(6) edtl=262144 length=12 W F cm",
  ],
  [
    "an extended CDB and the read length of a bidirectional command",
    () =>
      describePdu(
        headerOf({ ...read6, cdb: hex("7f".padEnd(32, "0")) }, 0, [
          { type: 1, bytes: hex("abcd") },
          { type: 2, expectedReadLength: 77 },
        ]),
        NOTHING,
        "out",
      ),
    "> SCSI Command ahs=16 itt=5 lun=0 command 7Fh edtl=262144 readlength=77 R F cmdsn=12 " +
    "expstatsn=9 simple cdb=7f000000000000000000000000000000abcd",
  ],
  [
    "Data-In with status",
    () => line(dataIn, 262144),
    "< SCSI Data-In itt=5 datasn=0 offset=0 length=262144 F S status=GOOD statsn=10 window=[13,45]",
  ],
  [
    "Data-In without status, whose StatSN and residual mean nothing",
    () => line({ ...dataIn, hasStatus: false, underflow: true, final: false }, 8),
    "< SCSI Data-In itt=5 datasn=0 offset=0 length=8 window=[13,45]",
  ],
  [
    "Data-In that asks for an acknowledgement",
    () => line({ ...dataIn, acknowledge: true, ttt: 8, hasStatus: false }, 8),
    "< SCSI Data-In itt=5 datasn=0 offset=0 length=8 F A ttt=8 lun=0 window=[13,45]",
  ],
  [
    "sense and residual of a SCSI Response",
    () => line({ ...scsiResponse, status: 2, underflow: true, residual: 512 }, sense),
    '< SCSI Response itt=5 status="CHECK CONDITION" underflow=512 statsn=10 window=[13,45] ' +
    "expdatasn=1 sense: NO SENSE (0), 00/01: filemark detected [filemark] information=64",
  ],
  [
    "both residuals of a bidirectional command",
    () =>
      line({
        ...scsiResponse,
        overflow: true,
        residual: 3,
        bidirectionalUnderflow: true,
        bidirectionalResidual: 4,
      }),
    "< SCSI Response itt=5 status=GOOD overflow=3 readunderflow=4 statsn=10 window=[13,45] expdatasn=1",
  ],
  [
    "a target failure, whose status means nothing",
    () => line({ ...scsiResponse, response: 1, status: 8, overflow: true }),
    '< SCSI Response itt=5 response="target failure" statsn=10 window=[13,45] expdatasn=1',
  ],
  [
    "a login request with its keys",
    () =>
      line(
        loginRequest,
        encodeText([["InitiatorName", "iqn.2026-03.com.example:a"], ["AuthMethod", "CHAP,None"]]),
      ),
    "> Login Request itt=0 csg=security nsg=operational T isid=800102030405 tsih=0 cid=0 cmdsn=1 " +
    "expstatsn=0 keys: InitiatorName=iqn.2026-03.com.example:a AuthMethod=CHAP,None",
  ],
  [
    "a login response that ends the login",
    () => line(loginResponse),
    "< Login Response itt=5 status=success csg=operational nsg=full-feature T isid=800102030405 " +
    "tsih=7 statsn=10 window=[13,45]",
  ],
  [
    "a refused login, whose numbers mean nothing",
    () => line({ ...loginResponse, transit: false, statusClass: 2, statusDetail: 1, csg: 0 }),
    '< Login Response itt=5 status="authentication failure" csg=security isid=800102030405 tsih=7',
  ],
  [
    "a text response that goes on",
    () =>
      line(textResponse, encodeText([["TargetName", "iqn.x:y"], ["TargetAddress", "[::1]:3,1"]])),
    "< Text Response itt=5 ttt=3 lun=0 C statsn=10 window=[13,45] " +
    "keys: TargetName=iqn.x:y TargetAddress=[::1]:3,1",
  ],
  [
    "a Reject with the header that came back",
    () =>
      line(
        { opcode: Opcode.Reject, reason: 9, statSn: 10, ...window, dataSn: 0 },
        headerOf({ ...loginRequest, cmdSn: 99 }, 40),
      ),
    '< Reject reason="invalid PDU field" statsn=10 window=[13,45] rejected: Login Request itt=0 ' +
    "csg=security nsg=operational T isid=800102030405 tsih=0 cid=0 cmdsn=99 expstatsn=0 keys: …",
  ],
  [
    "a SCSI event with its sense",
    () => line(asyncMessage, sense),
    '< Asynchronous Message event="SCSI asynchronous event" lun=1 statsn=10 window=[13,45] ' +
    "sense: NO SENSE (0), 00/01: filemark detected [filemark] information=64",
  ],
  [
    "how soon the target wants a logout",
    () => line({ ...asyncMessage, asyncEvent: 1 }),
    '< Asynchronous Message event="target requests logout" within=30s statsn=10 window=[13,45]',
  ],
  [
    "which connection is dropped",
    () => line({ ...asyncMessage, asyncEvent: 2 }),
    '< Asynchronous Message event="target will drop the connection" cid=1 time2wait=2 ' +
    "time2retain=30 statsn=10 window=[13,45]",
  ],
  [
    "the times of a dropped session",
    () => line({ ...asyncMessage, asyncEvent: 3 }),
    '< Asynchronous Message event="target will drop all connections of the session" time2wait=2 ' +
    "time2retain=30 statsn=10 window=[13,45]",
  ],
  [
    "a vendor's event in full",
    () => line({ ...asyncMessage, asyncEvent: 255, asyncVCode: 6 }),
    '< Asynchronous Message event="vendor-specific event 0xff" vcode=6 parameters=1,2,30 ' +
    "statsn=10 window=[13,45]",
  ],
  [
    "the task that is to be aborted",
    () =>
      line({
        opcode: Opcode.TaskManagementRequest,
        immediate: true,
        function: 1,
        lun: 0n,
        itt: 6,
        referencedTaskTag: 5,
        cmdSn: 13,
        expStatSn: 9,
        refCmdSn: 12,
        expDataSn: 0,
      }),
    "> Task Management Function Request itt=6 lun=0 ABORT TASK referenced=5 refcmdsn=12 I " +
    "cmdsn=13 expstatsn=9",
  ],
  [
    "the answer to a task management function",
    () => line({ ...target, opcode: Opcode.TaskManagementResponse, response: 1 }),
    '< Task Management Function Response itt=5 response="task does not exist" statsn=10 window=[13,45]',
  ],
  [
    "a ping by its length and tags",
    () =>
      line({
        opcode: Opcode.NopOut,
        immediate: true,
        lun: 0n,
        itt: 5,
        ttt: 0xffffffff,
        cmdSn: 1,
        expStatSn: 2,
      }, 4),
    "> NOP-Out itt=5 ttt=0xffffffff length=4 I cmdsn=1 expstatsn=2",
  ],
  [
    "a logout by its reason",
    () =>
      line({
        opcode: Opcode.LogoutRequest,
        immediate: false,
        reason: 0,
        itt: 9,
        cid: 0,
        cmdSn: 1,
        expStatSn: 2,
      }),
    '> Logout Request itt=9 reason="close the session" cid=0 cmdsn=1 expstatsn=2',
  ],
  [
    "an operation code that is none",
    () => describePdu(hex("1d".padEnd(96, "0")), NOTHING, "in"),
    "< unknown opcode 0x1d",
  ],
  [
    "a header that is cut off",
    () => describePdu(hex("21800002"), NOTHING, "in"),
    "< SCSI Response header cut off at 4 of 48 bytes",
  ],
  ["no header at all", () => describePdu(NOTHING, NOTHING, "out"), "> PDU without a header"],
];

for (const [what, actual, expected] of LINES) {
  Deno.test(`describePdu() shows ${what}`, () => assert.equal(actual(), expected));
}

for (const { name, bytes, pdu } of [...INITIATOR_FIXTURES, ...TARGET_FIXTURES]) {
  Deno.test(`describePdu() names ${name} and leaves no number of it out`, () => {
    const text = describePdu(bytes, NOTHING, "out");
    assert.ok(text.startsWith(`> ${name} `), text);
    const hidden = HIDDEN_NUMBERS[name] ?? [];
    for (const [field, value] of Object.entries(pdu)) {
      if (typeof value !== "number" || value < 0x100 || hidden.includes(field)) continue;
      const shown = value === 0xffffffff ? "0xffffffff" : String(value);
      assert.match(text, new RegExp(`[=,[]${shown}([\\],"s ]|$)`), field);
    }
  });
}

/** The fixtures' own state makes these meaningless: no success, no bidirectional command, no answer to a SNACK. */
const HIDDEN_NUMBERS: Readonly<Record<string, readonly string[]>> = {
  "SCSI Response": ["snackTag", "bidirectionalResidual", "residual"],
  "SCSI Data-In": ["ttt"],
  "Login Response": ["statSn", "expCmdSn", "maxCmdSn"],
};

Deno.test("describePdu() hides every value that could be a secret, and no other", () => {
  const text = encodeText([
    ["CHAP_N", "reader"],
    ["CHAP_R", "0xabcdef"],
    ["CHAP_I", "7"],
    ["CHAP_C", "0bQUJD=="],
    ["SRP_M", "0x1234"],
    ["chap_r", "lower"],
    ["X-com.example.Password", "open"],
    ["X-com.example.colour", "blue"],
    ["NobodyKnows", "what"],
    ["NobodyCares", "NotUnderstood"],
    ["CHAP_R", "Reject"],
    ["X-".padEnd(70, "y"), "too long a name"],
  ]);
  assert.equal(
    line(loginRequest, text).split("keys: ")[1],
    "CHAP_N=reader CHAP_R=*** CHAP_I=7 CHAP_C=*** SRP_M=*** chap_r=*** " +
      "X-com.example.Password=*** X-com.example.colour=blue NobodyKnows=*** " +
      `NobodyCares=NotUnderstood CHAP_R=Reject ${"X-".padEnd(62, "y")}…=***`,
  );
});

/** Capitals that stand nowhere else in a line. */
const SECRET = /[JQZ]/;
/** The second secret looks like a pair of its own in the middle. */
const TEXT_WITH_SECRETS = encodeText([
  ["InitiatorName", "iqn.2026-03.com.example:a"],
  ["CHAP_R", "0bQZJJ/ZQQZJ+QZZ=="],
  ["X-com.example.Secret", "Q=Z=J=CHAP_N=JQ"],
  ["CHAP_N", "reader"],
]);

Deno.test("describePdu() shows nothing of a secret, wherever its pair is cut", () => {
  const text = encodeText([["CHAP_R", "0bQZJJ/ZQQZJ+QZZ=="], ["X-com.example.Secret", "Q=Z=JQ"]]);
  for (let at = 0; at <= text.length; at++) {
    for (const length of [1, 2, 5, 16, 200]) {
      const part = text.subarray(at, at + length);
      assert.doesNotMatch(line(loginRequest, part), SECRET, `${length} bytes at ${at}`);
    }
  }
});

Deno.test("describePdu() hides the rest of a pair that is known to have begun before, whatever it looks like", () => {
  const header = headerOf(loginRequest, 30);
  const rest = encodeText([["CHAP_N", "reader"], ["CHAP_I", "7"]]);
  const describe = (continued: boolean) => describePdu(header, rest, "out", { continued });
  assert.match(describe(true), /keys: \*\*\* CHAP_I=7/);
  assert.match(describe(false), /keys: CHAP_N=reader CHAP_I=7/);
});

Deno.test("describePdu() shows where a text is cut, in a key, in a value and between pairs", () => {
  const text = encodeText([["CHAP_I", "7"], ["CHAP_N", "reader"]]);
  const header = headerOf(loginRequest, text.length);
  const keys = (length: number) =>
    describePdu(header, text.subarray(0, length), "out").split("keys: ")[1];
  assert.equal(keys(text.length), "CHAP_I=7 CHAP_N=reader");
  assert.equal(keys(text.length - 3), "CHAP_I=7 CHAP_N=read…");
  assert.equal(keys(13), "CHAP_I=7 CHAP…");
  assert.equal(keys(9), "CHAP_I=7 …");
});

Deno.test("describePdu() hides what is no pair, and reads no more than 8192 bytes of a text", () => {
  const noPair = new TextEncoder().encode("CHAP_I=7\0what is this\0CHAP_N=reader\0");
  assert.match(line(loginRequest, noPair), /keys: CHAP_I=7 \*\*\* CHAP_N=reader$/);
  const late = new Uint8Array([...new Uint8Array(8192), ...encodeText([["CHAP_I", "7"]])]);
  assert.match(line(loginRequest, late), /keys: …$/);
});

Deno.test("describePdu() leaves padding out of the text", () => {
  const text = encodeText([["CHAP_I", "7"]]);
  const padded = new Uint8Array([...text, 0, 0, 0, 0x51]);
  assert.match(describePdu(headerOf(loginRequest, text.length), padded, "out"), /CHAP_I=7$/);
});

Deno.test("describePdu() keeps to one line of 512 characters, and to characters that can be printed", () => {
  const alias = "a\nb\x1b[2J\u202e\u2028c\u{1f4fc}";
  const shown = line(loginRequest, encodeText([["InitiatorAlias", alias]]));
  assert.match(shown, /InitiatorAlias=a\ufffdb\ufffd\[2J\ufffd\ufffdc\u{1f4fc}$/u);

  const long = encodeText([["InitiatorAlias", "\u{1f4fc}".repeat(100)], ["CHAP_N", "x"]]);
  assert.match(line(loginRequest, long), /InitiatorAlias=(\u{1f4fc}){49}… CHAP_N=x$/u);

  const pairs = Array.from({ length: 500 }, (_, index) => ["TargetAddress", `10.0.0.${index}`]);
  const many = line(loginRequest, encodeText(pairs as [string, string][]));
  assert.equal(many.length, 512);
  assert.ok(many.endsWith("…"));
});

Deno.test("describePdu() and PduRing make a line of any bytes", () => {
  const random = new Random(seed());
  const ring = new PduRing({ capacity: 4 });
  const opcodes = [...INITIATOR_FIXTURES, ...TARGET_FIXTURES].map(({ pdu }) => pdu.opcode);
  for (let round = 0; round < 3000; round++) {
    const header = random.bytes(round % 5 === 0 ? random.below(49) : 48 + random.below(40));
    if (header.length > 0) header[0] = opcodes[random.below(opcodes.length)];
    if (round % 2 === 0 && header.length > 5) header[5] = 0;
    const data = random.bytes(random.below(300));
    ring.add(header, data, round % 3 === 0 ? "in" : "out");
    for (const text of [describePdu(header, data, "in"), ring.lines().at(-1)!]) {
      assert.match(text, /^[<>] [^\p{C}\p{Zl}\p{Zp}]+$/u);
      assert.ok(text.length <= 512);
    }
  }
});

Deno.test("PduRing keeps the last PDUs, 16 unless told otherwise, oldest first", () => {
  const ring = new PduRing();
  const small = new PduRing({ capacity: 3 });
  assert.deepEqual(ring.lines(), []);
  for (let itt = 0; itt < 40; itt++) {
    const header = headerOf({ ...read6, itt }, 0);
    ring.add(header, NOTHING, "out");
    small.add(header, NOTHING, "out");
    header.fill(0);
  }
  const tasks = (lines: string[]) => lines.map((text) => Number(/itt=(\d+)/.exec(text)?.[1]));
  assert.deepEqual(tasks(ring.lines()), Array.from({ length: 16 }, (_, index) => 24 + index));
  assert.deepEqual(tasks(small.lines()), [37, 38, 39]);
});

Deno.test("PduRing gives the lines of describePdu(), of a longer text its beginning", () => {
  const ring = new PduRing();
  const text = encodeText([["InitiatorName", "iqn.2026-03.com.example:a"], ["CHAP_N", "reader"], [
    "CHAP_R",
    "0xabcdef",
  ]]);
  const cases: [Pdu, Uint8Array, Direction][] = [
    [loginRequest, text, "out"],
    [{ ...scsiResponse, status: 2 }, sense, "in"],
    [
      { opcode: Opcode.Reject, reason: 4, statSn: 1, ...window, dataSn: 0 },
      headerOf(read6, 0),
      "in",
    ],
    [dataIn, new Uint8Array(9000).fill(65), "in"],
  ];
  for (const [pdu, data, direction] of cases) {
    ring.add(headerOf(pdu, data.length), data, direction);
  }
  const [login, ...others] = ring.lines();
  assert.ok(
    login.endsWith("keys: InitiatorName=iqn.2026-03.com.example:a CHAP_N=reader CHAP_R=***…"),
    login,
  );
  assert.deepEqual(others, cases.slice(1).map(([pdu, data]) => line(pdu, data)));
});

Deno.test("PduRing shows nothing of a secret, wherever its pair straddles two PDUs or is cut", () => {
  for (let at = 0; at <= TEXT_WITH_SECRETS.length; at++) {
    const ring = new PduRing();
    const parts = [TEXT_WITH_SECRETS.subarray(0, at), TEXT_WITH_SECRETS.subarray(at)];
    for (const [index, part] of parts.entries()) {
      ring.add(headerOf({ ...loginRequest, continue: index === 0 }, part.length), part, "out");
      ring.add(headerOf(loginResponse, 0), NOTHING, "in");
    }
    const lines = ring.lines();
    assert.equal(lines.length, 4);
    for (const text of lines) assert.doesNotMatch(text, SECRET, `cut at ${at}`);
  }
});

Deno.test("PduRing hides what continues a pair though it looks like one, until the text has ended", () => {
  const ring = new PduRing();
  const add = (more: boolean, direction: Direction) => {
    const data = encodeText([["CHAP_N", "reader"]]);
    ring.add(headerOf({ ...loginRequest, continue: more }, data.length), data, direction);
  };
  add(true, "out");
  add(false, "in");
  ring.add(headerOf({ ...read6, read: false }, 0), NOTHING, "out");
  add(true, "out");
  add(false, "out");
  add(false, "out");
  assert.deepEqual(
    ring.lines().flatMap((text) => text.split("keys: ").slice(1)),
    ["CHAP_N=reader", "CHAP_N=reader", "***", "***", "CHAP_N=reader"],
  );
});

Deno.test("PduRing refuses a capacity that is no count", () => {
  for (const capacity of [0, -1, 1.5, NaN]) {
    assert.throws(
      () => new PduRing({ capacity }),
      (error) => error instanceof InvalidOptionError && error.option === "capacity",
    );
  }
});
