/** Many logins one after the other, and many sessions at once, and what is left of them. */

import { setImmediate } from "node:timers";
import { Session } from "../../iscsi/session/session.ts";
import type { RunningTarget } from "../../sim/target/running_target.ts";
import { serveTarget } from "../../sim/target/serve_target.ts";
import { SimulatedDrive } from "../../sim/tape/drive.ts";
import { CountingClock } from "./counting_clock.ts";
import { type Network, openSockets } from "./network.ts";
import { usedMemory } from "./used_memory.ts";

const TARGET_NAME = "iqn.2026-03.com.example:tape";
const TEST_UNIT_READY = new Uint8Array(6);
/** Logins under way together, when many sessions are opened. */
const TOGETHER = 50;
/** What is made once and kept (compiled code, tables) is made in the first of so many equal parts. */
const PARTS = 10;

/** What a soak has left behind, and what it took. */
export interface SoakReport {
  readonly seconds: number;
  /** Bytes that are in use at the end beyond those after the first tenth. */
  readonly growthBytes: number;
  /** Bytes that each open session took, the target's half included; 0 when none were open together. */
  readonly sessionBytes: number;
  /** Sockets that are open at the end beyond those at the beginning. */
  readonly leakedSockets: number;
  /** Timers that run at the end. */
  readonly leakedTimers: number;
  /** Sessions that the target has at the end. */
  readonly leakedSessions: number;
}

type Memory = Pick<SoakReport, "growthBytes" | "sessionBytes">;

interface Bench {
  readonly clock: CountingClock;
  readonly target: RunningTarget;
  login(number: number): Promise<Session>;
}

/** Logs in and out, `count` times, with a command in each session. */
export function soakLogins(network: () => Promise<Network>, count: number): Promise<SoakReport> {
  return soak(network, 1, async (bench) => {
    let base = 0;
    for (let number = 0; number < count; number++) {
      if (number === Math.floor(count / PARTS)) base = usedMemory();
      const session = await bench.login(number);
      await session.close();
    }
    return { growthBytes: usedMemory() - base, sessionBytes: 0 };
  });
}

/** Opens `count` sessions, uses each, and closes them, ten times fewer the first time to warm up. */
export function soakSessions(network: () => Promise<Network>, count: number): Promise<SoakReport> {
  return soak(network, count, async (bench) => {
    await closeAll(await openAll(bench, Math.ceil(count / PARTS)));
    const base = usedMemory();
    const sessions = await openAll(bench, count);
    const sessionBytes = (usedMemory() - base) / count;
    await closeAll(sessions);
    return { growthBytes: usedMemory() - base, sessionBytes };
  });
}

async function soak(
  connect: () => Promise<Network>,
  sessions: number,
  work: (bench: Bench) => Promise<Memory>,
): Promise<SoakReport> {
  const sockets = openSockets();
  const network = await connect();
  const clock = new CountingClock();
  const target = await serve(network, sessions, clock);
  const begin = performance.now();
  let memory: Memory;
  let leakedSessions = 0;
  try {
    memory = await work(
      { clock, target, login: (number) => login(target, network, clock, number) },
    );
    leakedSessions = await settled(() => target.sessions().length);
  } finally {
    await target.close();
  }
  return {
    seconds: (performance.now() - begin) / 1000,
    ...memory,
    leakedSockets: await settled(() => openSockets() - sockets),
    leakedTimers: clock.running,
    leakedSessions,
  };
}

function serve(network: Network, sessions: number, clock: CountingClock): Promise<RunningTarget> {
  const room = sessions + TOGETHER;
  return serveTarget({
    targetName: TARGET_NAME,
    units: [{ lun: 0, device: new SimulatedDrive({ commandLogLength: 1 }) }],
    listener: network.listener,
    limits: { maxConnections: room, maxSessions: room, maxPendingLogins: room },
    clock,
  });
}

/** A session of an initiator port of its own, with a command done. */
async function login(
  target: RunningTarget,
  network: Network,
  clock: CountingClock,
  number: number,
): Promise<Session> {
  const { hostname, port } = target.address;
  const session = await Session.connect({
    portal: `${hostname}:${port}`,
    targetName: TARGET_NAME,
    isid: Uint8Array.of(0x80, 0, 0, 1, number >>> 8, number),
    dial: network.dial,
    clock,
  });
  await session.execute(0n, { cdb: TEST_UNIT_READY });
  return session;
}

async function openAll({ login }: Bench, count: number): Promise<Session[]> {
  const sessions: Session[] = [];
  while (sessions.length < count) {
    const room = Math.min(TOGETHER, count - sessions.length);
    const opening = Array.from({ length: room }, (_, index) => login(sessions.length + index));
    sessions.push(...await Promise.all(opening));
  }
  return sessions;
}

async function closeAll(sessions: Session[]): Promise<void> {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
}

/** What `count` comes to. The other end of a connection, and the system, see its end some turns later. */
async function settled(count: () => number): Promise<number> {
  for (let turns = 0; turns < 1000 && count() > 0; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return count();
}
