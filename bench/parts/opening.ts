/**
 * How long it takes from the call to the first record, in round trips.
 *
 * @module
 */

import { type Direction, openTape, type PduEvent } from "../../mod.ts";
import { withDelay } from "../../tests/interop/harness/delay_proxy.ts";
import { startIstgt } from "../../tests/interop/harness/istgt.ts";
import { type Target, withTarget } from "../../tests/interop/harness/target.ts";
import { startTgt } from "../../tests/interop/harness/tgt.ts";
import { TapeServer } from "../../tests/interop/harness/tape_server.ts";
import { OPCODE, OPCODE_MASK } from "../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";
import { opcodeName } from "../../iscsi/pdu/pdu.ts";
import { decodeScsiCommand } from "../../iscsi/pdu/scsi_command.ts";
import { commandName } from "../../scsi/command_table.ts";
import { median } from "../figures.ts";
import type { Part } from "../part.ts";

const DELAY_MS = 5;
const RECORD_BYTES = 65536;

const PLACES: readonly [name: string, start: () => Promise<Target>][] = [
  ["istgt", startIstgt],
  ["tgt", startTgt],
  ["our simulator", () => TapeServer.start([])],
];

/** Round trips and time to the first record. */
export const opening: Part = {
  name: "opening",
  about: "round trips from openTape() to the first record",
  measure: async ({ rounds, say }) => {
    const rows: string[][] = [];
    for (const [name, start] of PLACES) {
      say(`opening ${name}`);
      await withTarget(start(), async (target) => {
        await writeTape(target.url);
        const [burst, waited] = await withDelay(
          target,
          DELAY_MS,
          async (url) => [await bursts(url), await medianMs(url, rounds)] as const,
        );
        rows.push([name, `${1 + burst.length}`, waited.toFixed(0), burst.join("; ")]);
      });
    }
    return {
      title: "Opening",
      about:
        "From `openTape()` to the first record, the tape loaded. Round trips are counted in the " +
        "trace of PDUs: requests that go out after an answer came in, half a round trip or more after the last such, " +
        "and one more for the handshake of TCP. The time is over a round trip " +
        "of 10 ms, but the proxy does not delay the handshake; istgt accepts nobody for about a second after its last session.",
      table: {
        columns: ["Target", "round trips", "ms over 10 ms", "what goes out, burst by burst"],
        rows,
      },
    };
  },
};

async function writeTape(url: string): Promise<void> {
  const drive = await openTape(url);
  try {
    await drive.rewind();
    for (let record = 0; record < 3; record++) await drive.write(new Uint8Array(RECORD_BYTES));
    await drive.writeFilemarks();
    await drive.rewind();
  } finally {
    await drive.close();
  }
}

async function openAndRead(url: string, watch?: (event: PduEvent) => void): Promise<number> {
  const start = performance.now();
  const drive = await openTape(url, { hooks: { pdu: watch } });
  try {
    const { kind } = await drive.read();
    if (kind !== "record") throw new Error(`Cannot measure: the tape begins with a ${kind}`);
    return performance.now() - start;
  } finally {
    await drive.rewind();
    await drive.close();
  }
}

/** What went out at a time, until the first record was there. */
async function bursts(url: string): Promise<string[]> {
  const found: string[][] = [];
  let last: Direction = "in";
  let begun = -Infinity;
  let over = false;
  await openAndRead(url, ({ direction, header, data }) => {
    over ||= direction === "in" && data.length >= RECORD_BYTES;
    if (over) return;
    const now = performance.now();
    if (direction === "out" && last === "in" && now - begun >= DELAY_MS) {
      found.push([]);
      begun = now;
    }
    if (direction === "out") found[found.length - 1].push(requestName(header));
    last = direction;
  });
  return found.map((names) => names.join(" + "));
}

const SEQUENTIAL_ACCESS = 1;

function requestName(header: Uint8Array): string {
  const opcode = header[OPCODE] & OPCODE_MASK;
  if (opcode !== Opcode.ScsiCommand) return opcodeName(opcode);
  return commandName(decodeScsiCommand(header).cdb, { deviceType: SEQUENTIAL_ACCESS });
}

async function medianMs(url: string, rounds: number): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round++) taken.push(await openAndRead(url));
  return median(taken);
}
