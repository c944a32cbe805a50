import type { ByteListener, ByteStream, DialOptions, NetworkAddress } from "./byte_stream.ts";
import { connectTcp, startListening } from "./deno.ts";
import { DenoStream } from "./deno_stream.ts";
import { reasonOf, TransportError, transportFailure } from "./errors.ts";
import { orAborted } from "./or_aborted.ts";
import type { TlsListenOptions, TlsOptions } from "./tls_options.ts";

/** Dials TLS with Deno's own socket. */
export async function dialTls(
  address: NetworkAddress,
  options: TlsOptions,
  dialOptions: DialOptions = {},
): Promise<ByteStream> {
  const { signal } = dialOptions;
  signal?.throwIfAborted();
  const connection = options.certificate === undefined
    ? await upgrade(address, options, dialOptions)
    : await connectWithCertificate(address, options, signal);
  const stream = new DenoStream(connection, address);
  return await orAborted(connection.handshake().then(() => stream), signal, () => stream.close())
    .catch((cause) => {
      stream.close();
      throw signal?.aborted ? signal.reason : dialFailure(cause, address);
    });
}

/** TLS over a TCP connection: any server name, but Deno takes no certificate here. */
async function upgrade(
  address: NetworkAddress,
  options: TlsOptions,
  dialOptions: DialOptions,
): Promise<Deno.TlsConn> {
  const { caCertificates = [], serverName: hostname = address.hostname } = options;
  const plain = await connectTcp(address, dialOptions);
  try {
    return await Deno.startTls(plain, { hostname, caCerts: [...caCertificates] });
  } catch (cause) {
    new DenoStream(plain, address).close();
    throw dialFailure(cause, address);
  }
}

/** TCP and TLS in one: with a certificate, but Deno takes neither another server name nor a signal here. */
async function connectWithCertificate(
  address: NetworkAddress,
  options: TlsOptions,
  signal: AbortSignal | undefined,
): Promise<Deno.TlsConn> {
  const { hostname, port } = address;
  const { caCertificates = [], serverName = hostname, certificate: cert, key } = options;
  if (serverName !== hostname) {
    throw new TransportError(
      `Cannot connect to ${hostname}: Deno takes no other server name together with a certificate`,
      { op: "dial", reason: "tls", address },
    );
  }
  const connecting = Deno.connectTls({
    hostname,
    port,
    caCerts: [...caCertificates],
    cert: cert!,
    key: key!,
  });
  return await orAborted(connecting, signal, (late) => late.close()).catch((cause) => {
    throw signal?.aborted ? signal.reason : dialFailure(cause, address);
  });
}

function dialFailure(cause: unknown, address: NetworkAddress): TransportError {
  if (cause instanceof TransportError) return cause;
  const known = reasonOf(cause);
  const reason = known !== "other" ? known : isFailedLookup(cause) ? "unknown-host" : "tls";
  return transportFailure({ op: "dial", reason, address, cause });
}

/** Here Deno reports a certificate that it cannot parse just as a name without an address, but for the text. */
function isFailedLookup(cause: unknown): boolean {
  return cause instanceof Error && cause.message.startsWith("failed to lookup address");
}

/** Listens for TLS with Deno's own socket. */
export function listenTls(
  address: NetworkAddress,
  options: TlsListenOptions,
): Promise<ByteListener> {
  const { certificate: cert, key } = options;
  const { hostname, port } = address;
  return startListening(address, () => Deno.listenTls({ hostname, port, cert, key }));
}
