import assert from "node:assert/strict";
import {
  AuthenticationError,
  ConnectionLostError,
  defaultInitiatorName,
  LoginError,
  NegotiationError,
  ProtocolError,
  RedirectError,
  type Session,
  type SessionOptions,
} from "../../../iscsi/mod.ts";
import { READ, REWIND, WRITE } from "./cdbs.ts";
import { turn, type WireConnection } from "./wire_connection.ts";
import { CONTINUE, FINAL, header, keysText, Op } from "./wire_pdu.ts";
import { TARGET_NAME, TSIH, WireTarget, withSession, withTarget } from "./wire_target.ts";

/** A login that the test answers by itself. */
async function loggingIn(
  session: Partial<SessionOptions>,
  use: (wire: WireConnection, connecting: Promise<Session>, target: WireTarget) => Promise<void>,
): Promise<void> {
  const target = new WireTarget({ session });
  await withTarget(target, async () => {
    const connecting = target.connect();
    try {
      await use(await target.connection(1), connecting, target);
    } finally {
      await turn();
      target.wire.stream.cut();
      await connecting.then((session) => session.close(), () => {});
    }
  });
}

const AUTH_NONE = keysText({ AuthMethod: "None" });
const TO_OPERATIONAL = FINAL | 1;
const TO_FULL_FEATURE = FINAL | 1 << 2 | 3;

/** Answers the security stage, and returns the request of the operational stage. */
async function operational(wire: WireConnection) {
  wire.loginResponse(await wire.only(Op.LoginRequest), AUTH_NONE);
  return await wire.only(Op.LoginRequest);
}

Deno.test("RFC 7143 §11.12: the first Login Request is immediate (43h), of version 0, for a new session, with CID and numbers", async () => {
  const isid = new Uint8Array([0x00, 0x12, 0x34, 0x56, 0xab, 0xcd]);
  await loggingIn({ isid }, async (wire) => {
    const pdu = await wire.only(Op.LoginRequest);
    assert.equal(pdu.u8(0), 0x43);
    assert.equal(pdu.u8(1), TO_OPERATIONAL, "T, CSG 0, NSG 1");
    assert.deepEqual([pdu.u8(2), pdu.u8(3)], [0, 0]);
    assert.deepEqual([...pdu.bhs.subarray(8, 14)], [...isid]);
    assert.deepEqual([pdu.u16(14), pdu.cid], [0, 0]);
  });
});

Deno.test("RFC 7143 §6.3: the first Login Request names initiator, target and session type, and nothing that is operational", async () => {
  await loggingIn({ initiatorName: "iqn.2026-03.com.example:me" }, async (wire) => {
    const { keys } = await wire.only(Op.LoginRequest);
    assert.deepEqual(keys, {
      InitiatorName: "iqn.2026-03.com.example:me",
      TargetName: TARGET_NAME,
      SessionType: "Normal",
      AuthMethod: "None",
    });
  });
});

Deno.test("RFC 7143 §6.3: one tag and one CmdSN serve all of a login, and no key is said twice", async () => {
  await loggingIn({}, async (wire) => {
    const first = await wire.only(Op.LoginRequest);
    wire.loginResponse(first, AUTH_NONE, { flags: 0 });
    const second = await wire.only(Op.LoginRequest);
    wire.loginResponse(second, "");
    const third = await wire.only(Op.LoginRequest);
    for (const pdu of [second, third]) {
      assert.deepEqual([pdu.u8(0), pdu.itt, pdu.cmdSn], [0x43, first.itt, first.cmdSn]);
    }
    const said = [first, second, third].flatMap(({ keys }) => Object.keys(keys));
    assert.equal(new Set(said).size, said.length);
    assert.deepEqual([third.csg, third.nsg], [1, 3]);
  });
});

Deno.test("RFC 7143 §6.3: while the target answers with T=0, the initiator asks on", async () => {
  await loggingIn({}, async (wire, connecting) => {
    let request = await operational(wire);
    for (let round = 0; round < 5; round++) {
      wire.loginResponse(request, round === 0 ? "ImmediateData=Yes\0" : "", { flags: 1 << 2 });
      request = await wire.only(Op.LoginRequest);
      assert.equal(request.u8(1), TO_FULL_FEATURE);
      assert.equal(request.text, "");
    }
    wire.loginResponse(request, "", { flags: TO_FULL_FEATURE, tsih: TSIH });
    assert.equal((await connecting).parameters.immediateData, true);
  });
});

Deno.test("RFC 7143 §6.2: a response with C is answered by an empty request, and its text is read as a whole", async () => {
  await loggingIn({}, async (wire, connecting) => {
    const request = await operational(wire);
    wire.loginResponse(request, "MaxBurst", { flags: CONTINUE | 1 << 2 });
    const more = await wire.only(Op.LoginRequest);
    assert.deepEqual([more.text, more.final, more.u8(1) & CONTINUE], ["", false, 0]);
    wire.loginResponse(more, "Length=65536\0Immed", { flags: CONTINUE | 1 << 2 });
    wire.loginResponse(await wire.only(Op.LoginRequest), "iateData=No\0", { flags: 1 << 2 });
    const last = await wire.only(Op.LoginRequest);
    wire.loginResponse(last, "", { flags: TO_FULL_FEATURE, tsih: TSIH });
    const { maxBurstLength, immediateData } = (await connecting).parameters;
    assert.deepEqual([maxBurstLength, immediateData], [65536, false]);
  });
});

Deno.test("RFC 7143 §6.2, §13.12: a text longer than 8192 bytes goes out in parts with C, whatever the target declared", async () => {
  const extraKeys = { "X-com.example.a": "a".repeat(7000), "X-com.example.b": "b".repeat(7000) };
  await loggingIn({ extraKeys }, async (wire) => {
    wire.loginResponse(
      await wire.only(Op.LoginRequest),
      AUTH_NONE + "MaxRecvDataSegmentLength=65536\0",
    );
    const first = await wire.only(Op.LoginRequest);
    assert.deepEqual([first.dataSegmentLength <= 8192, first.final], [true, false]);
    assert.equal(first.u8(1), CONTINUE | 1 << 2);
    wire.loginResponse(first, "", { flags: 1 << 2 });
    const second = await wire.only(Op.LoginRequest);
    assert.equal(second.u8(1), TO_FULL_FEATURE);
    const text = first.text + second.text;
    assert.ok(text.includes(`X-com.example.a=${"a".repeat(7000)}\0`));
    assert.ok(text.endsWith("\0"));
  });
});

Deno.test("RFC 7143 §6.1: a login text of 8 KiB and more is read", async () => {
  await loggingIn({}, async (wire, connecting) => {
    const request = await operational(wire);
    const chunk = "x".repeat(4000);
    wire.loginResponse(request, `TargetAlias=y\0X-com.example.a=${chunk}`, {
      flags: CONTINUE | 1 << 2,
    });
    wire.loginResponse(await wire.only(Op.LoginRequest), `${chunk}\0`, { flags: 1 << 2 });
    const answer = await wire.only(Op.LoginRequest);
    assert.equal(answer.text, "X-com.example.a=NotUnderstood\0");
    wire.loginResponse(answer, "", { flags: TO_FULL_FEATURE, tsih: TSIH });
    assert.equal((await connecting).parameters.targetAlias, "y");
  });
});

type Answer = (wire: WireConnection, request: Awaited<ReturnType<typeof operational>>) => void;

const BROKEN: readonly [rule: string, what: string, answer: Answer][] = [
  [
    "§11.13",
    "has another tag",
    (wire, request) => wire.loginResponse(request, "", { itt: request.itt + 1, tsih: TSIH }),
  ],
  [
    "§11.13.1",
    "speaks another version",
    (wire, request) => wire.loginResponse(request, "", { version: 1, tsih: TSIH }),
  ],
  [
    "§11.13.2",
    "echoes another ISID",
    (wire, request) => wire.loginResponse(request, "", { isid: new Uint8Array(6), tsih: TSIH }),
  ],
  [
    "§11.13.3",
    "ends the login without a TSIH",
    (wire, request) => wire.loginResponse(request, "", { tsih: 0 }),
  ],
  [
    "§11.13",
    "is of another stage",
    (wire, request) => wire.loginResponse(request, "", { flags: FINAL | 1 }),
  ],
  [
    "§11.13.6",
    "goes to another stage than was asked for",
    (wire, request) => wire.loginResponse(request, "", { flags: FINAL | 1 << 2 | 1, tsih: TSIH }),
  ],
  [
    "§6.2",
    "has both T and C",
    (wire, request) =>
      wire.loginResponse(request, "ImmediateData=Yes\0", { flags: TO_FULL_FEATURE | CONTINUE }),
  ],
  [
    "§6.3",
    "says a key twice",
    (wire, request) =>
      wire.loginResponse(request, "ImmediateData=Yes\0ImmediateData=No\0", { tsih: TSIH }),
  ],
  [
    "§12",
    "names a key of another stage",
    (wire, request) => wire.loginResponse(request, "CHAP_A=5\0", { tsih: TSIH }),
  ],
  [
    "§6.1",
    "has a text without an end",
    (wire, request) => wire.loginResponse(request, "ImmediateData=Yes", { tsih: TSIH }),
  ],
];

for (const [rule, what, answer] of BROKEN) {
  Deno.test(`RFC 7143 ${rule}: a Login Response that ${what} is no login`, async () => {
    await loggingIn({}, async (wire, connecting) => {
      answer(wire, await operational(wire));
      await assert.rejects(connecting, ProtocolError);
      assert.ok(wire.stream.closed);
    });
  });
}

Deno.test("RFC 7143 §11.13.6: the target does not go to the next stage unless it was asked to", async () => {
  const chap = { name: "me", secret: "a secret of mine" };
  await loggingIn({ chap }, async (wire, connecting) => {
    const request = await wire.only(Op.LoginRequest);
    assert.equal(request.final, false, "CHAP has more to say");
    wire.loginResponse(request, "AuthMethod=CHAP\0", { flags: TO_OPERATIONAL });
    await assert.rejects(connecting);
    assert.ok(wire.stream.closed);
  });
});

const UNFIT: readonly [key: string, value: string][] = [
  ["MaxBurstLength", "16777215"],
  ["MaxConnections", "2"],
  ["ErrorRecoveryLevel", "2"],
  ["HeaderDigest", "CRC32C,None"],
  ["ImmediateData", "Perhaps"],
  ["MaxOutstandingR2T", "9"],
  ["DefaultTime2Wait", "1"],
];

for (const [key, value] of UNFIT) {
  Deno.test(`RFC 7143 §6.2: ${key}=${value} is no answer to what was offered`, async () => {
    await loggingIn({}, async (wire, connecting) => {
      wire.loginResponse(await operational(wire), `${key}=${value}\0`, { tsih: TSIH });
      await assert.rejects(
        connecting,
        (error) =>
          error instanceof NegotiationError && error.key === key && error.answered === value,
      );
      assert.ok(wire.stream.closed);
    });
  });
}

Deno.test("RFC 7143 §6.2: values below the offers are agreements, and each side's rule decides", async () => {
  const keys = {
    MaxBurstLength: "65536",
    FirstBurstLength: "4096",
    MaxOutstandingR2T: "2",
    DefaultTime2Wait: "30",
    DefaultTime2Retain: "5",
    InitialR2T: "Yes",
    ImmediateData: "No",
  };
  await withSession({ keys }, async (target) => {
    const { parameters } = target.session;
    assert.equal(parameters.maxBurstLength, 65536);
    assert.equal(parameters.maxOutstandingR2T, 2);
    assert.equal(parameters.defaultTime2Wait, 30, "the larger one");
    assert.equal(parameters.defaultTime2Retain, 5, "the smaller one");
    assert.deepEqual([parameters.initialR2T, parameters.immediateData], [true, false]);
    await turn();
  });
});

Deno.test("RFC 7143 §13.15: Time2Wait is the larger of both values, Time2Retain the smaller", async () => {
  const session = { negotiation: { defaultTime2Wait: 1, defaultTime2Retain: 60 } };
  const keys = { DefaultTime2Wait: "9", DefaultTime2Retain: "20" };
  await withSession({ session, keys }, async (target, wire) => {
    const { keys } = wire.stream.sent[1];
    assert.deepEqual([keys.DefaultTime2Wait, keys.DefaultTime2Retain], ["1", "60"]);
    assert.equal(target.session.parameters.defaultTime2Wait, 9);
    assert.equal(target.session.parameters.defaultTime2Retain, 20);
    assert.equal(target.session.reconnectDelayMs, 9000);
    await turn();
  });
});

Deno.test("RFC 7143 §6.2: unknown keys are NotUnderstood, obsolete marker keys are refused and never that", async () => {
  await loggingIn({}, async (wire) => {
    const offers = "IFMarker=No\0OFMarker=No\0IFMarkInt=2048\0X-com.example.a=1\0";
    wire.loginResponse(await operational(wire), offers, { flags: 1 << 2 });
    const { keys } = await wire.only(Op.LoginRequest);
    assert.equal(keys["X-com.example.a"], "NotUnderstood");
    for (const key of ["IFMarker", "OFMarker", "IFMarkInt"]) {
      assert.match(keys[key], /^(No|Reject)$/, key);
    }
  });
});

Deno.test("RFC 7143 §6.2: Irrelevant and Reject leave the default, and are no failure", async () => {
  await loggingIn({}, async (wire, connecting) => {
    const text = "MaxBurstLength=Reject\0FirstBurstLength=Irrelevant\0ImmediateData=No\0";
    wire.loginResponse(await operational(wire), text, { tsih: TSIH });
    const { parameters } = await connecting;
    assert.deepEqual([parameters.maxBurstLength, parameters.firstBurstLength], [262144, 65536]);
  });
});

Deno.test("RFC 7143 §13: keys are offered within their ranges, once, and FirstBurstLength within MaxBurstLength", async () => {
  const session = { negotiation: { maxBurstLength: 8192 } };
  const keys = { MaxBurstLength: "8192", FirstBurstLength: "8192" };
  await withSession({ session, keys }, async (_, wire) => {
    const { keys } = wire.stream.sent[1];
    assert.equal(keys.MaxBurstLength, "8192");
    assert.ok(Number(keys.FirstBurstLength) <= 8192);
    assert.deepEqual(Object.keys(keys).sort(), [
      "DataDigest",
      "DataPDUInOrder",
      "DataSequenceInOrder",
      "DefaultTime2Retain",
      "DefaultTime2Wait",
      "ErrorRecoveryLevel",
      "FirstBurstLength",
      "HeaderDigest",
      "ImmediateData",
      "InitialR2T",
      "MaxBurstLength",
      "MaxConnections",
      "MaxOutstandingR2T",
      "MaxRecvDataSegmentLength",
    ], "one option changes one offer");
    await turn();
  });
});

for (const [status, errorClass] of [[0x0203, LoginError], [0x0300, LoginError]] as const) {
  Deno.test(`RFC 7143 §11.13.5: status ${status.toString(16)} ends the login, and the connection`, async () => {
    await loggingIn({}, async (wire, connecting) => {
      wire.loginResponse(await wire.only(Op.LoginRequest), "", { status, flags: 0, statSn: 0xbad });
      await assert.rejects(
        connecting,
        (error) =>
          error instanceof errorClass && error.statusClass === status >> 8 &&
          error.statusDetail === (status & 0xff),
      );
      assert.ok(wire.stream.closed);
    });
  });
}

Deno.test("RFC 7143 §11.13.5: a target that demands a proof of an initiator without credentials is an AuthenticationError", async () => {
  await loggingIn({}, async (wire, connecting) => {
    wire.loginResponse(await wire.only(Op.LoginRequest), "", { status: 0x0201, flags: 0 });
    await assert.rejects(connecting, AuthenticationError);
  });
});

for (const [status, detail] of [[0x0101, "temporarily"], [0x0102, "for good"]] as const) {
  Deno.test(`RFC 7143 §11.13.5: a target that has moved ${detail} is followed to its TargetAddress, without the group tag`, async () => {
    await loggingIn({}, async (wire, connecting, target) => {
      const text = "TargetAddress=[2001:db8::7]:3261,2\0";
      wire.loginResponse(await wire.only(Op.LoginRequest), text, { status, flags: 0 });
      const second = await target.connection(2);
      assert.ok(wire.stream.closed);
      assert.deepEqual(target.dialed[1], { hostname: "2001:db8::7", port: 3261 });
      await target.answerLogin(2);
      const session = await connecting;
      assert.equal(session.address.hostname, "2001:db8::7");
      second.stream.cut();
      await session.close();
    });
  });
}

for (
  const [status, host] of [[0x0101, "10.0.0.5"], [0x0102, "10.0.0.9"], [
    0x0100,
    "10.0.0.5",
  ]] as const
) {
  Deno.test(`RFC 7143 §11.13.5: after status ${status.toString(16)} the place to log in another time is ${host}`, async () => {
    await loggingIn({}, async (wire, connecting, target) => {
      const text = "TargetAddress=10.0.0.9:3260,1\0";
      wire.loginResponse(await wire.only(Op.LoginRequest), text, { status, flags: 0 });
      const second = await target.connection(2);
      await target.answerLogin(2);
      const session = await connecting;
      assert.deepEqual([session.address.hostname, session.home.hostname], ["10.0.0.9", host]);
      second.stream.cut();
      await session.close();
    });
  });
}

Deno.test("RFC 7143 §11.13.5: redirects in a circle come to an end", async () => {
  const target = new WireTarget({ session: { maxRedirects: 3 } });
  await withTarget(target, async () => {
    const connecting = target.connect();
    for (let hop = 1; hop <= 4; hop++) {
      const wire = await target.connection(hop);
      const request = await wire.only(Op.LoginRequest);
      wire.loginResponse(request, "TargetAddress=10.0.0.9\0", { status: 0x0101, flags: 0 });
    }
    await assert.rejects(connecting, RedirectError);
  });
});

Deno.test("RFC 7143 §6.3: a PDU that is no Login Response is no login: a Reject, a NOP-In, another protocol", async () => {
  const greetings = [header(Op.Reject, FINAL, {}), header(Op.NopIn, FINAL, {})];
  for (const bytes of [...greetings, new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n")]) {
    await loggingIn({}, async (wire, connecting) => {
      await wire.only(Op.LoginRequest);
      wire.stream.deliver(bytes);
      await assert.rejects(connecting, ProtocolError);
      assert.ok(wire.stream.closed);
    });
  }
});

Deno.test("RFC 7143 §13.12: a Login Response beyond 8192 bytes breaks the protocol, whatever was declared", async () => {
  await loggingIn({}, async (wire, connecting) => {
    const request = await operational(wire);
    assert.ok(Number(request.keys.MaxRecvDataSegmentLength) > 8192);
    const text = `X-com.example.a=${"x".repeat(8300)}\0`;
    wire.loginResponse(request, text, { tsih: TSIH });
    await assert.rejects(connecting, ProtocolError);
  });
});

Deno.test("RFC 7143 §6.1: a login text that has no end is given up, and so is a login without one", async () => {
  for (const flags of [CONTINUE | 1 << 2, 1 << 2]) {
    await loggingIn({}, async (wire, connecting) => {
      let request = await operational(wire);
      let rounds = 0;
      for (; rounds < 200 && !wire.stream.closed; rounds++) {
        const isEndless = (flags & CONTINUE) !== 0;
        wire.loginResponse(request, isEndless ? "x".repeat(4000) : "", { flags });
        [request = request] = await wire.received();
      }
      assert.ok(rounds < 200, "there is a bound");
      await assert.rejects(connecting);
    });
  }
});

Deno.test("RFC 7143 §6.3.5: a session that is set up again has the ISID of the old one and TSIH 0", async () => {
  const isid = new Uint8Array([0x80, 9, 8, 7, 6, 5]);
  const target = new WireTarget({ session: { isid } });
  await withTarget(target, async () => {
    for (const count of [1, 2]) {
      const connecting = target.connect();
      await target.answerLogin(count);
      const session = await connecting;
      const [first] = target.wire.stream.sent;
      assert.deepEqual([first.bhs.slice(8, 14), first.u16(14)], [isid, 0]);
      target.wire.stream.cut();
      await session.close();
    }
  });
});

Deno.test("RFC 7143 §11.12.5: a random ISID is of type 10b, and another for each session", async () => {
  const seen = new Set<string>();
  for (let index = 0; index < 3; index++) {
    await loggingIn({}, async (wire) => {
      const isid = (await wire.only(Op.LoginRequest)).bhs.slice(8, 14);
      assert.equal(isid[0], 0x80);
      seen.add(isid.join());
    });
  }
  assert.equal(seen.size, 3);
});

Deno.test("RFC 7143 §4.2.7: the name that an initiator is not given is that of its host", async () => {
  await loggingIn({ initiatorName: undefined }, async (wire) => {
    const name = (await wire.only(Op.LoginRequest)).keys.InitiatorName;
    assert.equal(name, defaultInitiatorName());
    assert.match(name, /^iqn\.\d{4}-\d\d\.[a-z0-9.-]+:[a-z0-9.-]+$/);
  });
});

Deno.test("RFC 7143 §13.9: the portal group tag is taken in, 0 too", async () => {
  await loggingIn({}, async (wire, connecting) => {
    const text = keysText({ AuthMethod: "None", TargetPortalGroupTag: "0" });
    wire.loginResponse(await wire.only(Op.LoginRequest), text);
    wire.loginResponse(await wire.only(Op.LoginRequest), "", { tsih: TSIH });
    assert.equal((await connecting).parameters.targetPortalGroupTag, 0);
  });
});

Deno.test("RFC 7143 §11.13.4: the login's last StatSN is what the first command expects next", async () => {
  await withSession({ statSn: 0x7fffffff }, async (target) => {
    assert.equal((await target.begin(REWIND)).pdu.expStatSn, 0x80000001);
  });
});

Deno.test("RFC 7143 §6.3: a login without an answer ends after its time, and so does one that is cut", async () => {
  await loggingIn({ loginTimeoutMs: 3000 }, async (wire, connecting, target) => {
    await target.advance(3000);
    await assert.rejects(connecting, LoginError);
    assert.ok(wire.stream.closed);
  });
  await loggingIn({}, async (wire, connecting) => {
    wire.stream.cut();
    await assert.rejects(connecting, ConnectionLostError);
  });
});

Deno.test("RFC 7143 §11.3: a command has W or R and its length as direction has it, F, and a SIMPLE attribute", async () => {
  await withSession({}, async (target, wire) => {
    const { pdu: read } = await target.begin(READ, { dataIn: new Uint8Array(512) });
    assert.deepEqual([read.u8(0), read.u8(1), read.expectedLength], [0x01, 0xc1, 512]);
    const { pdu: write } = await target.begin(WRITE, { dataOut: new Uint8Array(512) });
    assert.deepEqual([write.u8(1), write.expectedLength], [0xa1, 512]);
    const { pdu: none } = await target.begin(REWIND);
    assert.deepEqual([none.u8(1), none.expectedLength, none.dataSegmentLength], [0x81, 0, 0]);
    await wire.quiet();
  });
});
