/** A server on 127.0.0.1 that is no iSCSI target: says `greeting`, then closes, or stays silent for ever. */
export class StrangeServer {
  readonly #listener: Deno.TcpListener;
  readonly #serving: Promise<void>;
  readonly #open: Deno.TcpConn[] = [];

  constructor(greeting: Uint8Array, then: "closes" | "stays silent") {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#serving = this.#serve(greeting, then);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async stop(): Promise<void> {
    this.#listener.close();
    await this.#serving;
    for (const connection of this.#open) connection.close();
  }

  async #serve(greeting: Uint8Array, then: "closes" | "stays silent"): Promise<void> {
    for (;;) {
      const connection = await this.#listener.accept().catch(() => undefined);
      if (connection === undefined) return;
      await connection.write(greeting).catch(() => 0);
      if (then === "closes") connection.close();
      else this.#open.push(connection);
    }
  }
}
