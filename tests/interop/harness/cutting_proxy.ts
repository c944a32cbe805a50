/** When a {@link CuttingProxy} breaks its connection. */
export interface CutRule {
  /** Cuts before more than this many bytes have gone from the initiator to the target. */
  readonly afterSent?: number;
  /** Cuts before more than this many bytes have gone from the target to the initiator. */
  readonly afterReceived?: number;
}

/** A proxy on 127.0.0.1 that breaks its first connection at a byte, and accepts no other. */
export class CuttingProxy {
  readonly #listener: Deno.TcpListener;
  readonly #serving: Promise<void>;
  readonly #open: Deno.TcpConn[] = [];

  constructor(targetPort: number, rule: CutRule) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#serving = this.#serve(targetPort, rule);
  }

  /** Where to connect to instead of the target. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Waits until nothing is open any more. */
  async stop(): Promise<void> {
    quietly(() => this.#listener.close());
    this.#cut();
    await this.#serving;
  }

  async #serve(targetPort: number, rule: CutRule): Promise<void> {
    const initiator = await this.#listener.accept().catch(() => undefined);
    if (initiator === undefined) return;
    quietly(() => this.#listener.close());
    this.#open.push(initiator);
    const target = await Deno.connect({ hostname: "127.0.0.1", port: targetPort });
    this.#open.push(target);
    await Promise.all([
      this.#pump(initiator, target, rule.afterSent ?? Infinity),
      this.#pump(target, initiator, rule.afterReceived ?? Infinity),
    ]);
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn, limit: number): Promise<void> {
    const buffer = new Uint8Array(65536);
    try {
      for (let passed = 0; passed < limit;) {
        const count = await from.read(buffer);
        if (count === null) break;
        const take = Math.min(count, limit - passed);
        await writeAll(to, buffer.subarray(0, take));
        passed += take;
      }
    } catch {
      // The other direction has cut the connection.
    } finally {
      this.#cut();
    }
  }

  #cut(): void {
    for (const connection of this.#open.splice(0)) quietly(() => connection.close());
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function quietly(close: () => void): void {
  try {
    close();
  } catch {
    // Closed already.
  }
}
