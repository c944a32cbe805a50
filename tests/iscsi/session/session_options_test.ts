/** What programs without types hand over to a session: refused by its name, before anything is dialled. */

import assert from "node:assert/strict";
import { InvalidOptionError } from "../../../iscsi/errors.ts";
import { discover } from "../../../iscsi/session/discovery.ts";
import { Session } from "../../../iscsi/session/session.ts";
import type { ConnectionChange } from "../../../iscsi/session/session_hooks.ts";
import { loopbackTarget, SimulatedDrive } from "../../../sim/mod.ts";

const targetName = "iqn.2026-03.com.example:tape";

async function refuses(open: (dial: never) => Promise<unknown>, option: string): Promise<void> {
  const dial = () => assert.fail(`dialled in spite of ${option}`);
  await assert.rejects(open(dial as never), (error) => {
    assert.ok(error instanceof InvalidOptionError, `${option}: ${error}`);
    assert.equal(error.option, option);
    return true;
  });
}

/** What both kinds of session refuse. */
const WRONG: readonly (readonly [object, string])[] = [
  [{ chap: null }, "chap"],
  [{ chap: "user%secret" }, "chap"],
  [{ chap: { name: "backup", secret: 5 } }, "chap.secret"],
  [{ isid: "abcdef" }, "isid"],
  [{ isid: new Uint8Array(3) }, "isid"],
  [{ loginTimeoutMs: "5s" }, "loginTimeoutMs"],
  [{ connectTimeoutMs: NaN }, "connectTimeoutMs"],
  [{ headerDigest: true }, "headerDigest"],
  [{ keepalive: { intervalMs: "1m" } }, "keepalive.intervalMs"],
  [{ negotiation: { immediateData: "No" } }, "negotiation.immediateData"],
  [{ signal: new AbortController() }, "signal"],
  [{ logger: console.log }, "logger"],
  [{ dial: "tcp" }, "dial"],
  [{ clock: Date }, "clock"],
];

Deno.test("a session refuses an option of the wrong type by its name", async () => {
  for (const [wrong, option] of WRONG) {
    const options = (dial: never) => ({ dial, portal: "simulator", ...wrong }) as never;
    await refuses(
      (dial) => Session.connect({ ...options(dial) as object, targetName } as never),
      option,
    );
    await refuses((dial) => Session.connectDiscovery(options(dial)), option);
    await refuses((dial) => discover("simulator", options(dial)), option);
  }
});

Deno.test("a session with a target of no name is refused, rather than made one for discovery", async () => {
  for (const wrong of [{}, { targetName: undefined }, { targetName: null }, { targetName: 5 }]) {
    const options = { portal: "simulator", ...wrong };
    await refuses((dial) => Session.connect({ dial, ...options } as never), "targetName");
  }
});

Deno.test("a session at a portal that is no text is refused", async () => {
  for (const portal of [undefined, null, 5, new URL("iscsi://simulator")]) {
    await refuses((dial) => Session.connect({ dial, portal, targetName } as never), "portal");
    await refuses((dial) => Session.connectDiscovery({ dial, portal } as never), "portal");
    await refuses((dial) => discover(portal as never, { dial }), "portal");
  }
});

Deno.test("options of a session that are none are refused", async () => {
  for (const none of [null, "simulator", 5]) {
    await refuses(() => Session.connect(none as never), "options");
    await refuses(() => Session.connectDiscovery(none as never), "options");
    await refuses(() => discover("simulator", none as never), "options");
  }
});

Deno.test("each connection of a session is dialled as the options say, those that are inherited too", async () => {
  const units = [{ lun: 0, device: new SimulatedDrive() }];
  const target = await loopbackTarget({ targetName, units });
  const { promise: second, resolve } = Promise.withResolvers<string>();
  const connectionChanged = ({ cid, to }: ConnectionChange) => void (cid === 1 && resolve(to));
  const defaults = { dial: target.dial, hooks: { connectionChanged } };
  const options = { portal: "simulator", targetName, connections: 2 };
  try {
    const session = await Session.connect(Object.assign(Object.create(defaults), options));
    assert.equal(await second, "up");
    await session.close();
  } finally {
    await target.close();
  }
});
