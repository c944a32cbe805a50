/**
 * Runs the compliance suite over the transports of Node and Bun, and prints what failed:
 * `node compliance_elsewhere.ts` or `bun compliance_elsewhere.ts`. Exits with 1 when something did.
 */

import {
  bunDialer,
  bunListen,
  byteStreamCompliance,
  type ConnectedStreams,
  loopback,
  nodeDialer,
  nodeListen,
  tlsDialer,
  tlsListen,
} from "../../transport/mod.ts";
import { caCertificate, client, server } from "./certificates.ts";
import { connectOver } from "./connecting.ts";
import { runCases } from "./run_cases.ts";

const caCertificates = [caCertificate];

type Transports = Record<string, () => Promise<ConnectedStreams>>;

const onBunAlone: Transports = {
  "Bun TCP": () => connectOver(bunDialer, bunListen),
  "Bun TCP to Node TCP": () => connectOver(bunDialer, nodeListen),
  "Node TCP to Bun TCP": () => connectOver(nodeDialer, bunListen),
};

const transports: Transports = {
  ...("Bun" in globalThis ? onBunAlone : {}),
  "Node TCP": () => connectOver(nodeDialer, nodeListen),
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

runCases(
  Object.entries(transports).flatMap(([name, connect]) => byteStreamCompliance(name, { connect })),
);
