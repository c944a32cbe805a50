import assert from "node:assert/strict";
import { IscsiError, Session } from "../../../iscsi/mod.ts";
import { REWIND } from "./cdbs.ts";
import { Op } from "./wire_pdu.ts";
import { WireTarget, withTarget } from "./wire_target.ts";

/** Runs a test in a discovery session. */
async function discovering(
  use: (target: WireTarget, session: Session) => Promise<void>,
): Promise<void> {
  const target = new WireTarget({ session: { headerDigest: "prefer-crc32c", keepalive: {} } });
  await withTarget(target, async () => {
    const connecting = Session.connectDiscovery(target.sessionOptions);
    await target.answerLogin(1);
    const session = await connecting;
    try {
      await use(target, session);
    } finally {
      target.wire.stream.cut();
      await session.close();
    }
  });
}

Deno.test("RFC 7143 §4.3, §13.21: a discovery session names no target, and offers nothing that has no meaning there, nor digests", async () => {
  await discovering(async ({ wire }) => {
    const [{ keys }] = wire.stream.sent;
    assert.equal(keys.SessionType, "Discovery");
    assert.deepEqual(Object.keys(keys).sort(), [
      "DataDigest",
      "DefaultTime2Retain",
      "DefaultTime2Wait",
      "ErrorRecoveryLevel",
      "HeaderDigest",
      "InitiatorName",
      "MaxRecvDataSegmentLength",
      "SessionType",
    ]);
    assert.deepEqual([keys.HeaderDigest, keys.DataDigest], ["None", "None"]);
    assert.equal(keys.ErrorRecoveryLevel, "0");
    await wire.quiet();
  });
});

Deno.test("RFC 7143 §13.21: a discovery session sends text requests and a logout only: no command, no task management, no ping", async () => {
  await discovering(async (target, session) => {
    const unit = session.logicalUnit(0);
    await assert.rejects(unit.execute({ cdb: new Uint8Array(REWIND) }), IscsiError);
    await assert.rejects(session.abortTaskSet(0), IscsiError);
    await target.advance(130_000);
    await target.wire.quiet();
    const closing = session.close();
    const logout = await target.wire.only(Op.LogoutRequest);
    assert.equal(logout.function, 0);
    target.wire.logoutResponse(logout.itt);
    await closing;
  });
});

Deno.test("RFC 7143 §11.10.4: an answer to a text request that has no end is given up", async () => {
  await discovering(async ({ wire }, session) => {
    const asking = session.text(new TextEncoder().encode("SendTargets=All\0"));
    asking.catch(() => {});
    const { itt } = await wire.only(Op.TextRequest);
    const part = "TargetName=iqn.2026-03.com.example:a\0".repeat(1400);
    let parts = 0;
    for (; parts < 200 && !wire.stream.closed; parts++) {
      wire.textResponse(itt, part, { flags: 0, ttt: 1 });
      await wire.received();
    }
    assert.ok(parts < 200, "there is a bound");
    await assert.rejects(asking, IscsiError);
  });
});
