import assert from "node:assert/strict";
import { BHS_LENGTH, EXP_CMD_SN, OPCODE, OPCODE_MASK } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import type { Session } from "../../../iscsi/session/session.ts";
import type { ConnectionChange, PduEvent } from "../../../iscsi/session/session_hooks.ts";
import type { TargetFault } from "../../../sim/target/faults.ts";
import { until, withSimulatedPair } from "../../iscsi/session/simulated_pair.ts";
import { Command } from "./scripted_device.ts";

// Reads and writes of our own initiator against each fault of our own target that their error recovery level mends.

const COMMANDS = 12;
const DATA = Uint8Array.from({ length: 64_000 }, (_, i) => (i * 7) % 251);

interface Case {
  readonly level: 1 | 2;
  readonly faults: readonly TargetFault[];
  readonly digests?: boolean;
  readonly evidence: "snack" | "twice" | "lost";
}

const CASES: Case[] = [];
for (const pdu of ["data-in", "scsi-response", "r2t"] as const) {
  for (const nth of [1, 3]) {
    CASES.push({ level: 1, faults: [{ kind: "drop", pdu, nth }], evidence: "snack" });
    CASES.push({ level: 1, faults: [{ kind: "duplicate", pdu, nth }], evidence: "twice" });
  }
  for (const nth of [1, 4]) {
    for (const kind of ["disconnect-before", "disconnect-after"] as const) {
      CASES.push({ level: 2, faults: [{ kind, pdu, nth }], evidence: "lost" });
    }
  }
}
CASES.push({
  level: 1,
  digests: true,
  faults: [2, 5].map((nth) => ({ kind: "corrupt-data", pdu: "data-in", nth })),
  evidence: "snack",
});
for (const kind of ["disconnect-before-execution", "disconnect-after-execution"] as const) {
  for (const nth of [1, 5]) CASES.push({ level: 2, faults: [{ kind, nth }], evidence: "lost" });
}
CASES.push({
  level: 2,
  faults: [
    { kind: "disconnect-before", pdu: "scsi-response", nth: 1 },
    { kind: "disconnect-after", pdu: "data-in", nth: 12 },
  ],
  evidence: "lost",
});
CASES.push({
  level: 2,
  digests: true,
  faults: [{ kind: "corrupt-header", pdu: "data-in", nth: 3 }],
  evidence: "lost",
});

/** What went over the wire, and what became of connections. */
class Witness {
  readonly pdus: PduEvent[] = [];
  readonly changes: ConnectionChange[] = [];

  /** Whether the fault has happened, so that something had to be mended. */
  saw(evidence: Case["evidence"]): boolean {
    switch (evidence) {
      case "snack":
        return this.pdus.some(({ direction, header }) =>
          direction === "out" && (header[OPCODE] & OPCODE_MASK) === Opcode.Snack
        );
      case "twice":
        return this.#sawTwice();
      case "lost":
        return this.changes.some(({ to }) => to === "lost");
    }
  }

  #sawTwice(): boolean {
    const headers = this.pdus.filter(({ direction }) => direction === "in").map(({ header }) =>
      header.slice(0, BHS_LENGTH).fill(0, EXP_CMD_SN, EXP_CMD_SN + 8).join()
    );
    return new Set(headers).size < headers.length;
  }
}

function execute(session: Session, index: number): Promise<void> {
  return index % 2 === 0 ? read(session, 50_000 + index * 1000) : write(session, index);
}

async function read(session: Session, length: number): Promise<void> {
  const dataIn = new Uint8Array(length);
  const { status, dataInLength } = await session.execute(0n, { cdb: Command.read(length), dataIn });
  assert.deepEqual([status, dataInLength], [0, length]);
  assert.deepEqual(dataIn, DATA.subarray(0, length));
}

async function write(session: Session, index: number): Promise<void> {
  const dataOut = new Uint8Array(40_000 + index).fill(index);
  const { status } = await session.execute(0n, { cdb: Command.write(dataOut.length), dataOut });
  assert.equal(status, 0);
}

/** Each of the faults and both sides' waits in virtual time, which passes while there is nothing else to do. */
async function mends({ level, faults, digests = false, evidence }: Case, connections: number) {
  const digest = digests ? "crc32c" : "none";
  await withSimulatedPair({ faults }, async ({ connect, clock, device }) => {
    device.data = DATA;
    const witness = new Witness();
    const session = await connect({
      connections,
      keepalive: false,
      headerDigest: digest,
      dataDigest: digest,
      negotiation: {
        errorRecoveryLevel: level,
        defaultTime2Wait: 0,
        immediateData: false,
        initialR2T: true,
        maxBurstLength: 16_384,
        firstBurstLength: 16_384,
        maxReceiveDataSegmentLength: 8192,
      },
      hooks: {
        pdu: (event) => witness.pdus.push({ ...event, header: event.header.slice() }),
        connectionChanged: (change) => witness.changes.push(change),
      },
    });
    const timer = setInterval(() => clock.advance(100), 1);
    try {
      await until(() => session.connections.length === connections);
      const commands = Array.from({ length: COMMANDS }, (_, index) => execute(session, index));
      await Promise.all(commands);
      assert.ok(witness.saw(evidence), "the fault has not happened");
      const written = device.written.map(([first, ...rest]) => {
        assert.ok(rest.every((byte) => byte === first), "a write is of one piece");
        return first;
      });
      assert.deepEqual(written.toSorted((a, b) => a - b), [1, 3, 5, 7, 9, 11], "each once");
    } finally {
      clearInterval(timer);
      await session.close();
    }
  });
}

for (const connections of [1, 4]) {
  for (const one of CASES) {
    const what = one.faults.map((fault) =>
      [fault.kind, "pdu" in fault ? fault.pdu : "command", fault.nth].join(" ")
    ).join(", ");
    Deno.test(`Error recovery level ${one.level} over ${connections} connection(s) mends: ${what}`, () =>
      mends(one, connections));
  }
}
