import assert from "node:assert/strict";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { dialTls as dialDenoTls, listenTls as listenDenoTls } from "../../transport/deno_tls.ts";
import {
  type Dialer,
  type Listen,
  nodeListen,
  tlsDialer,
  tlsListen,
  type TlsOptions,
  TransportError,
} from "../../transport/mod.ts";
import { dialTls as dialNodeTls, listenTls as listenNodeTls } from "../../transport/node_tls.ts";
import { caCertificate, client, server } from "./certificates.ts";
import { connectOver } from "./connecting.ts";

const caCertificates = [caCertificate];

interface TlsTransport {
  dialer(options: TlsOptions): Dialer;
  listen: Listen;
}

const transports: Record<string, TlsTransport> = {
  "the default TLS": { dialer: tlsDialer, listen: tlsListen(server) },
  "Deno's TLS": {
    dialer: (tls) => (address, options) => dialDenoTls(address, tls, options),
    listen: (address) => listenDenoTls(address, server),
  },
  "Node's TLS": {
    dialer: (tls) => (address, options) => dialNodeTls(address, tls, options),
    listen: (address) => listenNodeTls(address, server),
  },
};

async function roundTrip(dial: Dialer, listen: Listen): Promise<void> {
  const streams = await connectOver(dial, listen);
  try {
    await streams.client.write([Uint8Array.of(1, 2, 3)]);
    assert.equal(await streams.server.read(new Uint8Array(10)), 3);
  } finally {
    streams.client.close();
    streams.server.close();
    await streams.close();
  }
}

/** Dials a listener that throws away what it accepts, and gives the error. */
async function dialError(dial: Dialer, listen: Listen): Promise<TransportError> {
  const listener = await listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for (let stream = await listener.accept(); stream !== null; stream = await listener.accept()) {
      await stream.read(new Uint8Array(1000)).catch(() => {});
      await stream.write([new TextEncoder().encode("not TLS at all\r\n")]).catch(() => {});
      await stream.read(new Uint8Array(1000)).catch(() => {});
      stream.close();
    }
  })();
  try {
    const stream = await dial(listener.address);
    stream.close();
    throw new Error("the dial succeeded");
  } catch (error) {
    assert.ok(error instanceof TransportError, `${error}`);
    return error;
  } finally {
    listener.close();
    await serving;
  }
}

for (const [name, { dialer, listen }] of Object.entries(transports)) {
  Deno.test(`${name} trusts a certificate authority that it was given`, async () => {
    await roundTrip(dialer({ caCertificates }), listen);
  });

  Deno.test(`${name} checks the certificate for another server name`, async () => {
    await roundTrip(dialer({ caCertificates, serverName: "tape.example" }), listen);
    const wrong = await dialError(dialer({ caCertificates, serverName: "other.example" }), listen);
    assert.deepEqual([wrong.op, wrong.reason], ["dial", "tls"], wrong.message);
  });

  Deno.test(`${name} does not trust an authority that it was not given`, async () => {
    const error = await dialError(dialer({}), listen);
    assert.deepEqual([error.op, error.reason], ["dial", "tls"], error.message);
  });

  Deno.test(`${name} says that a peer does not speak TLS`, async () => {
    const error = await dialError(dialer({ caCertificates }), nodeListen);
    assert.deepEqual([error.op, error.reason], ["dial", "tls"], error.message);
  });

  Deno.test(`${name} gives up a handshake that the peer never answers when the signal says so`, async () => {
    const listener = await nodeListen({ hostname: "127.0.0.1", port: 0 });
    try {
      const controller = new AbortController();
      const dialing = dialer({ caCertificates })(listener.address, { signal: controller.signal });
      const stream = await listener.accept();
      await stream!.read(new Uint8Array(1));
      const reason = new Error("no patience");
      controller.abort(reason);
      await assert.rejects(dialing, reason);
      stream!.close();
    } finally {
      listener.close();
    }
  });

  Deno.test(`${name} shows its certificate to a peer that asks for it`, async () => {
    const named = Promise.withResolvers<string>();
    const options = { cert: server.certificate, key: server.key, ca: caCertificate };
    const listening = createTlsServer({ ...options, requestCert: true }, (socket: TLSSocket) => {
      named.resolve(`${socket.authorized} ${socket.getPeerCertificate().subject.CN}`);
      socket.on("error", () => {}).destroy();
    });
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const { port } = listening.address() as { port: number };
    try {
      const dial = dialer({ caCertificates, ...client });
      const stream = await dial({ hostname: "127.0.0.1", port });
      assert.equal(await named.promise, "true client");
      stream.close();
    } finally {
      await new Promise((resolve) => listening.close(resolve));
    }
  });
}

Deno.test("tlsDialer() wants certificate and key together", () => {
  assert.throws(() => tlsDialer({ certificate: client.certificate }), TypeError);
  assert.throws(() => tlsDialer({ key: client.key }), TypeError);
});

Deno.test("Deno's TLS says that it takes no other server name together with a certificate", async () => {
  const dial = tlsDialer({ caCertificates, serverName: "tape.example", ...client });
  const error = await dial({ hostname: "127.0.0.1", port: 1 }).catch((error: unknown) => error);
  assert.ok(error instanceof TransportError);
  assert.match(error.message, /takes no other server name/);
});
