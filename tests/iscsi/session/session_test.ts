import assert from "node:assert/strict";
import {
  ConnectionLostError,
  InvalidOptionError,
  IscsiError,
  SessionClosedError,
  TaskAbortedError,
  TaskManagementError,
} from "../../../iscsi/errors.ts";
import { discover } from "../../../iscsi/session/discovery.ts";
import { Session } from "../../../iscsi/session/session.ts";
import type { CommandMetrics } from "../../../iscsi/session/session_hooks.ts";
import { DeviceType } from "../../../scsi/device_type.ts";
import { ServiceDeliveryError } from "../../../scsi/errors.ts";
import type { ByteStream } from "../../../transport/byte_stream.ts";
import { faulty } from "../../../transport/faulty.ts";
import { VirtualClock } from "../../../transport/clock.ts";
import { Command } from "../../sim/target/scripted_device.ts";
import { pattern, TARGET_NAME } from "../../sim/target/scripted_initiator.ts";
import { settled, silentDialer, until, withSimulatedPair } from "./simulated_pair.ts";

const REASON = new Error("enough");

for (const headerDigest of ["none", "crc32c"] as const) {
  for (const dataDigest of ["none", "crc32c"] as const) {
    Deno.test(`Data goes both ways with header digest ${headerDigest} and data digest ${dataDigest}`, () =>
      withSimulatedPair({}, async ({ connect, device }) => {
        const session = await connect({ headerDigest, dataDigest });
        try {
          const { parameters } = session;
          assert.equal(parameters.headerDigest, headerDigest === "crc32c");
          assert.equal(parameters.dataDigest, dataDigest === "crc32c");
          const unit = session.logicalUnit(0);
          const dataOut = pattern(100_001);
          await unit.execute({ cdb: Command.write(dataOut.length), dataOut });
          assert.deepEqual(device.written, [dataOut]);
          device.data = dataOut;
          const dataIn = new Uint8Array(dataOut.length);
          await unit.execute({ cdb: Command.read(dataIn.length), dataIn });
          assert.deepEqual(dataIn, dataOut);
        } finally {
          await session.close();
        }
      }));
  }
}

Deno.test("renegotiate() changes how much the target may send in one PDU, and data still comes whole", () =>
  withSimulatedPair({}, async ({ connect, device }) => {
    const lengths: number[] = [];
    const session = await connect({
      hooks: {
        pdu: ({ direction, data }) => void (direction === "in" && lengths.push(data.length)),
      },
    });
    try {
      device.data = Uint8Array.from({ length: 5000 }, (_, index) => index);
      await session.renegotiate({ maxReceiveDataSegmentLength: 1024 });
      assert.equal(session.parameters.maxReceiveDataSegmentLength, 1024);
      const dataIn = new Uint8Array(5000);
      const { dataInLength } = await session.execute(0n, { cdb: Command.read(5000), dataIn });
      assert.deepEqual([dataInLength, dataIn], [5000, device.data]);
      assert.equal(Math.max(...lengths), 1024);
      await assert.rejects(
        session.renegotiate({ maxReceiveDataSegmentLength: 100 }),
        InvalidOptionError,
      );
    } finally {
      await session.close();
    }
  }));

Deno.test("close() with time to drain lets commands under way end, and refuses new ones", () =>
  withSimulatedPair({}, async ({ connect, device }) => {
    const session = await connect();
    const underWay = session.execute(0n, { cdb: Command.wait() });
    await until(() => device.answers.length > 0);
    const closed = session.close({ drainMs: 10_000 });
    await assert.rejects(session.execute(0n, { cdb: Command.read(0) }), SessionClosedError);
    device.answers[0]({ status: 0 });
    assert.equal((await underWay).status, 0);
    await closed;
  }));

Deno.test("The last connection of a session is not closed alone, and a wrong number of connections is refused", () =>
  withSimulatedPair({}, async ({ connect }) => {
    const session = await connect({ connections: 4, negotiation: { maxConnections: 1 } });
    try {
      assert.deepEqual(session.connections, [0], "no more than was agreed");
      await assert.rejects(session.closeConnection(0), SessionClosedError);
      await assert.rejects(session.closeConnection(3), SessionClosedError);
    } finally {
      await session.close();
    }
    for (const connections of [0, 1.5, 65_536]) {
      await assert.rejects(connect({ connections }), InvalidOptionError);
    }
  }));

Deno.test("Discovery finds the target, and its session takes no SCSI command", () =>
  withSimulatedPair({}, async ({ target, dial, clock, device }) => {
    const found = await discover("simulator", { dial, clock });
    assert.deepEqual(found.map(({ name }) => name), [TARGET_NAME]);
    const session = await Session.connectDiscovery({ portal: "simulator", dial, clock });
    try {
      const refused = { name: "IscsiError", outcome: "not-executed" };
      await assert.rejects(session.execute(0n, { cdb: Command.read(0) }), refused);
      await assert.rejects(session.abortTaskSet(0), refused);
      clock.advance(600_000);
      assert.ok(!session.closed && clock.pending === 0, "no ping is due");
    } finally {
      await session.close();
    }
    assert.deepEqual(device.log, []);
    assert.equal(target.sessions().length, 0);
  }));

Deno.test("Discovery can be called off while the target thinks", async () => {
  const silence = silentDialer();
  const clock = new VirtualClock();
  const controller = new AbortController();
  const found = discover("nowhere", { dial: silence.dial, clock, signal: controller.signal });
  await settled();
  controller.abort(REASON);
  await assert.rejects(found, REASON);
  assert.ok(silence.closes > 0);
  assert.equal(clock.pending, 0);
});

Deno.test("A signal calls a command off before the call, in the queue, and under way", () =>
  withSimulatedPair({ limits: { commandWindow: 1 } }, async ({ connect, device, target }) => {
    const session = await connect();
    try {
      const unit = session.logicalUnit(0);
      await assert.rejects(
        unit.execute({ cdb: Command.read(0), signal: AbortSignal.abort(REASON) }),
        REASON,
      );
      const [first, second] = [new AbortController(), new AbortController()];
      const underWay = unit.execute({ cdb: Command.wait(), signal: first.signal });
      await until(() => device.answers.length === 1);
      const queued = unit.execute({ cdb: Command.read(7), signal: second.signal });
      second.abort(REASON);
      await assert.rejects(queued, REASON);
      const next = unit.execute({ cdb: Command.read(0) });
      first.abort(REASON);
      await assert.rejects(underWay, REASON);
      device.answers[0]({ status: 0 });
      assert.equal((await next).status, 0);
      assert.deepEqual(device.log.filter((entry) => entry.startsWith("read")), ["read 0"]);
      assert.equal(target.sessions()[0].commands, 0);
    } finally {
      await session.close();
    }
  }));

Deno.test("Commands that cannot be sent are refused before anything is", () =>
  withSimulatedPair({}, async ({ connect }) => {
    const session = await connect();
    try {
      const cdb = Command.read(0);
      for (
        const command of [
          { cdb: new Uint8Array(0) },
          { cdb: new Uint8Array(261) },
          { cdb, timeoutMs: NaN },
          { cdb, timeoutMs: -1 },
          { cdb, dataOut: "text" as unknown as Uint8Array },
          { cdb, dataOut: new Uint16Array(4) as unknown as Uint8Array },
          { cdb, dataIn: new ArrayBuffer(8) as unknown as Uint8Array },
          { cdb: [...cdb] as unknown as Uint8Array },
        ]
      ) await assert.rejects(session.execute(0n, command), InvalidOptionError);
      await assert.rejects(session.text(new Uint8Array(2 ** 20)), InvalidOptionError);
      assert.equal((await session.execute(0n, { cdb })).status, 0);
    } finally {
      await session.close();
    }
  }));

Deno.test("Closing ends the commands under way, may be called twice, and leaves no timer", () =>
  withSimulatedPair({}, async ({ connect, device, clock, target, dialed }) => {
    const session = await connect();
    const waiting = session.logicalUnit(0).execute({ cdb: Command.wait() });
    const ended = assert.rejects(waiting, SessionClosedError);
    await until(() => device.answers.length === 1);
    await Promise.all([session.close(), session.close()]);
    await ended;
    await session.close();
    assert.deepEqual([session.closed, session.phase, clock.pending], [true, "closed", 0]);
    assert.ok(dialed[0].closes > 0);
    assert.equal(target.sessions().length, 0);
    const late = session.logicalUnit(0).execute({ cdb: Command.read(0) });
    await assert.rejects(late, { name: "SessionClosedError", outcome: "not-executed" });
    await assert.rejects(session.text(new Uint8Array(0)), SessionClosedError);
  }));

Deno.test("Closing a logical unit closes the session only if it was asked to", () =>
  withSimulatedPair({}, async ({ connect }) => {
    const session = await connect();
    await session.logicalUnit(0).close();
    assert.ok(!session.closed);
    await session.logicalUnit(0, { closesSession: true }).close();
    assert.ok(session.closed);
  }));

Deno.test("Task management goes through, and commands that it ended say so", () =>
  withSimulatedPair({}, async ({ connect, device }) => {
    const session = await connect();
    try {
      const unit = session.logicalUnit(0);
      for (
        const ending of [
          () => session.abortTaskSet(0),
          () => session.clearTaskSet(0),
          () => session.logicalUnitReset(0n),
          () => session.targetWarmReset(),
        ]
      ) {
        const waiting = unit.execute({ cdb: Command.wait() });
        const failed = assert.rejects(waiting, TaskAbortedError);
        await until(() => device.answers.length === 1);
        const done = ending();
        await Promise.all([done, failed]);
        device.answers.pop()!({ status: 0 });
      }
      assert.equal(device.log.filter((entry) => entry === "reset").length, 2);
      await assert.rejects(session.logicalUnitReset(9), TaskManagementError);
      const called = session.abortTaskSet(0, { signal: AbortSignal.abort(REASON) });
      await assert.rejects(called, REASON);
      await session.targetColdReset();
      await until(() => session.closed);
    } finally {
      await session.close();
    }
  }));

Deno.test("A target that dies fails what is under way, whose outcome is unknown", () =>
  withSimulatedPair({}, async ({ connect, device, target, clock }) => {
    const session = await connect();
    const failed = assert.rejects(
      session.logicalUnit(0).execute({ cdb: Command.wait() }),
      (error) => error instanceof ConnectionLostError && error.outcome === "unknown",
    );
    await until(() => device.answers.length === 1);
    target.sessions()[0].disconnect();
    await failed;
    await session.close();
    assert.equal(clock.pending, 0);
  }));

Deno.test("A logout that nobody answers is given up, and the command under way with it", () =>
  withSimulatedPair({}, async ({ connect, dial, device, clock }) => {
    let muted = false;
    const session = await connect({
      dial: async (address) => mutable(await dial(address), () => muted),
    });
    const failed = assert.rejects(
      session.logicalUnit(0).execute({ cdb: Command.wait() }),
      SessionClosedError,
    );
    await until(() => device.answers.length === 1);
    muted = true;
    const closing = session.close();
    await settled();
    assert.equal(session.phase, "logout");
    clock.advance(5000);
    await Promise.all([closing, failed]);
    assert.equal(clock.pending, 0);
  }));

/** A stream that drops what is written while it is muted. */
function mutable(stream: ByteStream, isMuted: () => boolean): ByteStream {
  return {
    read: (into) => stream.read(into),
    write: (chunks) => isMuted() ? Promise.resolve() : stream.write(chunks),
    close: () => stream.close(),
  };
}

Deno.test("Wherever the connection is cut, everything settles with an error that a caller knows", () =>
  withSimulatedPair({}, async (pair) => {
    const { clock } = pair;
    const total = await bytesOfConversation((stream) => stream);
    const steps = 60;
    for (const side of ["cutReadAt", "cutWriteAt"] as const) {
      for (let step = 0; step <= steps; step++) {
        const at = Math.floor(total[side] * step / steps);
        await bytesOfConversation((stream) => faulty(stream, { [side]: at }));
        assert.equal(clock.pending, 0, `a timer is left when ${side} is ${at}`);
      }
    }

    /** Runs a conversation that uses every part of a session, and counts its bytes. */
    async function bytesOfConversation(wrap: (stream: ByteStream) => ByteStream) {
      const bytes = { cutReadAt: 0, cutWriteAt: 0 };
      let session: Session | undefined;
      try {
        session = await pair.connect({
          dial: async (address) => wrap(counting(await pair.dial(address), bytes)),
        });
      } catch (error) {
        assert.ok(error instanceof IscsiError, String(error));
        return bytes;
      }
      const unit = session.logicalUnit(0);
      pair.device.data = pattern(20_000);
      const outcomes = await Promise.allSettled([
        unit.execute({ cdb: Command.write(30_000), dataOut: pattern(30_000) }),
        unit.execute({ cdb: Command.read(20_000), dataIn: new Uint8Array(20_000) }),
        session.text(new TextEncoder().encode("SendTargets=All\0")),
        unit.execute({ cdb: Command.shortRead(5000), dataIn: new Uint8Array(20_000) }),
      ]);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") {
          assert.ok(outcome.reason instanceof ServiceDeliveryError);
        }
      }
      await session.close();
      return bytes;
    }
  }));

function counting(
  stream: ByteStream,
  bytes: { cutReadAt: number; cutWriteAt: number },
): ByteStream {
  return {
    read: async (into) => {
      const count = await stream.read(into);
      bytes.cutReadAt += count ?? 0;
      return count;
    },
    write: (chunks) => {
      for (const chunk of chunks) bytes.cutWriteAt += chunk.length;
      return stream.write(chunks);
    },
    close: () => stream.close(),
  };
}

Deno.test("Commands that share an operation code are named by the type of the device", () =>
  withSimulatedPair({}, async ({ connect }) => {
    const names: string[] = [];
    const session = await connect({ hooks: { commandEnded: ({ name }) => names.push(name) } });
    const cdb = new Uint8Array(10).fill(0x34, 0, 1);
    for (const deviceType of [DeviceType.Tape, DeviceType.Disk, undefined]) {
      await session.logicalUnit(0, { deviceType }).execute({ cdb });
    }
    await session.close();
    assert.deepEqual(names, ["READ POSITION", "PRE-FETCH(10)", "READ POSITION or PRE-FETCH(10)"]);
  }));

Deno.test("A session tells how its commands fared", () =>
  withSimulatedPair({}, async ({ connect, device, clock }) => {
    const commands: CommandMetrics[] = [];
    const session = await connect({
      hooks: { commandEnded: (command) => commands.push(command) },
    });
    try {
      const unit = session.logicalUnit(0);
      device.data = pattern(100);
      await unit.execute({ cdb: Command.shortRead(100), dataIn: new Uint8Array(200) });
      const controller = new AbortController();
      const waiting = unit.execute({ cdb: Command.wait(), signal: controller.signal });
      const failed = assert.rejects(waiting, REASON);
      await until(() => device.answers.length === 1);
      clock.advance(1234);
      controller.abort(REASON);
      await failed;
      const told = commands.map(({ status, bytesIn, bytesOut, durationMs, error }) => ({
        status,
        bytesIn,
        bytesOut,
        durationMs,
        error,
      }));
      assert.deepEqual(told, [
        { status: 2, bytesIn: 100, bytesOut: 0, durationMs: 0, error: undefined },
        { status: undefined, bytesIn: 0, bytesOut: 0, durationMs: 1234, error: REASON },
      ]);
    } finally {
      await session.close();
    }
  }));
