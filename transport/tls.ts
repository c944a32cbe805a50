import type { Dialer, Listen } from "./byte_stream.ts";
import { runsOnDeno } from "./default_transport.ts";
import type { TlsListenOptions, TlsOptions } from "./tls_options.ts";

/**
 * Makes a dialer that speaks TLS over TCP: Deno's own TLS under Deno, `node:tls` elsewhere. The dialer resolves once
 * the handshake is done and the target's certificate is accepted. iSCSI itself has no TLS; this is for targets behind
 * a TLS proxy.
 *
 * The dialer throws {@link TransportError}: `tls` when the handshake fails or a certificate is not accepted, else as
 * any other dialer. A target that rejects this side's certificate may say so only on the first read.
 *
 * Two things that Deno's TLS cannot do: take a `serverName` other than the host dialed together with a `certificate`
 * (reason `tls`), and let go of a connection in the middle. There, a dial that is aborted rejects at once, but what it
 * had opened is released only when the peer answers or leaves, or the operating system gives up.
 *
 * @throws {TypeError} when only one of `certificate` and `key` is given.
 */
export function tlsDialer(options: TlsOptions = {}): Dialer {
  const { certificate, key } = options;
  if ((certificate === undefined) !== (key === undefined)) {
    throw new TypeError("Cannot make a TLS dialer: certificate and key go together");
  }
  return async (address, dialOptions) => {
    const { dialTls } = runsOnDeno()
      ? await import("./deno_tls.ts")
      : await import("./node_tls.ts");
    return await dialTls(address, options, dialOptions);
  };
}

/**
 * Makes a function that listens for TLS over TCP. Peers are not asked for a certificate. Under Deno a handshake
 * that fails shows as an error of the accepted stream; elsewhere such a connection is never accepted.
 */
export function tlsListen(options: TlsListenOptions): Listen {
  return async (address) => {
    const { listenTls } = runsOnDeno()
      ? await import("./deno_tls.ts")
      : await import("./node_tls.ts");
    return await listenTls(address, options);
  };
}
