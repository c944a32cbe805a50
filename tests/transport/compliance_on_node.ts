/**
 * Runs the compliance suite over the transports of Node and Bun, and prints what failed: `node compliance_on_node.ts`
 * or `bun compliance_on_node.ts`. Exits with 1 when something did.
 */

import process from "node:process";
import {
  byteStreamCompliance,
  type ConnectedStreams,
  defaultDialer,
  defaultListen,
  loopback,
  tlsDialer,
  tlsListen,
} from "../../transport/mod.ts";
import { caCertificate, client, server } from "./certificates.ts";
import { connectOver } from "./connecting.ts";

const caCertificates = [caCertificate];

const transports: Record<string, () => Promise<ConnectedStreams>> = {
  "TCP": () => connectOver(defaultDialer, defaultListen),
  "TLS": () => connectOver(tlsDialer({ caCertificates }), tlsListen(server)),
  "TLS with another server name": () =>
    connectOver(tlsDialer({ caCertificates, serverName: "tape.example" }), tlsListen(server)),
  "TLS with a client certificate": () =>
    connectOver(tlsDialer({ caCertificates, ...client }), tlsListen(server)),
  "loopback": () => {
    const [near, far] = loopback();
    return Promise.resolve({ client: near, server: far, close: () => {} });
  },
};

async function runAll(): Promise<void> {
  let passed = 0;
  let failed = 0;
  for (const [transport, connect] of Object.entries(transports)) {
    for (const { name, run } of byteStreamCompliance(transport, { connect })) {
      try {
        await run();
        passed++;
      } catch (error) {
        failed++;
        console.log(`${name}: ${error}`);
      }
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

runAll();
