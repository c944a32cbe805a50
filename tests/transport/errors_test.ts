import assert from "node:assert/strict";
import { reasonOf, TransportError, transportFailure } from "../../transport/errors.ts";

function withCode(code: string): Error {
  return Object.assign(new Error("something"), { code });
}

function withName(name: string): Error {
  return Object.assign(new Error("something"), { name });
}

Deno.test("a code decides about the reason before a class does", () => {
  assert.equal(reasonOf(withCode("ECONNREFUSED")), "refused");
  assert.equal(reasonOf(withCode("ENOTFOUND")), "unknown-host");
  assert.equal(reasonOf(withCode("ETIMEDOUT")), "timeout");
  assert.equal(reasonOf(withCode("EHOSTUNREACH")), "unreachable");
  assert.equal(reasonOf(withCode("EPIPE")), "reset");
  assert.equal(reasonOf(withCode("ERR_SSL_WRONG_VERSION_NUMBER")), "tls");
  assert.equal(reasonOf(withName("ConnectionReset")), "reset");
  assert.equal(reasonOf(Object.assign(withCode("EPIPE"), { name: "InvalidData" })), "reset");
});

Deno.test("the text of a message decides nothing", () => {
  assert.equal(reasonOf(new Error("ECONNREFUSED connection refused")), "other");
  assert.equal(reasonOf("ECONNREFUSED"), "other");
  assert.equal(reasonOf(undefined), "other");
});

Deno.test("a message names the address and what prevented the attempt", () => {
  const address = { hostname: "::1", port: 3260 };
  const cause = new Error("the dog ate it");
  assert.equal(
    transportFailure({ op: "dial", reason: "timeout", address }).message,
    "Cannot connect to [::1]:3260: timed out",
  );
  assert.equal(
    transportFailure({ op: "read", reason: "other", cause }).message,
    "Cannot read from the stream: the dog ate it",
  );
  assert.equal(
    transportFailure({ op: "write", reason: "other" }).message,
    "Cannot write to the stream: unknown failure",
  );
});

Deno.test("a TransportError keeps its fields and its cause", () => {
  const address = { hostname: "library", port: 3260 };
  const cause = new Error("underneath");
  const error = new TransportError("Cannot do it: why", {
    op: "listen",
    reason: "in-use",
    address,
    cause,
  });
  assert.ok(error instanceof Error);
  assert.equal(error.name, "TransportError");
  assert.deepEqual([error.op, error.reason, error.address, error.cause], [
    "listen",
    "in-use",
    address,
    cause,
  ]);
});
