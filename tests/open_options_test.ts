import assert from "node:assert/strict";
import { openChanger } from "../open_changer.ts";
import { listLogicalUnits } from "../logical_unit_listing.ts";
import { openLogicalUnit, openTape } from "../open_tape.ts";
import { ConnectError, InvalidOptionError } from "../iscsi/errors.ts";
import { discover } from "../iscsi/session/discovery.ts";
import { loopbackTarget, MemoryMedium, SimulatedDrive } from "../sim/mod.ts";

const ADDRESS = "iscsi://nowhere/iqn.2026-03.com.example:tape/0";

/** Programs without types can hand over anything. Nothing may be dialled for it. */
function refuses(open: (address: never, options: never) => Promise<unknown>) {
  return async (options: unknown, option: string, ...[address]: unknown[]) => {
    const dialled = () => assert.fail(`dialled in spite of ${option}`);
    const given = Object.getPrototypeOf(options ?? []) === Object.prototype
      ? { dial: dialled, ...options as object }
      : options;
    await assert.rejects(open(address as never, given as never), (error) => {
      assert.ok(error instanceof InvalidOptionError, `${option}: ${error}`);
      assert.equal(error.option, option);
      return true;
    });
  };
}

Deno.test("openTape() refuses an option of the wrong type or out of its range, by its name", async () => {
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ readAhead: "8" }, "readAhead"],
    [{ readAhead: 257 }, "readAhead"],
    [{ writeBehind: 1.5 }, "writeBehind"],
    [{ recordBytesHint: -1 }, "recordBytesHint"],
    [{ blockSize: "64k" }, "blockSize"],
    [{ sili: "false" }, "sili"],
    [{ compression: "off" }, "compression"],
    [{ load: null }, "load"],
    [{ recovery: "resum" }, "recovery"],
    [{ exclusive: "yes" }, "exclusive"],
    [{ exclusive: false }, "exclusive"],
    [{ reservationKey: 5 }, "reservationKey"],
    [{ reservationKey: 0n }, "reservationKey"],
    [{ reservationKey: 1n << 64n }, "reservationKey"],
    [{ closeTimeoutMs: "5s" }, "closeTimeoutMs"],
    [{ connectTimeoutMs: NaN }, "connectTimeoutMs"],
    [{ loginTimeoutMs: -1 }, "loginTimeoutMs"],
    [{ timeouts: 5000 }, "timeouts"],
    [{ timeouts: { 8: "5s" } }, "timeouts.8"],
    [{ timeouts: { read: 5000 } }, "timeouts.read"],
    [{ timeouts: { 256: 5000 } }, "timeouts.256"],
    [{ loadPolling: { count: "3" } }, "loadPolling.count"],
    [{ logger: console.log }, "logger"],
    [{ signal: new AbortController() }, "signal"],
    [{ dial: "tcp" }, "dial"],
    [{ isid: new Uint8Array(3) }, "isid"],
    [{ isid: "abcdef" }, "isid"],
    [{ chap: "user%secret" }, "chap"],
    [{ chap: { name: "backup" } }, "chap.secret"],
    [{ chap: { name: "backup", secret: 5 } }, "chap.secret"],
    [{ headerDigest: true }, "headerDigest"],
    [{ dataDigest: "CRC32C" }, "dataDigest"],
    [{ negotiation: { immediateData: "No" } }, "negotiation.immediateData"],
    [{ extraKeys: { "X-a": 5 } }, "extraKeys.X-a"],
    [{ keepalive: true }, "keepalive"],
    [{ keepalive: { intervalMs: "1m" } }, "keepalive.intervalMs"],
    [{ hooks: 5 }, "hooks"],
    [{ clock: Date }, "clock"],
    [{ reconnect: false }, "reconnect"],
    [{ reconnect: { attempts: -1 } }, "reconnect.attempts"],
    [null, "options"],
    ["readAhead=8", "options"],
  ];
  for (const [options, option] of wrong) await refuses(openTape)(options, option, ADDRESS);
});

Deno.test("openTape() refuses an option that there is not, rather than do without what it was to do", async () => {
  await refuses(openTape)({ exlusive: "persistent" }, "exlusive", ADDRESS);
  await refuses(openTape)({ timeout: "5s" }, "timeout", ADDRESS);
  await refuses(openTape)({ negotiation: { burst: 1 } }, "negotiation.burst", ADDRESS);
  await refuses(openTape)({ constructor: 1 }, "constructor", ADDRESS);
});

Deno.test("what opens a device refuses an address that is no text", async () => {
  for (const address of [undefined, null, 5, new URL(ADDRESS)]) {
    await refuses(openTape)({}, "address", address);
    await refuses(openLogicalUnit)({}, "address", address);
    await refuses(openChanger)({}, "address", address);
    await refuses(listLogicalUnits)({}, "portal", address);
  }
});

Deno.test("what opens a device checks its options", async () => {
  const options = { connectTimeoutMs: "5s" };
  for (const open of [openLogicalUnit, openChanger]) {
    await refuses(open)(options, "connectTimeoutMs", ADDRESS);
  }
  await refuses(listLogicalUnits)(options, "connectTimeoutMs", "nowhere");
  await refuses(openChanger)({ readyPolling: { count: "3" } }, "readyPolling.count", ADDRESS);
});

Deno.test("an option of the wrong type that may be a secret is not told", async () => {
  const [words, digits] = ["twelve bytes or more", 123456789012];
  const wrong: readonly unknown[] = [
    `backup%${words}`,
    digits,
    { name: "backup", secret: { toString: () => words } },
    { name: "backup", secret: digits },
    { name: "backup", secret: words, target: { name: "tape", secret: digits } },
  ];
  for (const chap of wrong) {
    await assert.rejects(openTape(ADDRESS, { chap } as never), (error) => {
      assert.ok(error instanceof InvalidOptionError);
      return !error.message.includes(words) && !error.message.includes(`${digits}`);
    });
  }
});

/** A logger that is a function, as some are, with the methods of one. */
function callableLogger(): object {
  const log = () => {};
  return Object.assign(() => {}, { debug: log, info: log, warn: log, error: log });
}

Deno.test("what opens a device takes every value that means something", async () => {
  const right: readonly object[] = [
    { loadPolling: { count: Infinity }, closeTimeoutMs: Infinity },
    { reconnect: { attempts: Infinity, withinMs: Infinity } },
    { keepalive: { maxMissed: Infinity }, maxRedirects: Infinity },
    { readyPolling: { count: Infinity }, probe: { slot: 1, count: Infinity } },
    { timeouts: { 0x08: undefined, 0x0a: 5000 } },
    { logger: callableLogger() },
    { keepalive: false, loadPolling: { count: 0, intervalMs: 0 }, blockSize: 0 },
    Object.assign(Object.create(null), { readAhead: 8 }),
  ];
  for (const options of right) {
    let isDialled = false;
    const dial = () => {
      isDialled = true;
      throw new Error("nobody is there");
    };
    const opening = openTape(ADDRESS, { ...options, dial } as never);
    await assert.rejects(opening, ConnectError, Deno.inspect(options));
    assert.ok(isDialled);
  }
});

/** What defaults hold, or a class has as accessors: read like any property, and left out by a spread. */
function inherited<T extends object>(options: T): T {
  return Object.create(options);
}

Deno.test("what opens a device takes options that are inherited, or those of a class", async () => {
  const account = { name: "backup", secret: "twelve bytes or more" };
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  const targetName = "iqn.2026-03.com.example:tape";
  const target = await loopbackTarget({
    targetName,
    units: [{ lun: 0, device: drive }],
    chap: { accounts: [account], discovery: true },
  });
  class Settings {
    readonly #dial = target.dial;
    get dial() {
      return this.#dial;
    }
    get chap() {
      return inherited(account);
    }
  }
  try {
    for (const options of [inherited({ dial: target.dial, chap: account }), new Settings()]) {
      await (await openTape(target.urls[0], options)).close();
      await (await openLogicalUnit(target.urls[0], options)).close();
      await assert.rejects(openChanger(target.urls[0], options), { kind: "not-a-changer" });
      assert.equal((await discover("simulator", options)).length, 1);
      assert.equal((await listLogicalUnits("simulator", options)).units.length, 1);
    }
  } finally {
    await target.close();
  }
});

Deno.test("openTape() refuses a collection in the place of fields, which would all be passed over", async () => {
  await refuses(openTape)(new Map([["readAhead", 8]]), "options", ADDRESS);
  await refuses(openTape)(["readAhead=8"], "options", ADDRESS);
  await refuses(openTape)({ timeouts: new Map([[8, 5000]]) }, "timeouts", ADDRESS);
  await refuses(openTape)({ timeouts: [5000] }, "timeouts", ADDRESS);
  await refuses(openTape)({ reconnect: new Map([["attempts", 1]]) }, "reconnect", ADDRESS);
});
