import assert from "node:assert/strict";
import {
  AuthenticationError,
  CommandTimeoutError,
  ConnectError,
  ConnectionLostError,
  DigestError,
  InvalidOptionError,
  IscsiError,
  LoginError,
  LogoutError,
  NegotiationError,
  ProtocolError,
  RedirectError,
  RejectError,
  SessionClosedError,
  TaskManagementError,
} from "../../iscsi/errors.ts";
import { ServiceDeliveryError } from "../../scsi/errors.ts";

const cause = new Error("Underneath");

/** One of each, with the outcome that a command waiting on it has by default. */
const ERRORS: [IscsiError, name: string, outcome: string][] = [
  [new IscsiError("m", { cause }), "IscsiError", "unknown"],
  [new ConnectError("m", { cause, address: "h:1" }), "ConnectError", "not-executed"],
  [new LoginError("m", { cause, stage: "security" }), "LoginError", "not-executed"],
  [
    new AuthenticationError("m", { cause, reason: "downgrade" }),
    "AuthenticationError",
    "not-executed",
  ],
  [
    new NegotiationError("m", { cause, key: "K", stage: "operational" }),
    "NegotiationError",
    "not-executed",
  ],
  [
    new NegotiationError("m", { cause, key: "K", stage: "full-feature" }),
    "NegotiationError",
    "unknown",
  ],
  [new ProtocolError("m", { cause }), "ProtocolError", "unknown"],
  [new DigestError("m", { cause, segment: "data" }), "DigestError", "unknown"],
  [new ConnectionLostError("m", { cause }), "ConnectionLostError", "unknown"],
  [
    new CommandTimeoutError("m", { cause, commandName: "READ(6)", timeoutMs: 5 }),
    "CommandTimeoutError",
    "unknown",
  ],
  [new SessionClosedError("m", { cause }), "SessionClosedError", "unknown"],
  [new RejectError("m", { cause, reason: 4, reasonName: "r" }), "RejectError", "unknown"],
  [new LogoutError("m", { cause, response: 1, responseName: "r" }), "LogoutError", "unknown"],
  [
    new TaskManagementError("m", {
      cause,
      functionName: "ABORT TASK",
      response: 1,
      responseName: "r",
    }),
    "TaskManagementError",
    "unknown",
  ],
];

Deno.test("Every iSCSI error is a ServiceDeliveryError with its own name, cause and default outcome", () => {
  for (const [error, name, outcome] of ERRORS) {
    assert.ok(error instanceof IscsiError && error instanceof ServiceDeliveryError, name);
    assert.equal(error.name, name);
    assert.equal(error.message, "m");
    assert.equal(error.cause, cause);
    assert.equal(error.outcome, outcome, name);
  }
});

Deno.test("The outcome that is given wins over the default", () => {
  assert.equal(new ConnectionLostError("m", { outcome: "not-executed" }).outcome, "not-executed");
  assert.equal(new ProtocolError("m", { outcome: "not-executed" }).outcome, "not-executed");
  assert.equal(
    new LoginError("m", { stage: "security", outcome: "unknown" }).outcome,
    "unknown",
  );
});

Deno.test("Authentication and redirection failures are login failures, digest failures protocol failures", () => {
  const authentication = new AuthenticationError("m", { reason: "reflection", statusClass: 2 });
  assert.ok(authentication instanceof LoginError);
  assert.deepEqual([authentication.stage, authentication.statusClass], ["security", 2]);
  const redirect = new RedirectError("m", ["a:1", "b:1"]);
  assert.ok(redirect instanceof LoginError);
  assert.deepEqual([redirect.hops, redirect.statusClass], [["a:1", "b:1"], 1]);
  const digest = new DigestError("m", { segment: "header", recentPdus: ["one"] });
  assert.ok(digest instanceof ProtocolError);
  assert.deepEqual([digest.segment, digest.recentPdus], ["header", ["one"]]);
});

Deno.test("A misused option is no service delivery failure", () => {
  const error = new InvalidOptionError("chap.name", "m");
  assert.ok(!(error instanceof ServiceDeliveryError));
  assert.deepEqual([error.name, error.option], ["InvalidOptionError", "chap.name"]);
});
