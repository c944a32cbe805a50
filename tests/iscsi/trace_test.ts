import assert from "node:assert/strict";
import { encodeText } from "../../iscsi/negotiation/text_keys.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";
import { describePdu, PduRing } from "../../iscsi/trace.ts";
import { Random, seed } from "../scsi/random.ts";
import { hex } from "./pdu/header_fixture.ts";
import { INITIATOR_FIXTURES } from "./pdu/initiator_fixtures.ts";
import { TARGET_FIXTURES } from "./pdu/target_fixtures.ts";
import {
  asyncMessage,
  dataIn,
  headerOf,
  line,
  loginRequest,
  loginResponse,
  NOTHING,
  read6,
  scsiResponse,
  sense,
  target,
  textResponse,
  window,
} from "./traced_pdus.ts";

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
