import assert from "node:assert/strict";
import { encodeText } from "../../iscsi/negotiation/text_keys.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";
import { Session } from "../../iscsi/session/session.ts";
import { loopbackTarget } from "../../sim/target/loopback_target.ts";
import { SimulatedDrive } from "../../sim/tape/drive.ts";
import type { Dialer } from "../../transport/byte_stream.ts";
import { COMMAND_TIMEOUT_MS, HOSTILE_TARGETS, type HostileTarget } from "./hostile_targets.ts";
import { bytesInUse, usedMemory } from "../soak/used_memory.ts";
import { HostileWire } from "./hostile_wire.ts";
import { settle } from "./settle.ts";
import { SkippingClock } from "./skipping_clock.ts";

const TARGET_NAME = "iqn.2026-03.com.example:tape";
/** A logout that gets no answer, at the end. */
const LOGOUT_MS = 5_000;
/** What code and tables may take; a target that could make us keep what it sends would have us keep 160 MB. */
const MAX_GROWTH_BYTES = 32 * 1024 * 1024;
const WRITING = /same data/;

/** What the session is asked: the request of the kind that sets the target off. */
async function provoke(target: HostileTarget, clock: SkippingClock, dial: Dialer): Promise<void> {
  const session = await Session.connect({
    portal: "simulator",
    targetName: TARGET_NAME,
    dataDigest: "none",
    clock,
    dial,
  });
  try {
    if (target.provokedBy === Opcode.TextRequest) {
      await session.text(encodeText([["SendTargets", "All"]]));
      return;
    }
    const data = new Uint8Array(100_000);
    const command = WRITING.test(target.name)
      ? { cdb: Uint8Array.of(0x0a, 0, 1, 0x86, 0xa0, 0), dataOut: data }
      : { cdb: Uint8Array.of(8, 0, 0, 0x0f, 0xa0, 0), dataIn: data.subarray(0, 4000) };
    const { timeoutMs = COMMAND_TIMEOUT_MS } = target;
    await session.execute(0n, { ...command, timeoutMs });
  } finally {
    await session.close();
  }
}

/** Collecting garbage takes its time: only when there is much. */
function growthSince(before: number): number {
  const growth = bytesInUse() - before;
  return growth < MAX_GROWTH_BYTES ? growth : usedMemory() - before;
}

for (const hostile of HOSTILE_TARGETS) {
  const classes = hostile.ends.map(({ name }) => name).join(" or ");
  Deno.test(`A target that ${hostile.name} costs ${hostile.withinMs} ms at most, and a ${classes}`, async () => {
    const clock = new SkippingClock();
    const wires: HostileWire[] = [];
    const target = await loopbackTarget({
      targetName: TARGET_NAME,
      units: [{ lun: 0, device: new SimulatedDrive() }],
      clock,
    });
    const before = bytesInUse();
    try {
      const dial: Dialer = async (address, options) => {
        wires.push(new HostileWire(await target.dial(address, options), clock, hostile));
        return wires.at(-1)!;
      };
      const work = settle(provoke(hostile, clock, dial), clock, wires, hostile.name);
      await assert.rejects(work, (error) => {
        assert.ok(hostile.ends.some((each) => error instanceof each), String(error));
        return true;
      });
      const tookMs = clock.now() - wires[0].provokedAtMs!;
      assert.ok(tookMs <= hostile.withinMs + LOGOUT_MS, `it took ${tookMs} ms`);
      assert.ok(growthSince(before) < MAX_GROWTH_BYTES, "what a target sends is not kept");
      assert.ok(wires.every((wire) => wire.isClosed));
    } finally {
      await target.close();
    }
    assert.equal(clock.pending, 0, "no timer is left");
  });
}
