import assert from "node:assert/strict";
import { ProtocolError } from "../../../iscsi/errors.ts";
import { BHS_LENGTH } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { guardedHooks, type PduEvent } from "../../../iscsi/session/session_hooks.ts";
import { describePdu } from "../../../iscsi/trace.ts";
import { ScriptedTarget } from "./scripted_target.ts";

const READ = [0x08, 0, 0, 0x10, 0, 0];
const WRITE = [0x0a, 0, 0, 0x10, 0, 0];
const REWIND = [0x01, 0, 0, 0, 0, 0];

Deno.test("The hook sees each PDU once, in order, with its header and data", () => {
  const seen: string[] = [];
  const lengths: [number, number][] = [];
  const target = ScriptedTarget.loggedIn({
    pdu: ({ direction, header, data }: PduEvent) => {
      seen.push(describePdu(header, data, direction).split(" ").slice(0, 3).join(" "));
      lengths.push([header.length, data.length]);
    },
  });
  assert.deepEqual(seen, [
    "> Login Request",
    "< Login Response",
    "> Login Request",
    "< Login Response",
  ]);
  lengths.length = seen.length = 0;
  target.command(WRITE, { dataOut: new Uint8Array(5000) });
  target.command(Array.from({ length: 32 }, () => 0x7f));
  const [write, long] = target.sent().map(({ pdu }) => pdu.itt);
  target.respond(write);
  target.respond(long, { status: 2 }, Uint8Array.of(0, 2, 0x70, 0));
  assert.deepEqual(seen, [
    "> SCSI Command",
    "> SCSI Command",
    "< SCSI Response",
    "< SCSI Response",
  ]);
  assert.deepEqual(lengths, [[48, 5000], [48 + 20, 0], [48, 0], [48, 4]]);
});

Deno.test("A ProtocolError and those of its commands tell the last PDUs, the bad one too, without secrets", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(READ, { dataIn: new Uint8Array(10) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataIn(itt, new Uint8Array(10), { dataSn: 3 });
  const { error } = target.closedWith!;
  assert.ok(error instanceof ProtocolError);
  assert.ok(error.recentPdus);
  assert.match(error.recentPdus[0], /^> Login Request/);
  assert.match(error.recentPdus.at(-2)!, /^> SCSI Command itt=1 /);
  assert.match(error.recentPdus.at(-1)!, /^< SCSI Data-In itt=1 .*datasn=3/);
  assert.ok(command.outcome && "error" in command.outcome);
  assert.ok(command.outcome.error instanceof ProtocolError);
  assert.deepEqual(command.outcome.error.recentPdus, error.recentPdus);
});

Deno.test("A ProtocolError in the login tells what was said, the CHAP response hidden", () => {
  const target = new ScriptedTarget({
    login: { chap: { name: "reader", secret: "secret-of-reader" } },
  });
  target.connection.start(0);
  const { pdu } = target.only(Opcode.LoginRequest);
  target.loginResponse(pdu.itt, "AuthMethod=CHAP\0");
  target.only(Opcode.LoginRequest);
  target.loginResponse(pdu.itt, "CHAP_A=5\0CHAP_I=1\0CHAP_C=0x1234567890abcdef\0");
  target.only(Opcode.LoginRequest);
  target.loginResponse(pdu.itt, "no pair\0");
  const { error } = target.closedWith!;
  assert.ok(error instanceof ProtocolError);
  const lines = error.recentPdus!.join("\n");
  assert.match(lines, /CHAP_N=reader/);
  assert.match(lines, /CHAP_R=\*\*\*/);
  assert.doesNotMatch(lines, /1234567890abcdef/);
});

Deno.test("Each phase is told with the one before it and why", () => {
  const target = ScriptedTarget.loggedIn();
  target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.asyncMessage(1);
  target.respond(itt);
  target.loggedOut(target.only(Opcode.LogoutRequest).pdu.itt);
  assert.deepEqual(target.changes, [
    { from: "connecting", to: "login", reason: "connected" },
    { from: "login", to: "full-feature", reason: "logged in" },
    { from: "full-feature", to: "draining", reason: "the target asked to log out" },
    { from: "draining", to: "logout", reason: "no command is under way any more" },
    { from: "logout", to: "closed", reason: "logged out" },
  ]);
});

Deno.test("A session that ends in an error tells it with the last phase", () => {
  const target = ScriptedTarget.loggedIn();
  target.connection.connectionEnded(undefined);
  const { to, reason, error } = target.changes.at(-1)!;
  assert.deepEqual([to, reason], ["closed", "The target closed the connection"]);
  assert.equal(error, target.closedWith?.error);
});

Deno.test("A hook that throws is reported once and not called again", () => {
  const failures: [string, unknown][] = [];
  const bug = new Error("bug");
  let calls = 0;
  const { pdu, stateChanged } = guardedHooks({
    pdu: () => {
      calls++;
      throw bug;
    },
  }, (hook, error) => failures.push([hook, error]));
  assert.equal(stateChanged, undefined);
  const event = { direction: "in", header: new Uint8Array(BHS_LENGTH), data: new Uint8Array(0) };
  pdu!(event as PduEvent);
  pdu!(event as PduEvent);
  assert.deepEqual([calls, failures], [1, [["pdu", bug]]]);
});
