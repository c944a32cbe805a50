import assert from "node:assert/strict";
import {
  AuthenticationError,
  ConnectError,
  InvalidOptionError,
  LoginError,
  SessionClosedError,
} from "../../../iscsi/errors.ts";
import {
  type ReconnectOptions,
  type ReconnectState,
  RecoverableUnit,
} from "../../../iscsi/session/recoverable_unit.ts";
import type { Session } from "../../../iscsi/session/session.ts";
import { Command } from "../../sim/target/scripted_device.ts";
import { settled, type SimulatedPair, until, withSimulatedPair } from "./simulated_pair.ts";

const REASON = new Error("enough");
const ISID = Uint8Array.of(0x80, 1, 2, 3, 4, 5);

interface Outage {
  readonly pair: SimulatedPair;
  readonly unit: RecoverableUnit;
  /** When each login was tried. */
  readonly attempts: number[];
  /** What the next logins fail with. */
  readonly failures: unknown[];
}

/** A unit whose session has just been lost. */
function withOutage(
  use: (outage: Outage) => Promise<void>,
  options: ReconnectOptions = {},
): Promise<void> {
  return withSimulatedPair({}, async (pair) => {
    const attempts: number[] = [];
    const failures: unknown[] = [];
    const connect = (signal?: AbortSignal): Promise<Session> => {
      attempts.push(pair.clock.now());
      return failures.length > 0
        ? Promise.reject(failures.shift())
        : pair.connect({ isid: ISID, signal, keepalive: false });
    };
    const session = await pair.connect({ isid: ISID, keepalive: false });
    const unit = new RecoverableUnit(session, {
      lun: 0n,
      name: "the drive",
      connect,
      clock: pair.clock,
      randomBytes: (length) => new Uint8Array(length).fill(128), // no jitter
    }, options);
    try {
      pair.clock.advance(20_000); // the login's timer
      pair.target.sessions()[0].disconnect();
      await until(() => unit.nexusLost);
      await use({ pair, unit, failures, attempts });
    } finally {
      await unit.close();
    }
    assert.equal(pair.target.sessions().length, 0, "a session is left");
  });
}

/** Lets time pass, half a second in each turn of the event loop, until a promise settles. */
async function passing<T>(pair: SimulatedPair, promise: Promise<T>): Promise<T> {
  let isOver = false;
  const end = () => isOver = true;
  promise.then(end, end);
  await settled();
  await until(() => {
    pair.clock.advance(500);
    return isOver;
  });
  return promise;
}

function connectError(): ConnectError {
  return new ConnectError("Connect to the drive: refused", { address: "drive:3260" });
}

Deno.test("A lost session is set up anew after Time2Wait, and commands go through again", () =>
  withOutage(async ({ pair, unit, attempts }) => {
    const begin = pair.clock.now();
    await assert.rejects(unit.execute({ cdb: Command.read(0) }), SessionClosedError);
    await passing(pair, unit.reestablish());
    assert.deepEqual(attempts.map((at) => at - begin), [2000]);
    assert.equal(unit.nexusLost, false);
    assert.equal((await unit.execute({ cdb: Command.read(0) })).status, 0);
    assert.equal(pair.target.sessions().length, 1);
  }));

Deno.test("Each attempt waits twice as long as the one before, up to a minute", () =>
  withOutage(async ({ pair, unit, failures, attempts }) => {
    for (let index = 0; index < 9; index++) failures.push(connectError());
    await passing(pair, unit.reestablish());
    const waits = attempts.slice(1).map((at, index) => at - attempts[index]);
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
  }, { attempts: 10 }));

Deno.test("When the budget of attempts is spent, the last error is final; the next outage has its own", () =>
  withOutage(async ({ pair, unit, failures, attempts }) => {
    const last = connectError();
    failures.push(connectError(), connectError(), last);
    await assert.rejects(passing(pair, unit.reestablish()), last);
    assert.equal(attempts.length, 3);
    assert.ok(unit.nexusLost);
    failures.push(connectError());
    await passing(pair, unit.reestablish());
    assert.equal(unit.nexusLost, false);
  }, { attempts: 3 }));

const final = [
  new AuthenticationError("wrong", { reason: "wrong-secret-or-name" }),
  new LoginError("not found", { stage: "security", statusClass: 2, statusDetail: 3 }),
  new InvalidOptionError("portal", "wrong"),
];

for (const error of final) {
  Deno.test(`An attempt that fails with ${error.name} is not repeated`, () =>
    withOutage(async ({ pair, unit, failures, attempts }) => {
      failures.push(error);
      await assert.rejects(passing(pair, unit.reestablish()), error);
      assert.equal(attempts.length, 1);
    }));
}

Deno.test("A target that is not ready for a login is tried again", () =>
  withOutage(async ({ pair, unit, failures }) => {
    failures.push(new LoginError("busy", { stage: "security", statusClass: 3, statusDetail: 1 }));
    await passing(pair, unit.reestablish());
    assert.equal(unit.nexusLost, false);
  }));

Deno.test("A signal ends the wait for the next attempt", () =>
  withOutage(async ({ pair, unit, attempts }) => {
    const controller = new AbortController();
    const ended = assert.rejects(unit.reestablish(controller.signal), REASON);
    await until(() => pair.clock.pending > 0);
    controller.abort(REASON);
    await ended;
    assert.deepEqual([attempts.length, pair.clock.pending], [0, 0]);
  }));

Deno.test("Two callers share one new session", () =>
  withOutage(async ({ pair, unit, attempts }) => {
    await passing(pair, Promise.all([unit.reestablish(), unit.reestablish()]));
    assert.equal(attempts.length, 1);
  }));

Deno.test("A caller that gives up leaves the new session to the others, with the reason that is its own", () =>
  withOutage(async ({ pair, unit, attempts }) => {
    const controller = new AbortController();
    const first = assert.rejects(unit.reestablish(controller.signal), REASON);
    const second = unit.reestablish();
    await until(() => pair.clock.pending > 0);
    controller.abort(REASON);
    await first;
    await passing(pair, second);
    assert.deepEqual([attempts.length, unit.nexusLost], [1, false]);
  }));

Deno.test("A later caller's signal ends its own wait, and the last one's what sets up a new session", () =>
  withOutage(async ({ pair, unit, attempts }) => {
    const early = new AbortController();
    const late = new AbortController();
    const first = assert.rejects(unit.reestablish(early.signal), REASON);
    const second = assert.rejects(unit.reestablish(late.signal), { message: "enough, too" });
    await until(() => pair.clock.pending > 0);
    late.abort(new Error("enough, too"));
    await second;
    assert.equal(pair.clock.pending, 1, "the other one waits on");
    early.abort(REASON);
    await first;
    assert.deepEqual([attempts.length, pair.clock.pending], [0, 0]);
  }));

Deno.test("A caller that comes while all others give up gets a new session", () =>
  withOutage(async ({ pair, unit, attempts }) => {
    const controller = new AbortController();
    const first = assert.rejects(unit.reestablish(controller.signal), REASON);
    await until(() => pair.clock.pending > 0);
    controller.abort(REASON);
    await passing(pair, Promise.all([first, unit.reestablish(), unit.reestablish()]));
    assert.deepEqual([attempts.length, unit.nexusLost], [1, false]);
  }));

Deno.test("What was called off too late is a session that whoever comes then does not replace", () => {
  const controller = new AbortController();
  let again: () => Promise<void>;
  let second: Promise<void> | undefined;
  const changed = ({ step }: ReconnectState) => {
    if (step !== "connected") return;
    controller.abort(REASON);
    second ??= again();
  };
  return withOutage(async ({ pair, unit, attempts }) => {
    again = () => unit.reestablish();
    await passing(pair, unit.reestablish(controller.signal));
    await passing(pair, second!);
    assert.deepEqual([attempts.length, unit.nexusLost], [1, false]);
  }, { changed });
});

Deno.test("A caller that has given up before it called sets up nothing", () =>
  withOutage(async ({ pair, unit, attempts }) => {
    await assert.rejects(unit.reestablish(AbortSignal.abort(REASON)), REASON);
    await settled();
    assert.deepEqual([attempts.length, pair.clock.pending], [0, 0]);
  }));

Deno.test("Closing the unit ends what sets up a new session, and none begins afterwards", () =>
  withOutage(async ({ pair, unit, attempts }) => {
    const ended = assert.rejects(unit.reestablish(), SessionClosedError);
    await until(() => pair.clock.pending > 0);
    await unit.close();
    await ended;
    await assert.rejects(unit.reestablish(), SessionClosedError);
    assert.deepEqual([attempts.length, pair.clock.pending], [0, 0]);
  }));

Deno.test("The Time2Wait of a farewell is waited for", () =>
  withSimulatedPair({}, async (pair) => {
    const session = await pair.connect({ keepalive: false });
    try {
      assert.equal(session.reconnectDelayMs, 2000);
      pair.target.sessions()[0].sendAsync({ event: 3, parameter2: 9, parameter3: 20 });
      await until(() => session.closed);
      assert.equal(session.reconnectDelayMs, 9000);
    } finally {
      await session.close();
    }
  }));

Deno.test("reconnectNow() makes the next attempt at once, and the hook sees every step", () => {
  const steps: ReconnectState["step"][] = [];
  return withOutage(async ({ pair, unit, failures, attempts }) => {
    failures.push(connectError());
    const done = unit.reestablish();
    for (const count of [1, 2]) {
      await until(() => pair.clock.pending > 0);
      unit.reconnectNow();
      await until(() => attempts.length === count);
    }
    await done;
    assert.deepEqual(new Set(attempts), new Set([pair.clock.now()]), "no time has passed");
    assert.deepEqual(steps, ["waiting", "connecting", "waiting", "connecting", "connected"]);
  }, { changed: ({ step }) => steps.push(step) });
});

Deno.test("No attempt begins once the time of the outage is over", () =>
  withOutage(async ({ pair, unit, failures, attempts }) => {
    const last = connectError();
    failures.push(connectError(), connectError(), last, connectError());
    await assert.rejects(passing(pair, unit.reestablish()), last);
    assert.equal(attempts.length, 3, "after 2, 3 and 5 s; the next would be after 9 s");
  }, { attempts: 100, withinMs: 8_000 }));

Deno.test("A command that may be repeated is sent on the new session where that was asked for, no other is", () =>
  withOutage(async ({ pair, unit }) => {
    const write = Uint8Array.of(0x0a, 0, 0, 0, 4, 0);
    await assert.rejects(
      unit.execute({ cdb: write, dataOut: new Uint8Array(4) }),
      SessionClosedError,
    );
    assert.ok(unit.nexusLost, "nothing was set up for it");
    const testUnitReady = new Uint8Array(6);
    const result = await passing(pair, unit.execute({ cdb: testUnitReady }));
    assert.equal(typeof result.status, "number");
    assert.equal(unit.nexusLost, false);
  }, { repeatCommands: true }));
