import assert from "node:assert/strict";
import {
  ConnectionLostError,
  defaultInitiatorName,
  LoginError,
  ProtocolError,
} from "../../../iscsi/mod.ts";
import { REWIND } from "./cdbs.ts";
import {
  AUTH_NONE,
  loggingIn,
  operational,
  security,
  TO_FULL_FEATURE,
  TO_OPERATIONAL,
} from "./login_dialogue.ts";
import type { WireConnection } from "./wire_connection.ts";
import { CONTINUE, FINAL, header, Op } from "./wire_pdu.ts";
import { TARGET_NAME, TSIH, WireTarget, withSession, withTarget } from "./wire_target.ts";

Deno.test("RFC 7143 §11.12: the first Login Request is immediate (43h), of version 0, for a new session, with CID and numbers", async () => {
  const isid = new Uint8Array([0x00, 0x12, 0x34, 0x56, 0xab, 0xcd]);
  await loggingIn({ isid }, async (wire) => {
    const pdu = await wire.only(Op.LoginRequest);
    assert.equal(pdu.u8(0), 0x43);
    assert.equal(pdu.u8(1), TO_FULL_FEATURE, "T, CSG 1, NSG 3");
    assert.deepEqual([pdu.u8(2), pdu.u8(3)], [0, 0]);
    assert.deepEqual([...pdu.bhs.subarray(8, 14)], [...isid]);
    assert.deepEqual([pdu.u16(14), pdu.cid], [0, 0]);
  });
});

Deno.test("RFC 7143 §6.3: the first Login Request names initiator, target and session type, with no security keys in the operational stage", async () => {
  await loggingIn({ initiatorName: "iqn.2026-03.com.example:me" }, async (wire) => {
    const { keys } = await wire.only(Op.LoginRequest);
    assert.equal(keys.InitiatorName, "iqn.2026-03.com.example:me");
    assert.deepEqual([keys.TargetName, keys.SessionType], [TARGET_NAME, "Normal"]);
    assert.equal(keys.AuthMethod, undefined);
  });
});

Deno.test("RFC 7143 §6.3: a target that insists on the security stage is logged in to through it, where nothing operational is said", async () => {
  await loggingIn(
    { initiatorName: "iqn.2026-03.com.example:me" },
    async (wire, connecting, target) => {
      const request = await security(target);
      assert.ok(wire.stream.closed);
      assert.equal(request.u8(1), TO_OPERATIONAL, "T, CSG 0, NSG 1");
      assert.deepEqual(request.keys, {
        InitiatorName: "iqn.2026-03.com.example:me",
        TargetName: TARGET_NAME,
        SessionType: "Normal",
        AuthMethod: "None",
      });
      target.wire.loginResponse(request, AUTH_NONE);
      const second = await target.wire.only(Op.LoginRequest);
      target.wire.loginResponse(second, target.answersTo(second), { tsih: TSIH });
      const session = await connecting;
      target.wire.stream.cut();
      await session.close();
    },
  );
});

Deno.test("RFC 7143 §6.3: one tag and one CmdSN serve all of a login, and no key is said twice", async () => {
  await loggingIn({}, async (_, __, target) => {
    const first = await security(target);
    const { wire } = target;
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
  await loggingIn({ extraKeys }, async (_, __, target) => {
    const declared = AUTH_NONE + "MaxRecvDataSegmentLength=65536\0";
    const begin = await security(target);
    const { wire } = target;
    wire.loginResponse(begin, declared);
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

Deno.test("RFC 7143 §11.13.4: the login's last StatSN is what the first command expects next", async () => {
  await withSession({ statSn: 0x7fffffff }, async (target) => {
    assert.equal((await target.begin(REWIND)).pdu.expStatSn, 0x80000000);
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
