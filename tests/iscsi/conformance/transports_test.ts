import assert from "node:assert/strict";
import { discover, formatPortal, Session } from "../../../iscsi/mod.ts";
import { serveTarget, type ServeTargetOptions } from "../../../sim/mod.ts";
import { type Dialer, tlsDialer, tlsListen } from "../../../transport/mod.ts";
import { Command, ScriptedDevice } from "../../sim/target/scripted_device.ts";
import { TARGET_NAME } from "../../sim/target/scripted_initiator.ts";
import { caCertificate, server } from "../../transport/certificates.ts";
import { pattern } from "./cdbs.ts";

/** Finds a target where it says that it is, writes to it and reads it back, with digests. */
async function roundTrip(
  where: Pick<ServeTargetOptions, "listen" | "listener">,
  dial?: Dialer,
): Promise<void> {
  const device = new ScriptedDevice();
  const units = [{ lun: 0, device }];
  const target = await serveTarget({ targetName: TARGET_NAME, units, ...where });
  try {
    const options = { dial, keepalive: false, headerDigest: "crc32c" } as const;
    const portal = formatPortal(target.address);
    const [found] = await discover(portal, options);
    assert.equal(found.name, TARGET_NAME);
    const session = await Session.connect({
      ...options,
      portal: formatPortal(found.portals[0]),
      targetName: TARGET_NAME,
      dataDigest: "crc32c",
    });
    try {
      await writeAndRead(session, device);
    } finally {
      await session.close();
    }
  } finally {
    await target.close();
  }
}

async function writeAndRead(session: Session, device: ScriptedDevice): Promise<void> {
  const unit = session.logicalUnit(0);
  const dataOut = pattern(300_001);
  assert.equal((await unit.execute({ cdb: Command.write(dataOut.length), dataOut })).status, 0);
  assert.deepEqual(device.written, [dataOut]);
  device.data = dataOut;
  const dataIn = new Uint8Array(dataOut.length);
  const { status, dataInLength } = await unit.execute({ cdb: Command.read(dataIn.length), dataIn });
  assert.deepEqual([status, dataInLength], [0, dataIn.length]);
  assert.deepEqual(dataIn, dataOut);
}

Deno.test("RFC 7143 §4.2.6: discovery and sessions work over IPv6, with the portal in brackets", async () => {
  await roundTrip({ listen: { hostname: "::1", port: 0 } });
});

Deno.test("RFC 7143 §9: discovery and sessions work over TLS as over any other stream", async () => {
  const listener = await tlsListen(server)({ hostname: "127.0.0.1", port: 0 });
  await roundTrip({ listener }, tlsDialer({ caCertificates: [caCertificate] }));
});

Deno.test("RFC 7143 §9: an initiator does not speak iSCSI to a target whose certificate it does not trust", async () => {
  const listener = await tlsListen(server)({ hostname: "127.0.0.1", port: 0 });
  await assert.rejects(roundTrip({ listener }, tlsDialer({})), /certificate|TLS/i);
});
