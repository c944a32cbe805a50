import { isIP } from "node:net";
import { connect, createServer, rootCertificates } from "node:tls";
import type { ByteListener, ByteStream, DialOptions, NetworkAddress } from "./byte_stream.ts";
import { opening, startListening } from "./node.ts";
import type { TlsListenOptions, TlsOptions } from "./tls_options.ts";

/** Dials TLS with `node:tls`. */
export function dialTls(
  address: NetworkAddress,
  options: TlsOptions,
  dialOptions: DialOptions = {},
): Promise<ByteStream> {
  const { caCertificates = [], serverName = address.hostname, certificate: cert, key } = options;
  const { signal } = dialOptions;
  if (signal?.aborted) return Promise.reject(signal.reason);
  const socket = connect({
    host: address.hostname,
    port: address.port,
    // RFC 6066 §3: the server name indication holds no IP addresses.
    servername: isIP(serverName) === 0 ? serverName : undefined,
    ca: [...rootCertificates, ...caCertificates],
    cert,
    key,
  });
  socket.setNoDelay(true).setKeepAlive(true);
  return opening(socket, address, { signal, event: "secureConnect" });
}

/** Listens for TLS with `node:tls`. */
export function listenTls(
  address: NetworkAddress,
  options: TlsListenOptions,
): Promise<ByteListener> {
  const { certificate: cert, key } = options;
  const server = createServer({ cert, key, noDelay: true });
  // A handshake that failed: the runtime has closed that connection.
  server.on("tlsClientError", () => {});
  return startListening(server, "secureConnection", address);
}
