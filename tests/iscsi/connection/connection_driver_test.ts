import assert from "node:assert/strict";
import {
  ConnectionDriver,
  type ProtocolCore,
} from "../../../iscsi/connection/connection_driver.ts";
import type { OutputBatch } from "../../../iscsi/connection/output_batch.ts";
import type { ByteStream } from "../../../transport/byte_stream.ts";
import { VirtualClock } from "../../../transport/clock.ts";

/** A core that does what a test says, and a stream whose reads and writes the test ends. */
class Fixture {
  readonly calls: string[] = [];
  readonly clock = new VirtualClock();
  readonly outbox: Uint8Array[] = [];
  /** What the core says of its outbox, if it can tell. */
  idle: boolean | undefined;
  /** How often it was asked for something. */
  asked = 0;
  deadline = Infinity;
  closed = false;
  closeEndsWrites = true;
  onTick: () => void = () => {};
  read = Promise.withResolvers<number | null>();
  write: PromiseWithResolvers<void> | undefined;
  readonly driver: ConnectionDriver;

  constructor() {
    this.driver = new ConnectionDriver(this.#stream(), this.#core(), this.clock);
  }

  #stream(): ByteStream {
    return {
      read: () => this.read.promise,
      write: () => {
        this.calls.push("write");
        this.write = Promise.withResolvers<void>();
        return this.write.promise;
      },
      close: () => {
        this.calls.push("close");
        this.read.resolve(null);
        if (this.closeEndsWrites) this.write?.reject(new Error("closed"));
      },
    };
  }

  #core(): ProtocolCore {
    const isClosed = () => this.closed;
    const isIdle = () => this.idle;
    return {
      get idle() {
        return isIdle();
      },
      get closed() {
        return isClosed();
      },
      start: () => this.calls.push("start"),
      destination: () => new Uint8Array(10),
      received: (count) => {
        this.calls.push(`received ${count}`);
        this.read = Promise.withResolvers();
      },
      connectionEnded: (error) => {
        if (this.closed) return;
        this.calls.push(`ended ${error}`);
        this.closed = true;
        this.driver.close();
      },
      readEnded: () => this.calls.push("read ended"),
      produce: (batch: OutputBatch) => {
        this.asked++;
        const data = this.outbox.shift();
        if (data === undefined) return false;
        batch.add(data, { header: false, data: undefined });
        return true;
      },
      written: () => this.calls.push("written"),
      tick: () => {
        this.calls.push(`tick ${this.clock.now()}`);
        this.deadline = Infinity;
        this.onTick();
      },
      nextDeadline: () => this.deadline,
    };
  }
}

async function turns(): Promise<void> {
  for (let count = 0; count < 5; count++) await new Promise((resolve) => setTimeout(resolve));
}

Deno.test("A deadline that bytes from the peer bring along is kept", async () => {
  const fixture = new Fixture();
  const running = fixture.driver.run();
  fixture.deadline = 50;
  fixture.read.resolve(3);
  await turns();
  fixture.clock.advance(49);
  assert.ok(!fixture.calls.includes("tick 50"));
  fixture.clock.advance(1);
  assert.ok(fixture.calls.includes("tick 50"));
  fixture.read.resolve(null);
  await running;
});

Deno.test("A deadline that moves forward is kept, one that moves back costs a look at the clock at most", async () => {
  const fixture = new Fixture();
  const running = fixture.driver.run();
  fixture.deadline = 100;
  fixture.driver.changed();
  fixture.deadline = 40;
  fixture.driver.changed();
  assert.equal(fixture.clock.pending, 1);
  fixture.clock.advance(40);
  assert.deepEqual(fixture.calls.filter((call) => call.startsWith("tick")), ["tick 40"]);
  assert.equal(fixture.clock.pending, 0);
  fixture.read.resolve(null);
  await running;
});

Deno.test("A core that has nothing to say is not asked for it, behind a write neither", async () => {
  const fixture = new Fixture();
  fixture.idle = true;
  const running = fixture.driver.run();
  fixture.read.resolve(3);
  await turns();
  assert.equal(fixture.asked, 0);
  fixture.idle = false;
  fixture.outbox.push(new Uint8Array(1));
  fixture.driver.changed();
  await turns();
  assert.equal(fixture.asked, 1);
  fixture.idle = true;
  fixture.write!.resolve();
  await turns();
  assert.equal(fixture.asked, 1);
  assert.ok(fixture.calls.includes("written"));
  fixture.read.resolve(null);
  await running;
});

Deno.test("run() ends when the socket has let go of what was read and what was written", async () => {
  const fixture = new Fixture();
  fixture.closeEndsWrites = false;
  let isOver = false;
  const running = fixture.driver.run().then(() => isOver = true);
  fixture.outbox.push(new Uint8Array(5000));
  fixture.driver.changed();
  await turns();
  fixture.read.resolve(null);
  await turns();
  assert.ok(!isOver);
  fixture.write!.reject(new Error("closed"));
  await running;
  const after = fixture.calls.slice(fixture.calls.indexOf("ended undefined"));
  assert.deepEqual([...after].sort(), ["close", "ended undefined", "read ended", "written"]);
});

Deno.test("A write that fails ends the connection, and lets go of the batch", async () => {
  const fixture = new Fixture();
  const running = fixture.driver.run();
  fixture.outbox.push(new Uint8Array(1));
  fixture.driver.changed();
  await turns();
  fixture.write!.reject(new Error("cut"));
  await running;
  assert.ok(fixture.calls.includes("ended Error: cut"));
  assert.equal(fixture.calls.filter((call) => call === "written").length, 1);
});

Deno.test("A read that fails ends the connection", async () => {
  const fixture = new Fixture();
  const running = fixture.driver.run();
  fixture.read.reject(new Error("cut"));
  await running;
  assert.deepEqual(fixture.calls, ["start", "ended Error: cut", "close", "read ended"]);
});

Deno.test("A core that throws when its time has come loses the connection, and nothing else", async () => {
  const fixture = new Fixture();
  const running = fixture.driver.run();
  fixture.deadline = 10;
  fixture.onTick = () => {
    throw new Error("bug");
  };
  fixture.driver.changed();
  fixture.clock.advance(10);
  await running;
  assert.ok(fixture.calls.includes("ended Error: bug"));
  assert.equal(fixture.clock.pending, 0);
});

Deno.test("After close() no timer is set any more", async () => {
  const fixture = new Fixture();
  const running = fixture.driver.run();
  fixture.deadline = 10;
  fixture.driver.changed();
  fixture.closed = true;
  fixture.driver.close();
  fixture.driver.changed();
  assert.equal(fixture.clock.pending, 0);
  await running;
});

Deno.test("Calls made in one turn share one write", async () => {
  const fixture = new Fixture();
  const running = fixture.driver.run();
  for (let count = 0; count < 3; count++) {
    fixture.outbox.push(new Uint8Array(1));
    fixture.driver.changed();
  }
  assert.ok(!fixture.calls.includes("write"));
  await turns();
  assert.equal(fixture.calls.filter((call) => call === "write").length, 1);
  fixture.driver.close();
  fixture.closed = true;
  await running;
});
