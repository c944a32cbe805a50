import assert from "node:assert/strict";
import {
  AuthenticationError,
  ConnectError,
  InvalidOptionError,
  LoginError,
  RedirectError,
} from "../../../iscsi/errors.ts";
import { Session } from "../../../iscsi/session/session.ts";
import type { SessionStateChange } from "../../../iscsi/session/session_hooks.ts";
import type { ByteStream } from "../../../transport/byte_stream.ts";
import { VirtualClock } from "../../../transport/clock.ts";
import { Command } from "../../sim/target/scripted_device.ts";
import { TARGET_NAME } from "../../sim/target/scripted_initiator.ts";
import { settled, silentDialer, withSimulatedPair } from "./simulated_pair.ts";

const REASON = new Error("enough");

Deno.test("Mutual CHAP proves both sides; a login that fails leaves nothing open", () => {
  const account = { name: "reader", secret: "secret-of-reader" };
  const target = { name: "drive", secret: "secret-of-drive!" };
  return withSimulatedPair({ chap: { accounts: [account], target } }, async (pair) => {
    const session = await pair.connect({ chap: { ...account, target } });
    await session.close();
    const wrong = { ...target, secret: "another-secret-here" };
    for (
      const chap of [undefined, { ...account, secret: wrong.secret }, {
        ...account,
        target: wrong,
      }]
    ) {
      await assert.rejects(pair.connect({ chap }), AuthenticationError);
    }
    // The one without credentials is tried with and without the security stage.
    assert.deepEqual(pair.dialed.map(({ closes }) => closes > 0), new Array(5).fill(true));
    assert.equal(pair.clock.pending, 0, "no timer is left");
  });
});

Deno.test("A redirected login follows, each connection with its own states", () =>
  withSimulatedPair(
    {},
    ({ target, device }) =>
      withSimulatedPair({ redirect: { address: "elsewhere:3261" } }, async (pair) => {
        const changes: SessionStateChange[] = [];
        const session = await pair.connect({
          dial: (address, options) =>
            address.hostname === "elsewhere"
              ? target.dial(target.address, options)
              : pair.dial(address, options),
          hooks: { stateChanged: (change) => changes.push(change) },
        });
        assert.deepEqual(session.address, { hostname: "elsewhere", port: 3261 });
        await session.logicalUnit(0).execute({ cdb: Command.read(0) });
        await session.close();
        assert.ok(device.log.includes("read 0"));
        assert.deepEqual(changes.map(({ from, to }) => `${from} > ${to}`), [
          "connecting > login",
          "login > closed",
          "connecting > login",
          "login > full-feature",
          "full-feature > logout",
          "logout > closed",
        ]);
        assert.deepEqual([changes[1].reason, changes[4].reason, changes[5].reason], [
          "redirected to elsewhere:3261",
          "closed by its owner",
          "logged out",
        ]);
        assert.deepEqual(pair.dialed.map(({ closes }) => closes > 0), [true]);
      }),
  ));

for (const permanent of [false, true]) {
  const home = permanent ? "elsewhere:3261" : "simulator:3260";
  Deno.test(`After a target has moved ${permanent ? "for good" : "for now"}, the next login is for ${home}`, () =>
    withSimulatedPair(
      {},
      ({ target }) =>
        withSimulatedPair({ redirect: { address: "elsewhere:3261", permanent } }, async (pair) => {
          const session = await pair.connect({
            dial: (address, options) =>
              address.hostname === "elsewhere"
                ? target.dial(target.address, options)
                : pair.dial(address, options),
          });
          await session.close();
          assert.equal(`${session.home.hostname}:${session.home.port}`, home);
        }),
    ));
}

Deno.test("A login that is redirected in a circle ends, and says where it has been", () =>
  withSimulatedPair({ redirect: { address: "simulator:3260" } }, async ({ connect, dialed }) => {
    await assert.rejects(connect({ maxRedirects: 3 }), (error) => {
      assert.ok(error instanceof RedirectError);
      assert.equal(error.hops.length, 4);
      return true;
    });
    assert.equal(dialed.length, 4);
    assert.ok(dialed.every(({ closes }) => closes > 0));
  }));

Deno.test("A login without an answer ends after its time, or when its signal says so", async () => {
  const clock = new VirtualClock();
  const silence = silentDialer();
  const options = { portal: "nowhere", targetName: TARGET_NAME, dial: silence.dial, clock };
  const slow = assert.rejects(Session.connect(options), LoginError);
  await settled();
  clock.advance(15_000);
  await slow;
  const controller = new AbortController();
  const called = assert.rejects(
    Session.connect({ ...options, signal: controller.signal }),
    REASON,
  );
  await settled();
  controller.abort(REASON);
  await called;
  assert.ok(silence.closes >= 2);
  assert.equal(clock.pending, 0);
});

Deno.test("A dialer that ignores its signal is not waited for, and its stream is closed when it comes", async () => {
  const clock = new VirtualClock();
  const dialing = Promise.withResolvers<ByteStream>();
  const connecting = Session.connect({
    portal: "nowhere",
    targetName: TARGET_NAME,
    dial: () => dialing.promise,
    clock,
  });
  const failed = assert.rejects(connecting, (error) => {
    assert.ok(error instanceof ConnectError);
    assert.equal(error.timeoutMs, 10_000);
    assert.equal(error.message, "Cannot connect to nowhere:3260: no answer within 10 s");
    return true;
  });
  await settled();
  clock.advance(10_000);
  await failed;
  let closed = false;
  dialing.resolve({
    read: () => Promise.resolve(null),
    write: () => Promise.resolve(),
    close: () => closed = true,
  });
  await settled();
  assert.ok(closed);
});

Deno.test("Options that cannot be right are refused before anything is dialed", async () => {
  let dialed = 0;
  const dial = () => {
    dialed++;
    return Promise.reject(new Error("no network"));
  };
  const good = { portal: "simulator", targetName: TARGET_NAME, dial };
  for (
    const bad of [
      { initiatorName: "me" },
      { targetName: "" },
      { portal: "a:b:c:d" },
      { negotiation: { maxBurstLength: 1 } },
      { chap: { name: "reader", secret: "short" } },
    ]
  ) {
    await assert.rejects(
      Session.connect({ ...good, ...bad }),
      (error) => error instanceof InvalidOptionError || error instanceof AuthenticationError,
    );
  }
  assert.equal(dialed, 0);
});

Deno.test("An address that cannot be reached is named once, and that of a proxy beside it", async () => {
  for (
    const [told, message] of [
      ["Cannot connect to nowhere:3260: connection refused", undefined],
      [
        "Cannot connect to proxy:1080: timed out",
        "Cannot connect to nowhere:3260: Cannot connect to proxy:1080: timed out",
      ],
      ["the cable is out", "Cannot connect to nowhere:3260: the cable is out"],
    ]
  ) {
    const connecting = Session.connect({
      portal: "nowhere",
      targetName: TARGET_NAME,
      dial: () => Promise.reject(new Error(told)),
    });
    await assert.rejects(connecting, { message: message ?? told });
  }
});

Deno.test("A connection that cannot be made is told to the hook, too", async () => {
  const changes: SessionStateChange[] = [];
  const refused = new Error("refused");
  await assert.rejects(
    Session.connect({
      portal: "nowhere",
      targetName: TARGET_NAME,
      dial: () => Promise.reject(refused),
      hooks: { stateChanged: (change) => changes.push(change) },
    }),
    ConnectError,
  );
  assert.deepEqual(changes.map(({ from, to }) => [from, to]), [["connecting", "closed"]]);
  assert.ok(changes[0].error instanceof ConnectError);
});
