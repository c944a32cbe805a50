import assert from "node:assert/strict";
import {
  CHAP_CODES,
  chapResponse,
  equalBytes,
  isShort,
  newChallenge,
} from "../../../iscsi/negotiation/chap.ts";
import type { ChapAlgorithm } from "../../../iscsi/negotiation/login_options.ts";
import { formatBinary } from "../../../iscsi/negotiation/text_values.ts";

/** Hashes of 2Ah, "secretsecret12", 00h to 0Fh, computed with Python's hashlib. */
const VECTORS: Record<ChapAlgorithm, string> = {
  "md5": "9860bd91695fa19d4538a10ade829698",
  "sha1": "4e55b217c1706e26ab6f73995f6ecd43a7634d66",
  "sha256": "86521a55d0dcb9552bd5b68e8dc869ccc73616aaa09ce25ba3d6e90d3a839f6e",
  "sha3-256": "add866f22d33ac994ac4b855d39fc06ce58be029468cf9024391ceddb622e4f2",
};
const ALGORITHMS = Object.keys(VECTORS) as ChapAlgorithm[];

Deno.test("chapResponse() hashes identifier, secret and challenge, in this order", () => {
  const secret = new TextEncoder().encode("secretsecret12");
  const challenge = Uint8Array.from({ length: 16 }, (_, i) => i);
  for (const algorithm of ALGORITHMS) {
    const response = chapResponse({ algorithm, identifier: 0x2a, challenge }, secret);
    assert.equal(formatBinary(response), "0x" + VECTORS[algorithm], algorithm);
  }
});

Deno.test("CHAP_CODES are those of RFC 7143 and IANA", () => {
  assert.deepEqual(CHAP_CODES, { "md5": "5", "sha1": "6", "sha256": "7", "sha3-256": "8" });
});

Deno.test("newChallenge() takes as many fresh random bytes as the digest has", () => {
  const lengths = ALGORITHMS.map((algorithm) =>
    newChallenge(algorithm, (length) => new Uint8Array(length).fill(length)).challenge.length
  );
  assert.deepEqual(lengths, [16, 20, 32, 32]);
});

Deno.test("equalBytes() compares content and length", () => {
  assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
  assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0)), false);
});

Deno.test("isShort() counts bytes, not characters, against 96 bits", () => {
  assert.equal(isShort("12345678901"), true);
  assert.equal(isShort("123456789012"), false);
  assert.equal(isShort("€€€€"), false);
  assert.equal(isShort(new Uint8Array(11)), true);
});
