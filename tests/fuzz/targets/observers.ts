/** What watches a conversation: the capture for Wireshark and the ring of the last PDUs. Bytes in any pieces, both ways. */

import assert from "node:assert/strict";
import { ahsLength, BHS_LENGTH } from "../../../iscsi/pdu/bhs.ts";
import { PcapWriter } from "../../../iscsi/pcap.ts";
import { PduRing } from "../../../iscsi/trace.ts";
import { concat } from "../../../transport/concat.ts";
import { Choices } from "../choices.ts";
import { ascii, type FuzzTarget } from "../fuzz_target.ts";
import { loginWires } from "./login.ts";

const TARGET = { hostname: "target", port: 3260 };
const INITIATOR = { hostname: "10.0.0.1", port: 49152 };
/** Headers of packets and of the file: the most that a byte may take, which is a packet of its own. */
const MAX_BYTES_PER_BYTE = 200;
const FILE_BYTES = 2000;

/** A turn: a byte for the direction, two for the length, then the bytes. */
function turn(isOut: boolean, bytes: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(isOut ? 1 : 0, bytes.length >>> 8, bytes.length), bytes]);
}

export function observersTarget(): FuzzTarget {
  const seeds = loginWires().flatMap(({ requests, responses }) => [
    concat([turn(true, requests), turn(false, responses)]),
    concat([turn(true, requests.subarray(0, 60)), turn(true, requests.subarray(60))]),
  ]);
  return {
    name: "observers",
    seeds,
    tokens: ["CHAP_R=0x12\0", "=", "\0"].map(ascii),
    maxBytes: 8192,
    run: runObservers,
  };
}

function runObservers(input: Uint8Array): void {
  let written = 0;
  const pcap = new PcapWriter({
    write: (bytes) => void (written += bytes.length),
    now: () => 0,
    target: TARGET,
    initiator: INITIATOR,
  });
  const ring = new PduRing({ capacity: 4 });
  const choices = new Choices(input);
  while (!choices.isOver) {
    const isOut = choices.below(2) === 1;
    const bytes = choices.take(choices.word());
    if (isOut) pcap.sent(bytes);
    else pcap.received(bytes);
    remember(ring, isOut, bytes);
  }
  pcap.close();
  assert.ok(
    written <= FILE_BYTES + MAX_BYTES_PER_BYTE * input.length,
    "a capture is not much longer",
  );
  const lines = ring.lines();
  assert.ok(lines.length <= 4 && lines.every((line) => line.length <= 512));
}

function remember(ring: PduRing, isOut: boolean, bytes: Uint8Array): void {
  if (bytes.length < BHS_LENGTH) return;
  const header = bytes.subarray(0, BHS_LENGTH + ahsLength(bytes));
  ring.add(header, bytes.subarray(header.length), isOut ? "out" : "in");
}
