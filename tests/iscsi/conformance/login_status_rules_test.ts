import assert from "node:assert/strict";
import { AuthenticationError, LoginError, RedirectError } from "../../../iscsi/mod.ts";
import { loggingIn } from "./login_dialogue.ts";
import { Op } from "./wire_pdu.ts";
import { WireTarget, withTarget } from "./wire_target.ts";

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
  await loggingIn({}, async (wire, connecting, target) => {
    wire.loginResponse(await wire.only(Op.LoginRequest), "", { status: 0x0201, flags: 0 });
    const second = await target.connection(2);
    second.loginResponse(await second.only(Op.LoginRequest), "", { status: 0x0201, flags: 0 });
    await assert.rejects(connecting, AuthenticationError);
    assert.equal(target.connections.length, 2, "the way through the security stage is tried once");
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
