/** What programs without types hand over to serve a target: refused by its name, for what is passed over lets strangers in. */

import assert from "node:assert/strict";
import { AuthenticationError, InvalidOptionError } from "../../../iscsi/errors.ts";
import { Session } from "../../../iscsi/session/session.ts";
import { type LoopbackTarget, loopbackTarget } from "../../../sim/target/loopback_target.ts";
import type { RunningTarget } from "../../../sim/target/running_target.ts";
import { serveTarget } from "../../../sim/target/serve_target.ts";
import { ScriptedDevice } from "./scripted_device.ts";

const device = new ScriptedDevice();
const targetName = "iqn.2026-03.com.example:tape";
const accounts = [{ name: "backup", secret: "twelve bytes or more" }];

const WRONG: readonly (readonly [unknown, string])[] = [
  [{ targetName: undefined }, "targetName"],
  [{ targetName: 5 }, "targetName"],
  [{ units: undefined }, "units"],
  [{ units: {} }, "units"],
  [{ units: [null] }, "units[0]"],
  [{ units: [{ lun: "0", device }] }, "units[0].lun"],
  [{ units: [{ lun: 0, device: {} }] }, "units[0].device"],
  [{ units: [{ lun: 0, device, initiators: "iqn.x" }] }, "units[0].initiators"],
  [{ listen: "127.0.0.1:3260" }, "listen"],
  [{ listen: 3260 }, "listen"],
  [{ listen: { port: 0 } }, "listen.hostname"],
  [{ listen: { host: "127.0.0.1", port: 0 } }, "listen.hostname"],
  [{ listen: { hostname: "127.0.0.1", port: "3260" } }, "listen.port"],
  [{ initiators: "iqn.x" }, "initiators"],
  [{ initiators: null }, "initiators"],
  [{ chap: null }, "chap"],
  [{ chap: "" }, "chap"],
  [{ chap: {} }, "chap.accounts"],
  [{ chap: { accounts: [{ name: "backup" }] } }, "chap.accounts[0].secret"],
  [{ chap: { accounts, required: "true" } }, "chap.required"],
  [{ chap: { accounts, discovery: null } }, "chap.discovery"],
  [{ chaps: { accounts } }, "chaps"],
  [{ faults: {} }, "faults"],
  [{ limits: null }, "limits"],
  [{ limits: { maxConnection: 4 } }, "limits.maxConnection"],
  [{ limits: { maxConnections: "4" } }, "limits.maxConnections"],
  [{ negotiation: { immediateData: "No" } }, "negotiation.immediateData"],
  [{ negotiation: { maxConnection: 4 } }, "negotiation.maxConnection"],
  [{ furtherTargets: [{ targetName }] }, "furtherTargets[0].units"],
  [{ closeDevices: "false" }, "closeDevices"],
  [{ onEvent: 5 }, "onEvent"],
  [{ clock: Date }, "clock"],
  [{ redirect: "elsewhere" }, "redirect"],
  [{ headerDigest: "CRC32C" }, "headerDigest"],
];

Deno.test("a target is not served with an option of the wrong type, or one that there is not", async () => {
  for (const serve of [serveTarget, loopbackTarget]) {
    for (const [wrong, option] of WRONG) {
      const listen = { hostname: "127.0.0.1", port: 0 };
      const options = { targetName, units: [{ lun: 0, device }], listen, ...wrong as object };
      const serving = serve(options as never).then((target) => target.close());
      await assert.rejects(serving, (error) => {
        assert.ok(error instanceof InvalidOptionError, `${option}: ${error}`);
        assert.equal(error.option, option);
        return true;
      });
    }
    for (const none of [undefined, null, "127.0.0.1:3260"]) {
      const serving = serve(none as never);
      await assert.rejects(serving, { name: "InvalidOptionError", option: "options" });
    }
  }
});

Deno.test("a target is served with options that are inherited as with others", async () => {
  for (const serve of [serveTarget, loopbackTarget]) {
    const events: string[] = [];
    const onEvent = ({ kind }: { kind: string }) => events.push(kind);
    const listen = { hostname: "127.0.0.1", port: 0 };
    const units = [{ lun: 0, device }];
    const chap = { accounts };
    const target: RunningTarget & Partial<LoopbackTarget> = await serve(
      Object.create({ targetName, units, listen, chap, onEvent }),
    );
    try {
      const { dial } = target;
      const [, portal] = /^iscsi:\/\/([^/]+)/.exec(target.urls[0])!;
      const connecting = Session.connect({ portal, targetName, dial });
      await assert.rejects(connecting, AuthenticationError);
    } finally {
      await target.close();
    }
    assert.ok(events.includes("login-refused"), events.join());
  }
});

Deno.test("a target is served at an address and with accounts that say more than is asked", async () => {
  const listen = { transport: "tcp", hostname: "127.0.0.1", port: 0 };
  const users = accounts.map((account, id) => ({ ...account, id }));
  const units = [{ lun: 0, device }];
  const target = await serveTarget({ targetName, units, listen, chap: { accounts: users } });
  await target.close();
});
