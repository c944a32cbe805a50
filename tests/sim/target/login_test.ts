import assert from "node:assert/strict";
import { decodeText, encodeText, type KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { LoginStatus } from "../../../iscsi/pdu/login_status.ts";
import type { LoginResponse } from "../../../iscsi/pdu/login.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { answerChallenge } from "./chap_login.ts";
import {
  INITIATOR_NAME,
  type Received,
  type ScriptedInitiator,
  TARGET_NAME,
} from "./scripted_initiator.ts";
import { withTarget } from "./target_fixture.ts";

const NAMES: KeyValuePair[] = [["InitiatorName", INITIATOR_NAME], ["TargetName", TARGET_NAME]];
const SECRET = "secret-of-reader";
const CHAP = { accounts: [{ name: "reader", secret: SECRET }] };

function status({ pdu }: Received<LoginResponse>): number {
  return pdu.statusClass << 8 | pdu.statusDetail;
}

function keys({ data }: Received): Map<string, string> {
  return new Map(decodeText(data));
}

Deno.test("A login numbers its first command and hands out a TSIH with its last response", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    initiator.cmdSn = 77;
    const security = await initiator.loginRound({ csg: 0, nsg: 1 }, [...NAMES, [
      "AuthMethod",
      "None",
    ]]);
    assert.equal(security.pdu.tsih, 0);
    assert.equal(security.pdu.expCmdSn, 77);
    assert.equal(keys(security).get("TargetPortalGroupTag"), "1");
    const last = await initiator.loginRound({ csg: 1 }, []);
    assert.ok(last.pdu.transit);
    assert.notEqual(last.pdu.tsih, 0);
    assert.equal(last.pdu.statSn, security.pdu.statSn + 1);
    assert.equal(keys(last).get("MaxRecvDataSegmentLength"), "262144");
    assert.equal(last.pdu.maxCmdSn - last.pdu.expCmdSn, 63);
    const [session] = fixture.target.sessions();
    assert.equal(session.tsih, last.pdu.tsih);
    assert.equal(session.isid, "800102030001");
  }));

Deno.test("StatSN starts where it is told and wraps", () =>
  withTarget({ initialStatSn: 0xffffffff }, async (fixture) => {
    const initiator = await fixture.connect();
    assert.equal((await initiator.login()).statSn, 0xffffffff);
    await initiator.ping({ itt: 5 });
    assert.equal((await initiator.expect(Opcode.NopIn)).pdu.statSn, 0);
  }));

Deno.test("Without CHAP nobody gets in, in whichever stage the login begins", () =>
  withTarget({ chap: CHAP }, async (fixture) => {
    const attempts: ((initiator: ScriptedInitiator) => Promise<Received<LoginResponse>>)[] = [
      (initiator) => initiator.loginRound({ csg: 1 }, NAMES),
      (initiator) => initiator.loginRound({ csg: 0, nsg: 3 }, [...NAMES, ["AuthMethod", "None"]]),
      async (initiator) => {
        const first = await initiator.loginRound({ csg: 0, nsg: 1 }, NAMES);
        assert.equal(first.pdu.transit, false, "the security stage is not over");
        return await initiator.loginRound({ csg: 1 }, []);
      },
    ];
    for (const attempt of attempts) {
      const initiator = await fixture.connect();
      assert.notEqual(status(await attempt(initiator)), LoginStatus.Success);
      await initiator.expectEnd();
    }
    assert.equal(fixture.target.sessions().length, 0);
    assert.equal(fixture.eventsOf("login-refused").length, 3);
    assert.deepEqual(fixture.device.log, []);
  }));

Deno.test("CHAP lets in who knows the secret, and the session says who it is", () =>
  withTarget({ chap: CHAP }, async (fixture) => {
    const initiator = await fixture.connect();
    const proven = await answerChallenge(initiator, SECRET);
    assert.ok(proven.pdu.transit);
    assert.equal(status(await initiator.loginRound({ csg: 1 }, [])), LoginStatus.Success);
    assert.equal(fixture.target.sessions()[0].authenticatedAs, "reader");
  }));

Deno.test("CHAP refuses a wrong secret with 0201h", () =>
  withTarget({ chap: CHAP }, async (fixture) => {
    const initiator = await fixture.connect();
    const refused = await answerChallenge(initiator, "another-secret!!");
    assert.equal(status(refused), LoginStatus.AuthenticationFailure);
    await initiator.expectEnd();
  }));

Deno.test("Discovery asks for CHAP too, unless told otherwise", async () => {
  const discovery: KeyValuePair[] = [["InitiatorName", INITIATOR_NAME], [
    "SessionType",
    "Discovery",
  ]];
  for (
    const [chap, expected] of [
      [CHAP, LoginStatus.AuthenticationFailure],
      [{ ...CHAP, discovery: false }, LoginStatus.Success],
    ] as const
  ) {
    await withTarget({ chap }, async (fixture) => {
      const initiator = await fixture.connect();
      assert.equal(status(await initiator.loginRound({ csg: 1 }, discovery)), expected);
    });
  }
});

const REFUSALS: {
  name: string;
  options?: Parameters<typeof withTarget>[0];
  keys?: KeyValuePair[];
  tsih?: number;
  status: number;
}[] = [
  {
    name: "an unknown target",
    keys: [["InitiatorName", INITIATOR_NAME], ["TargetName", "iqn.2026-03.com.example:other"]],
    status: LoginStatus.NotFound,
  },
  {
    name: "a nameless initiator",
    keys: [["TargetName", TARGET_NAME]],
    status: LoginStatus.MissingParameter,
  },
  {
    name: "an initiator that is not on the list",
    options: { initiators: ["iqn.2026-03.com.example:somebody"] },
    status: LoginStatus.AuthorizationFailure,
  },
  { name: "a session that does not exist", tsih: 9, status: LoginStatus.SessionDoesNotExist },
  {
    name: "an initiator without the digest it insists on",
    options: { headerDigest: "crc32c" },
    keys: [...NAMES, ["HeaderDigest", "None"]],
    status: LoginStatus.InitiatorError,
  },
];
for (const { name, options = {}, keys: said = NAMES, tsih, status: expected } of REFUSALS) {
  Deno.test(`A login is refused for ${name}, and the connection closed`, () =>
    withTarget(options, async (fixture) => {
      const initiator = await fixture.connect();
      assert.equal(status(await initiator.loginRound({ csg: 1, tsih }, said)), expected);
      await initiator.expectEnd();
      assert.equal(fixture.target.sessions().length, 0);
    }));
}

Deno.test("A redirect names the other portal", () =>
  withTarget({ redirect: { address: "10.0.0.9:3261", permanent: true } }, async (fixture) => {
    const initiator = await fixture.connect();
    const answer = await initiator.loginRound({ csg: 1 }, NAMES);
    assert.equal(status(answer), LoginStatus.TargetMovedPermanently);
    assert.equal(keys(answer).get("TargetAddress"), "10.0.0.9:3261");
    await initiator.expectEnd();
  }));

Deno.test("A text that the C bit spreads over requests is answered once it is whole", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    const text = encodeText([...NAMES, ["MaxBurstLength", "65536"]]);
    const half = await initiator.loginRound(
      { csg: 1, transit: false, continue: true },
      text.subarray(0, 50),
    );
    assert.equal(half.data.length, 0);
    assert.equal(half.pdu.transit, false);
    const whole = await initiator.loginRound({ csg: 1 }, text.subarray(50));
    assert.equal(keys(whole).get("MaxBurstLength"), "65536");
    assert.ok(whole.pdu.transit);
  }));

Deno.test("A request of another kind during the login is refused with 020Bh", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.loginRound({ csg: 0, transit: false }, NAMES);
    await initiator.command({});
    const answer = await initiator.expect(Opcode.LoginResponse);
    assert.equal(status(answer), LoginStatus.InvalidDuringLogin);
    await initiator.expectEnd();
  }));

Deno.test("A connection that does not begin with a login is closed without an answer", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.ping({ itt: 1 });
    await initiator.expectEnd();
    const [{ error }] = fixture.eventsOf("disconnected") as { error?: Error }[];
    assert.equal(error?.name, "ProtocolError");
  }));

Deno.test("A Login Request without the I bit is refused", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    const bhs = new Uint8Array(48);
    bhs.set([0x03, 0x87]);
    await initiator.sendBytes([bhs]);
    const answer = await initiator.expect(Opcode.LoginResponse);
    assert.equal(status(answer), LoginStatus.InitiatorError);
    await initiator.expectEnd();
  }));

Deno.test("A login with the same name and ISID ends the session before it", () =>
  withTarget({}, async (fixture) => {
    const first = await fixture.connect();
    const { tsih } = await first.login();
    const second = await fixture.connect();
    const again = await second.login();
    await first.expectEnd();
    assert.notEqual(again.tsih, tsih);
    assert.equal(fixture.target.sessions().length, 1);
    const isid = "800102030001";
    assert.deepEqual(fixture.device.log, [`nexus+ ${isid}`, `nexus- ${isid}`, `nexus+ ${isid}`]);
    await second.expectSilence();
  }));

Deno.test("A refused login with the same name and ISID leaves the session alone", () =>
  withTarget({}, async (fixture) => {
    const first = await fixture.connect();
    await first.login();
    const second = await fixture.connect();
    const answer = await second.loginRound({ csg: 1 }, [...NAMES, ["SessionType", "Other"]]);
    assert.equal(status(answer), LoginStatus.SessionTypeNotSupported);
    await first.expectSilence();
  }));

Deno.test("A second connection cannot join a session that agreed on one", () =>
  withTarget({}, async (fixture) => {
    const first = await fixture.connect();
    const { tsih } = await first.login();
    const second = await fixture.connect();
    second.cid = 1;
    const answer = await second.loginRound({ csg: 1, tsih }, NAMES);
    assert.equal(status(answer), LoginStatus.TooManyConnections);
    await first.expectSilence();
  }));

Deno.test("Two initiators have sessions side by side", () =>
  withTarget({}, async (fixture) => {
    const [first, second] = [await fixture.connect(), await fixture.connect()];
    await first.login();
    await second.login({ isid: [0x80, 9, 9, 9, 0, 1] });
    await first.expectSilence();
    await second.expectSilence();
    assert.equal(fixture.target.sessions().length, 2);
  }));

Deno.test("A login that is to join a session which ends meanwhile is told so, and its connection closes", () =>
  withTarget({}, async (fixture) => {
    const first = await fixture.connect();
    const { tsih } = await first.login({ keys: [["MaxConnections", "2"]] });
    const joining = await fixture.connect();
    joining.cid = 1;
    const begin = await joining.loginRound({ csg: 0, nsg: 1, tsih }, [
      ...NAMES,
      ["AuthMethod", "None"],
    ]);
    assert.equal(status(begin), LoginStatus.Success);
    await first.logout(0);
    await first.expectEnd();
    const last = await joining.loginRound({ csg: 1, tsih }, []);
    assert.equal(status(last), LoginStatus.SessionDoesNotExist);
    await joining.expectEnd();
  }));
