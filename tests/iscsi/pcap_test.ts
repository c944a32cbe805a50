import assert from "node:assert/strict";
import { InvalidOptionError } from "../../iscsi/errors.ts";
import { encodeText } from "../../iscsi/negotiation/text_keys.ts";
import { BHS_LENGTH, padded } from "../../iscsi/pdu/bhs.ts";
import { PcapWriter, type PcapWriterOptions } from "../../iscsi/pcap.ts";
import { TcpConversation } from "../../iscsi/tracing/tcp_conversation.ts";
import { readU16, readU32, writeU24 } from "../../scsi/big_endian.ts";
import { Random, seed } from "../scsi/random.ts";
import { hex } from "./pdu/header_fixture.ts";

/** A capture in memory, by a clock that advances a millisecond and a half with every packet. */
function capture(options: Partial<PcapWriterOptions> = {}) {
  const chunks: Uint8Array[] = [];
  let time = 1_772_000_000_123.5;
  const pcap = new PcapWriter({
    write: (bytes) => chunks.push(bytes),
    now: () => time += 1.5,
    ...options,
  });
  return { pcap, chunks, file: () => Buffer.concat(chunks) };
}

interface Packet {
  readonly v6: boolean;
  readonly from: string;
  readonly to: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: string;
  readonly payload: Uint8Array;
}

/** Takes a packet apart and verifies its lengths and checksums as a receiver would. */
function decode(ip: Uint8Array): Packet {
  const v6 = ip[0] >> 4 === 6;
  const ipLength = v6 ? 40 : 20;
  assert.equal(v6 ? ip.length - 40 : ip.length, readU16(ip, v6 ? 4 : 2), "the length of IP");
  if (!v6) assert.equal(onesComplementSum(ip.subarray(0, 20)), 0xffff, "the checksum of IP");
  const addresses = v6 ? ip.subarray(8, 40) : ip.subarray(12, 20);
  const tcp = ip.subarray(ipLength);
  // Four bytes of length and one of protocol, behind three zeros (RFC 8200 §8.1); for IPv4 it adds up to the same.
  const pseudo = Uint8Array.of(0, tcp.length >> 16, tcp.length >> 8, tcp.length, 0, 0, 0, 6);
  assert.equal(onesComplementSum(Buffer.concat([addresses, pseudo, tcp])), 0xffff, "that of TCP");
  return {
    v6,
    from: Buffer.from(addresses.subarray(0, addresses.length / 2)).toString("hex"),
    to: Buffer.from(addresses.subarray(addresses.length / 2)).toString("hex"),
    sourcePort: readU16(tcp, 0),
    destinationPort: readU16(tcp, 2),
    sequence: readU32(tcp, 4),
    acknowledgement: readU32(tcp, 8),
    flags: ["F", "S", "R", "P", "A"].filter((_, bit) => tcp[13] & (1 << bit)).join(""),
    payload: tcp.subarray((tcp[12] >> 4) * 4),
  };
}

function onesComplementSum(bytes: Uint8Array): number {
  let total = 0;
  for (let at = 0; at < bytes.length; at++) total += at % 2 === 0 ? bytes[at] << 8 : bytes[at];
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

/** The packets of a file, whose records must be whole. */
function packets(file: Uint8Array, headerLength = 24): Packet[] {
  const found: Packet[] = [];
  for (let at = headerLength; at < file.length;) {
    const length = readU32(file, at + 8);
    assert.equal(readU32(file, at + 12), length);
    found.push(decode(file.subarray(at + 16, at + 16 + length)));
    at += 16 + length;
  }
  return found;
}

/** What one end said, put together from the segments. */
function stream(file: Uint8Array, sourcePort: number): Buffer {
  return Buffer.concat(
    packets(file).filter((one) => one.sourcePort === sourcePort).map((one) => one.payload),
  );
}

// The network layers were written down from RFC 791, RFC 9293 and the description of pcap, and read back by tshark.
Deno.test("PcapWriter writes a handshake, data each way and the end, byte for byte", () => {
  const { pcap, file } = capture();
  pcap.sent(Uint8Array.of(1, 2, 3));
  pcap.received(Uint8Array.of(4));
  pcap.close();
  const there = "c0000201 c0000202 c0000cbc";
  const back = "c0000202 c0000201 0cbcc000";
  const syn = "0204ffd7 03030e01";
  const expected = `
    a1b2c3d4 00020004 00000000 00000000 00040000 00000065
    699e9300 0001e848 00000030 00000030 45000030 00004000 4006b6c4 ${there} 00000000 00000000 7002ffff 2c3a0000 ${syn}
    699e9300 0001ee24 00000030 00000030 45000030 00004000 4006b6c4 ${back}  00000000 00000001 7012ffff 2c290000 ${syn}
    699e9300 0001f400 00000028 00000028 45000028 00004000 4006b6cc ${there} 00000001 00000001 5010ffff 5f120000
    699e9300 0001f9dc 0000002b 0000002b 4500002b 00004000 4006b6c9 ${there} 00000001 00000001 5018ffff 5b050000 010203
    699e9300 0001ffb8 00000029 00000029 45000029 00004000 4006b6cb ${back}  00000001 00000004 5018ffff 5b060000 04
    699e9300 00020594 00000028 00000028 45000028 00004000 4006b6cc ${there} 00000004 00000002 5011ffff 5f0d0000
    699e9300 00020b70 00000028 00000028 45000028 00004000 4006b6cc ${back}  00000002 00000005 5011ffff 5f0c0000
    699e9300 0002114c 00000028 00000028 45000028 00004000 4006b6cc ${there} 00000005 00000003 5010ffff 5f0c0000`;
  assert.equal(file().toString("hex"), Buffer.from(hex(expected)).toString("hex"));
});

for (const hostname of ["10.1.2.3", "2001:db8:0:0:5::9"]) {
  Deno.test(`PcapWriter cuts what does not fit into one packet, and numbers it, to ${hostname}`, () => {
    const { pcap, file } = capture({ target: { hostname, port: 3261 } });
    const most = hostname.includes(":") ? 65515 : 65495;
    const random = new Random(seed());
    const out = random.bytes(most * 2 + 1);
    const back = random.bytes(most);
    // No Login PDUs: those would be redacted.
    out[0] = back[0] = 0x01;
    pcap.sent(out);
    pcap.received(back);
    pcap.sent(back);
    const data = packets(file()).slice(3);
    assert.deepEqual(data.map((one) => one.payload.length), [most, most, 1, most, most]);
    assert.deepEqual(data.map((one) => one.flags), ["A", "A", "PA", "PA", "PA"]);
    assert.deepEqual(
      data.map((one) => one.sequence),
      [1, 1 + most, 1 + 2 * most, 1, 2 + 2 * most],
    );
    assert.deepEqual(
      data.map((one) => one.acknowledgement),
      [1, 1, 1, 2 + 2 * most, 1 + most],
    );
    assert.equal(stream(file(), 49152).compare(Buffer.concat([out, back])), 0);
    assert.equal(stream(file(), 3261).compare(back), 0);
  });
}

Deno.test("PcapWriter's sequence numbers go on at 0 behind 2^32 - 1", () => {
  const found: Packet[] = [];
  const end = (last: number, port: number) => ({ address: Uint8Array.of(10, 0, 0, last), port });
  const conversation = new TcpConversation(end(1, 1), end(2, 2), {
    room: 5,
    packet: (bytes) => found.push(decode(bytes.subarray(5))),
    initialSequence: 0xfffffffd,
  });
  conversation.open();
  conversation.data("sent", new Uint8Array(4));
  conversation.data("received", new Uint8Array(1));
  assert.deepEqual(
    found.slice(3).map(({ sequence, acknowledgement }) => [sequence, acknowledgement]),
    [[0xfffffffe, 0xfffffffe], [0xfffffffe, 2]],
  );
});

const ADDRESSES: readonly [
  what: string,
  options: Partial<PcapWriterOptions>,
  initiator: string,
  target: string,
][] = [
  ["nothing at all", {}, "192.0.2.1:49152", "192.0.2.2:3260"],
  [
    "both addresses",
    {
      initiator: { hostname: "10.0.0.1", port: 40000 },
      target: { hostname: "10.0.0.255", port: 860 },
    },
    "10.0.0.1:40000",
    "10.0.0.255:860",
  ],
  [
    "host names, which get addresses for documentation",
    {
      initiator: { hostname: "me.example.com", port: 7 },
      target: { hostname: "10.0.0.256", port: 8 },
    },
    "192.0.2.1:7",
    "192.0.2.2:8",
  ],
  [
    "an IPv6 address with a zone",
    { target: { hostname: "fe80::1%eth0", port: 3260 } },
    "20010db8000000000000000000000001:49152",
    "fe800000000000000000000000000001:3260",
  ],
  [
    "an IPv6 address of eight groups, and the other by name",
    {
      initiator: { hostname: "1:2:3:4:5:6:7:8", port: 1 },
      target: { hostname: "tape", port: 2 },
    },
    "00010002000300040005000600070008:1",
    "20010db8000000000000000000000002:2",
  ],
  [
    "IPv6 addresses that begin and end with zeros, or end in dots",
    {
      initiator: { hostname: "fe80::", port: 1 },
      target: { hostname: "::ffff:10.1.2.3", port: 2 },
    },
    "fe800000000000000000000000000000:1",
    "00000000000000000000ffff0a010203:2",
  ],
];

for (const [what, options, initiator, target] of ADDRESSES) {
  Deno.test(`PcapWriter takes ${what}`, () => {
    const { file } = capture(options);
    const [syn, answer] = packets(file());
    const name = (address: string, port: number, v6: boolean) =>
      `${v6 ? address : [...hex(address)].join(".")}:${port}`;
    assert.equal(name(syn.from, syn.sourcePort, syn.v6), initiator);
    assert.equal(name(syn.to, syn.destinationPort, syn.v6), target);
    assert.equal(name(answer.from, answer.sourcePort, answer.v6), target);
    assert.equal(name(answer.to, answer.destinationPort, answer.v6), initiator);
  });
}

Deno.test("PcapWriter refuses addresses of two families, and ports that are none", () => {
  const v4 = { hostname: "10.0.0.1", port: 1 };
  const refusals: [Partial<PcapWriterOptions>, string][] = [
    [{ initiator: v4, target: { hostname: "::1", port: 1 } }, "target"],
    [{ initiator: { ...v4, port: 65536 } }, "initiator.port"],
    [{ target: { ...v4, port: -1 } }, "target.port"],
    [{ target: { ...v4, port: 1.5 } }, "target.port"],
  ];
  for (const [options, option] of refusals) {
    let written = 0;
    assert.throws(
      () => capture({ ...options, write: () => written++ }),
      (error) => error instanceof InvalidOptionError && error.option === option,
    );
    assert.equal(written, 0);
  }
});

Deno.test("PcapWriter adds a second connection to a file that has its header", () => {
  const first = capture();
  first.pcap.close();
  const second = capture({ append: true, initiator: { hostname: "192.0.2.1", port: 49153 } });
  second.pcap.close();
  const both = packets(Buffer.concat([first.file(), second.file()]));
  assert.deepEqual(both.map((one) => one.flags), [
    ...["S", "SA", "A", "FA", "FA", "A"],
    ...["S", "SA", "A", "FA", "FA", "A"],
  ]);
  assert.equal(packets(second.file(), 0)[0].sourcePort, 49153);
});

Deno.test("PcapWriter.close() ends the connection once, and what comes later is left out", () => {
  const { pcap, chunks } = capture();
  pcap.close();
  const count = chunks.length;
  pcap.close();
  pcap.sent(Uint8Array.of(1));
  pcap.received(Uint8Array.of(1));
  assert.equal(chunks.length, count);
});

Deno.test("PcapWriter writes no packet for no bytes, and leaves the caller's bytes alone", () => {
  const { pcap, chunks } = capture();
  const count = chunks.length;
  pcap.sent(new Uint8Array());
  assert.equal(chunks.length, count);
  const login = pdu(0x43, 0x81, encodeText([["CHAP_R", "0x1234"]]));
  const before = login.slice();
  pcap.sent(login);
  assert.deepEqual(login, before);
});

/** A PDU as it is on the wire, without digests. */
function pdu(opcode: number, flags: number, data: Uint8Array, ahs = new Uint8Array()): Uint8Array {
  const bytes = new Uint8Array(BHS_LENGTH + ahs.length + padded(data.length));
  bytes[0] = opcode;
  bytes[1] = flags;
  bytes[4] = ahs.length / 4;
  writeU24(bytes, 5, data.length);
  bytes.set(ahs, BHS_LENGTH);
  bytes.set(data, BHS_LENGTH + ahs.length);
  return bytes;
}

const CONTINUED = 0x40;
const FINAL_LOGIN = 0x87;

/** Login PDUs with secrets in all positions, then a command whose data looks like a login's. */
function conversation(hide: boolean, opcode: number): Buffer {
  const secret = (value: string) => hide ? "*".repeat(value.length) : value;
  const straddling = encodeText([
    ["CHAP_N", "reader"],
    ["CHAP_R", secret("0bQZQZ+/==")],
    ["CHAP_I", "12"],
    ["X-com.example.Token", secret("a=b CHAP_N=c")],
    ["X-com.example.colour", "blue"],
    ["SRP_A", secret("0x12")],
    ["X-".padEnd(64, "y"), secret("whose name is too long")],
    ["CHAP_C", secret("0x0011223344556677")],
  ]);
  const parts = [0, 3, 21, 23, 24, 30, 60].map((at, index, cuts) =>
    pdu(opcode, CONTINUED, straddling.subarray(at, cuts[index + 1] ?? straddling.length - 2))
  );
  // Without its C bit a text is over, NUL or not.
  const unfinished = new TextEncoder().encode(`CHAP_R=${secret("0x99")}`);
  const ahs = new TextEncoder().encode("CHAP_C=0");
  return Buffer.concat([
    ...parts,
    pdu(opcode, 0x81, straddling.subarray(-2)),
    pdu(opcode, 0x81, unfinished),
    pdu(opcode, 0x81, encodeText([["TargetName", "iqn.x:y"]]), ahs),
    pdu(opcode, FINAL_LOGIN, new Uint8Array()),
    pdu(0x01, 0xa1, encodeText([["CHAP_R", "0xdata"]])),
    pdu(opcode, FINAL_LOGIN, encodeText([["CHAP_R", "0xdata"]])),
  ]);
}

for (
  const [direction, opcode, port] of [["sent", 0x43, 49152], ["received", 0x23, 3260]] as const
) {
  Deno.test(`PcapWriter blanks secrets in login PDUs that were ${direction}, however the bytes are cut, and nothing else`, () => {
    const bytes = conversation(false, opcode);
    const expected = conversation(true, opcode);
    assert.notEqual(bytes.compare(expected), 0);
    for (const step of [1, 2, 7, 47, 48, 49, 333, bytes.length]) {
      const { pcap, file } = capture();
      for (let at = 0; at < bytes.length; at += step) {
        pcap[direction](bytes.subarray(at, at + step));
      }
      assert.equal(stream(file(), port).toString("latin1"), expected.toString("latin1"));
    }
  });
}

Deno.test("PcapWriter takes bytes that are no iSCSI as they are", () => {
  const { pcap, file } = capture();
  const answer = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\nCHAP_R=0x1234\r\n\r\n");
  pcap.received(answer);
  assert.equal(stream(file(), 3260).compare(answer), 0);
});
