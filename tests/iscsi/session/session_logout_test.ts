import assert from "node:assert/strict";
import { OPCODE, OPCODE_MASK } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { opcodeName } from "../../../iscsi/pdu/pdu.ts";
import type { Session } from "../../../iscsi/session/session.ts";
import { VirtualClock } from "../../../transport/clock.ts";
import { Command } from "../../sim/target/scripted_device.ts";
import { settled, type SimulatedPair, until, withSimulatedPair } from "./simulated_pair.ts";

const LATE_LOGOUT = { kind: "delay", pdu: "logout-response", ms: 3000 } as const;

/** A session with three connections, and what it says from its Logout Request on. */
async function saidFromLogoutOn(
  use: (session: Session, clock: VirtualClock, pair: SimulatedPair) => Promise<void>,
): Promise<string[]> {
  const said: string[] = [];
  const clock = new VirtualClock();
  await withSimulatedPair({ faults: [LATE_LOGOUT], clock }, async (pair) => {
    const session = await pair.connect({
      clock,
      connections: 3,
      keepalive: false,
      abortTimeoutMs: 10_000,
      hooks: {
        pdu: ({ direction, cid, header }) => {
          const opcode = header[OPCODE] & OPCODE_MASK;
          const isFirst = opcode === Opcode.LogoutRequest && said.length === 0;
          if (direction === "out" && (isFirst || said.length > 0)) {
            said.push(`${opcodeName(opcode)} on ${cid}`);
          }
        },
      },
    });
    await until(() => session.connections.length === 3);
    await use(session, clock, pair);
    await settled();
  });
  return said;
}

Deno.test("A target that asks to log out one connection while the session logs out gets no second logout", async () => {
  const said = await saidFromLogoutOn(async (session, clock, { target }) => {
    target.sessions()[0].connections[1].sendAsync({ event: 1, parameter3: 1 });
    const closed = session.close();
    await settled();
    clock.advance(3000);
    await closed;
  });
  assert.deepEqual(said, ["Logout Request on 0"]);
});

Deno.test("What waits for the socket of another connection does not follow the logout of the session", async () => {
  const said = await saidFromLogoutOn(async (session, clock) => {
    const signals = [0, 1].map(() => new AbortController());
    const commands = Promise.allSettled(
      signals.map(({ signal }) => session.execute(0n, { cdb: Command.wait(), signal })),
    );
    await settled();
    for (const controller of signals) controller.abort();
    const closed = session.close();
    await settled();
    clock.advance(3000);
    await closed;
    await commands;
  });
  assert.deepEqual(said, ["Logout Request on 0"]);
});
