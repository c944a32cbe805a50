import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AuthenticationError } from "../../iscsi/errors.ts";
import { PcapWriter, type PcapWriterOptions } from "../../iscsi/pcap.ts";
import { BHS_LENGTH, dataSegmentLength, OPCODE, OPCODE_MASK, padded } from "../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";
import { Session } from "../../iscsi/session/session.ts";
import type { LogicalUnit, ScsiCommand } from "../../scsi/logical_unit.ts";
import type { Dialer } from "../../transport/byte_stream.ts";
import { defaultDialer } from "../../transport/default_transport.ts";
import { type Direction, tracing } from "../../transport/tracing.ts";
import { startIstgt } from "./harness/istgt.ts";
import { requirePrograms } from "./harness/programs.ts";
import { randomBytes } from "./harness/random_bytes.ts";
import { runProgram } from "./harness/tape_command.ts";
import { type Target, withTarget } from "./harness/target.ts";
import { withTempDir } from "./harness/temp_dir.ts";
import { startTgt } from "./harness/tgt.ts";

const INITIATOR = { name: "reader", secret: "secret-of-reader" };
const TARGET = { name: "drive", secret: "secret-of-drive" };
const RECORD_BYTES = 300_000;

/** What passed a connection, in order. */
type Passed = { readonly direction: Direction; readonly bytes: Uint8Array }[];

function listeningDialer(passed: Passed): Dialer {
  return async (address, options) =>
    tracing(
      await defaultDialer(address, options),
      (direction, bytes) => passed.push({ direction, bytes }),
    );
}

/** The capture of what passed; the addresses are whatever the options say. */
function captureOf(passed: Passed, options: Partial<PcapWriterOptions> = {}): Buffer {
  const chunks: Uint8Array[] = [];
  let time = 0;
  const pcap = new PcapWriter({
    write: (bytes) => chunks.push(bytes),
    now: () => time++,
    ...options,
  });
  for (const { direction, bytes } of passed) {
    if (direction === "out") pcap.sent(bytes);
    else pcap.received(bytes);
  }
  pcap.close();
  return Buffer.concat(chunks);
}

/** A SCSI command whose status does not matter. */
async function execute(
  unit: LogicalUnit,
  cdb: number[],
  data: Partial<ScsiCommand> = {},
): Promise<void> {
  await unit.execute({ cdb: Uint8Array.from(cdb), ...data });
}

/** INQUIRY, a record written and read back, and a read that ends at a filemark with CHECK CONDITION. */
async function useTape(unit: LogicalUnit): Promise<void> {
  const length = [RECORD_BYTES >> 16, RECORD_BYTES >> 8, RECORD_BYTES].map((byte) => byte & 0xff);
  const record = randomBytes(RECORD_BYTES, 1);
  const into = new Uint8Array(RECORD_BYTES);
  // The first command meets the unit attention of the login.
  await execute(unit, [0x00, 0, 0, 0, 0, 0]);
  await execute(unit, [0x12, 0, 0, 0, 96, 0], { dataIn: new Uint8Array(96) });
  await execute(unit, [0x01, 0, 0, 0, 0, 0]);
  await execute(unit, [0x0a, 0, ...length, 0], { dataOut: record });
  await execute(unit, [0x10, 0, 0, 0, 1, 0]);
  await execute(unit, [0x01, 0, 0, 0, 0, 0]);
  await execute(unit, [0x08, 0, ...length, 0], { dataIn: into });
  assert.equal(Buffer.compare(into, record), 0);
  await execute(unit, [0x08, 0, ...length, 0], { dataIn: into });
}

/** Logs in, uses the tape, logs out. */
async function recordSession(
  target: Target,
  lun: number,
  options: Partial<Parameters<typeof Session.connect>[0]>,
): Promise<Passed> {
  const passed: Passed = [];
  const session = await Session.connect({
    portal: target.portal,
    targetName: target.iqn,
    dial: listeningDialer(passed),
    ...options,
  });
  try {
    await useTape(session.logicalUnit(lun));
  } finally {
    await session.close();
  }
  return passed;
}

/** Operation codes in the bytes of one direction, without digests. */
function opcodes(passed: Passed, direction: Direction): number[] {
  const bytes = Buffer.concat(
    passed.filter((one) => one.direction === direction).map((one) => one.bytes),
  );
  const found: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const header = bytes.subarray(at, at + BHS_LENGTH);
    found.push(header[OPCODE] & OPCODE_MASK);
    at += BHS_LENGTH + padded(dataSegmentLength(header));
  }
  return found;
}

/** What tshark makes of a capture, checksums verified. */
async function tshark(capture: Uint8Array, ...args: string[]): Promise<string> {
  const [program] = requirePrograms("tshark");
  return await withTempDir(async (dir) => {
    const file = join(dir, "capture.pcap");
    writeFileSync(file, capture);
    const preferences = [
      "tcp.check_checksum:TRUE",
      "ip.check_checksum:TRUE",
      // Longer data segments than 256 KiB it would otherwise take for bogus.
      "iscsi.bogus_pdu_max_data_len:16777215",
    ].flatMap((preference) => ["-o", preference]);
    const { code, stdout, stderr } = await runProgram(program, [
      "-n",
      "-r",
      file,
      ...preferences,
      ...args,
    ]);
    assert.equal(code, 0, stderr);
    return stdout;
  });
}

/** The operation codes that tshark found from one port on. */
async function dissectedOpcodes(capture: Uint8Array, port: number): Promise<number[]> {
  const fields = ["-T", "fields", "-e", "iscsi.opcode", "-Y", `iscsi && tcp.srcport == ${port}`];
  const output = await tshark(capture, ...fields);
  return output.trim().split(/[\n,]/).map(Number);
}

/** Packets that tshark finds fault with, of the network or of iSCSI. */
function faults(capture: Uint8Array): Promise<string> {
  const bad = ["ip.checksum.status == 0", "tcp.checksum.status == 0"];
  return tshark(
    capture,
    "-Y",
    ["_ws.malformed", "tcp.analysis.flags", '_ws.expert.severity >= "Warning"', ...bad].join(
      " || ",
    ),
  );
}

const ADDRESSES: readonly [string, Partial<PcapWriterOptions>][] = [
  ["IPv4", {}],
  ["IPv6", { target: { hostname: "::1", port: 3260 } }],
];

Deno.test("tshark reads a captured session with tgt as iSCSI, without a fault and without a secret", () =>
  withTarget(startTgt({ chap: INITIATOR, mutual: TARGET }), async (target) => {
    const passed = await recordSession(target, 1, { chap: { ...INITIATOR, target: TARGET } });
    for (const [family, options] of ADDRESSES) {
      const capture = captureOf(passed, options);
      assert.equal(await faults(capture), "", family);
      const sent = opcodes(passed, "out");
      const received = opcodes(passed, "in");
      assert.deepEqual(await dissectedOpcodes(capture, 49152), sent, family);
      assert.deepEqual(await dissectedOpcodes(capture, 3260), received, family);
      const { LoginRequest, ScsiCommand, DataOut, LogoutRequest } = Opcode;
      for (const one of [LoginRequest, ScsiCommand, DataOut, LogoutRequest]) {
        assert.ok(sent.includes(one), `opcode ${one} was sent`);
      }
      const { LoginResponse, ScsiResponse, DataIn, ReadyToTransfer, LogoutResponse } = Opcode;
      for (const one of [LoginResponse, ScsiResponse, DataIn, ReadyToTransfer, LogoutResponse]) {
        assert.ok(received.includes(one), `opcode ${one} was received`);
      }
    }
    const damaged = captureOf(passed);
    damaged[damaged.length - 300] ^= 1;
    assert.notEqual(await faults(damaged), "", "a fault would have been found");

    const text = await tshark(captureOf(passed), "-O", "iscsi,scsi");
    for (const key of ["CHAP_R", "CHAP_C"]) {
      const values = [...text.matchAll(new RegExp(`${key}=(.*)$`, "gm"))].map((match) => match[1]);
      assert.equal(values.length, 2, `${key} came from both sides`);
      for (const value of values) assert.match(value, /^\*+$/);
    }
    assert.match(text, /KeyValue: CHAP_N=reader/);
    assert.match(text, /Inquiry/i);
  }));

Deno.test("tshark verifies the digests of a captured session with istgt", () =>
  withTarget(startIstgt({ digests: true }), async (target) => {
    const passed = await recordSession(target, 0, {
      headerDigest: "prefer-crc32c",
      dataDigest: "prefer-crc32c",
    });
    const capture = captureOf(passed);
    assert.equal(await faults(capture), "");
    const text = await tshark(capture, "-O", "iscsi");
    const digests = [...text.matchAll(/(Header|Data)Digest: .*/g)].map((match) => match[0]);
    assert.ok(digests.some((one) => one.startsWith("Header")), text.slice(0, 5000));
    assert.ok(digests.some((one) => one.startsWith("Data")));
    for (const one of digests) assert.match(one, /Good/i);
  }));

Deno.test("the capture of a login that tgt refused holds no secret either", () =>
  withTarget(startTgt({ chap: INITIATOR }), async (target) => {
    const passed: Passed = [];
    const wrong = { name: INITIATOR.name, secret: "never-said-this" };
    const dial = listeningDialer(passed);
    const { portal, iqn } = target;
    await assert.rejects(
      Session.connect({ portal, targetName: iqn, dial, chap: wrong }),
      AuthenticationError,
    );
    const capture = captureOf(passed);
    assert.equal(await faults(capture), "");
    const text = await tshark(capture, "-O", "iscsi");
    assert.match(text, /CHAP_R=\*+$/m);
    assert.doesNotMatch(text, /CHAP_[CR]=[^*]/);
  }));
