import assert from "node:assert/strict";
import { CommandFailure, InterruptedTransfer } from "../../../cli/command_failure.ts";
import { describeFailure } from "../../../cli/report/failure.ts";
import { InterruptedError } from "../../../cli/host/interruption.ts";
import { changerError, failureOf } from "../../../changer/conditions.ts";
import { UsageError } from "../../../cli/usage_error.ts";
import { LocatedFailure } from "../../../cli/device/with_drive.ts";
import {
  AuthenticationError,
  type AuthenticationFailure,
  CommandTimeoutError,
  ConnectError,
  ConnectionLostError,
  InvalidOptionError,
  LoginError,
} from "../../../iscsi/errors.ts";
import { decodeSense, encodeSense } from "../../../scsi/sense.ts";
import { Status } from "../../../scsi/status.ts";
import {
  NotReadyError,
  PositionLostError,
  TapeError,
  TransportLostError,
  WriteProtectedError,
} from "../../../tape/errors.ts";
import { WriteLedger } from "../../../tape/write_ledger.ts";
import type { TapePosition } from "../../../tape/position.ts";

const quiet = { verbose: false };

function sense(key: number, asc: number, ascq: number) {
  return { sense: decodeSense(encodeSense({ key, asc, ascq })) };
}

function login(statusClass: number, statusDetail: number): LoginError {
  return new LoginError("Logging in: refused", { stage: "security", statusClass, statusDetail });
}

function authentication(reason: AuthenticationFailure): AuthenticationError {
  return new AuthenticationError("Logging in: refused", { reason });
}

const ADVISED: readonly (readonly [string, unknown, RegExp])[] = [
  ["a loading drive", new NotReadyError("x", sense(2, 4, 1)), /loading.*wait/],
  ["an unthreaded cartridge", new NotReadyError("x", sense(2, 4, 2)), /tape load/],
  ["an empty drive", new NotReadyError("x", sense(2, 0x3a, 0)), /No cartridge/],
  ["write protection", new WriteProtectedError("x", sense(7, 0x27, 0)), /move its switch/],
  ["a lost position", new PositionLostError("x"), /tape rewind/],
  ["a disk", new TapeError("not-a-tape", "x"), /tape ls/],
  ["another host's reservation", new TapeError("reservation-conflict", "x"), /Another host/],
  ["a refused connection", new ConnectError("x", { address: "h:1" }), /listens there/],
  ["a wrong target name", login(2, 3), /tape ls PORTAL/],
  ["a full target", login(3, 2), /try again later/],
  ["a wrong secret", authentication("wrong-secret-or-name"), /--chap-user/],
  ["a missing secret", authentication("no-credentials"), /--chap-user/],
  ["an impostor", authentication("target-failed"), /--target-user/],
];

for (const [name, error, advice] of ADVISED) {
  Deno.test(`A person is told what to do about ${name}`, () => {
    const { exitStatus, lines } = describeFailure(error, quiet);
    assert.equal(exitStatus, 2);
    assert.equal(lines.length, 2);
    assert.match(lines[1], advice);
  });
}

for (
  const [what, key, asc, ascq, message, advice] of [
    ["a drive that holds its tape", 5, 0x3a, 0, /not present$/, /--eject DEVICE/],
    ["a tape that is locked in", 5, 0x53, 2, /prevented$/, /tape -f DEVICE unlock/],
    ["an arm that missed", 4, 0x15, 1, /failure|error$/, /tape changer inventory/],
    ["an empty slot", 5, 0x3b, 0x0e, /; see the inventory/, /tape changer status/],
  ] as const
) {
  Deno.test(`A person is told in the command's own terms what to do about ${what}`, () => {
    const decoded = decodeSense(encodeSense({ key, asc, ascq }));
    const unit = { command: "MOVE MEDIUM", unitName: "library" };
    const { lines } = describeFailure(failureOf(unit, Status.CheckCondition, decoded), quiet);
    assert.equal(lines.length, 2);
    assert.match(lines[0], message);
    assert.match(lines[1], advice);
  });
}

Deno.test("A move that got no answer is no matter of where a tape stands", () => {
  const cause = new ConnectionLostError("Connection lost");
  const error = changerError("outcome-unknown", "MOVE MEDIUM: got no answer", { cause });
  const [, ...hints] = describeFailure(error, quiet).lines;
  assert.deepEqual(hints, ["tape changer status shows what is where"]);
});

const FAULT = new TapeError("medium-error", "Writing: failed", { command: "WRITE(6)" });

for (
  const [which, read, written, advice] of [
    ["a drive", false, false, /clean the drive/],
    ["a simulated drive that is written", false, true, /look after its image, and the disk/],
    ["a drive that is written from a simulated one", true, false, /clean the drive/],
  ] as const
) {
  Deno.test(`A fault in writing is told with what helps ${which}`, () => {
    const target = new LocatedFailure(FAULT, undefined, { isSimulated: written });
    const failure = new LocatedFailure(target, undefined, { isSimulated: read });
    const [, ...lines] = describeFailure(failure, quiet).lines;
    assert.equal(lines.length, 1);
    assert.match(lines[0], advice);
  });
}

Deno.test("Advice is found in the causes, too", () => {
  const cause = new CommandTimeoutError("x", { commandName: "REWIND", timeoutMs: 1 });
  const lost = new TransportLostError("Rewinding: lost", { cause });
  const other = new TapeError("other", "x", { cause: login(2, 3) });
  assert.match(describeFailure(lost, quiet).lines[1], /tape tell/);
  assert.match(describeFailure(lost, quiet).lines[2], /--timeout/);
  assert.match(describeFailure(other, quiet).lines[1], /tape ls PORTAL/);
});

const position: TapePosition = {
  known: true,
  object: 12,
  file: 2,
  partition: 0,
  beginningOfPartition: false,
  endOfPartition: false,
  source: "device",
};

Deno.test("A failure on a drive says where the tape stands", () => {
  const failure = new LocatedFailure(
    new TapeError("filemark", "Spacing: met a filemark"),
    position,
  );
  const { lines, document } = describeFailure(failure, quiet);
  assert.deepEqual(lines, [
    "Spacing: met a filemark",
    "The tape stands: At block 12 (file 2)",
  ]);
  const { error } = document as { error: Record<string, unknown> };
  assert.equal(error.kind, "filemark");
  assert.equal(error.name, "TapeError");
  assert.equal(error.message, "Spacing: met a filemark");
  assert.deepEqual(error.position, position);
});

Deno.test("The document of a failed write tells how much was not written, and not what", () => {
  const data = new Uint8Array(300);
  const ledger = new WriteLedger();
  const writes = ledger.outcome(false, { unwritten: [{ number: ledger.take(), data }] });
  const error = new TapeError("volume-overflow", "Writing: the tape is full", { writes });
  const { document } = describeFailure(new LocatedFailure(error, undefined), quiet);
  const told = (document as { error: { writes: unknown } }).error.writes;
  assert.deepEqual(told, { ...writes, unwritten: [{ number: 0, bytes: 300 }] });
});

Deno.test("An interrupted transfer says where the tape stands though the drive does not", () => {
  const failure = new LocatedFailure(
    new InterruptedTransfer("Interrupted: 3 records read"),
    undefined,
  );
  assert.deepEqual(describeFailure(failure, quiet).lines, [
    "Interrupted: 3 records read",
    "The tape stands behind the last of that",
  ]);
});

Deno.test("Bad usage has exit status 1 and points at the help", () => {
  for (const error of [new UsageError("Bad"), new InvalidOptionError("address", "Bad")]) {
    const { exitStatus, lines } = describeFailure(error, quiet);
    assert.equal(exitStatus, 1);
    assert.equal(lines[0], "Bad");
    assert.match(lines.at(-1) ?? "", /--help/);
  }
});

Deno.test("Bad usage found with a drive open is bad usage all the same", () => {
  const failure = new LocatedFailure(new UsageError("Bad"), undefined);
  assert.equal(describeFailure(failure, quiet).exitStatus, 1);
});

Deno.test("An error of the operating system is told in words", () => {
  const error = Object.assign(new Error("ENOENT"), { code: "ENOENT", syscall: "open", path: "x" });
  const { exitStatus, lines } = describeFailure(error, quiet);
  assert.equal(exitStatus, 2);
  assert.deepEqual(lines, ["Failed to open x: no such file or directory"]);
  const { lines: [unnamed] } = describeFailure(Object.assign(error, { path: "" }), quiet);
  assert.equal(unnamed, 'Failed to open "": no such file or directory');
});

Deno.test("The document of an error of the operating system names it alike on all runtimes", () => {
  const facts = { name: "IsADirectory", code: "EISDIR", syscall: "open", path: "x" };
  const { document } = describeFailure(Object.assign(new Error("EISDIR"), facts), quiet);
  const { error } = document as { error: Record<string, unknown> };
  assert.deepEqual([error.name, error.code], ["Error", "EISDIR"]);
});

Deno.test("Expected failures show no stack and no hint at one", () => {
  assert.deepEqual(describeFailure(new CommandFailure("Done for"), quiet).lines, ["Done for"]);
  assert.deepEqual(describeFailure(new InterruptedError(), quiet).lines, [
    "Interrupted: the command was given up before it ended",
    "If a tape was moving, tape tell says where it stands",
  ]);
});

Deno.test("An unexpected error takes one line and says how to see more", () => {
  const { exitStatus, lines } = describeFailure(new TypeError("oops"), quiet);
  assert.equal(exitStatus, 2);
  assert.deepEqual(lines, [
    "oops",
    "This was not expected: --verbose shows where it happened",
  ]);
});

Deno.test("Verbose shows the stacks of an error and its causes", () => {
  const error = new Error("outer", { cause: new TypeError("inner") });
  const text = describeFailure(error, { verbose: true }).lines.join("\n");
  assert.match(text, /Error: outer\n\s+at /);
  assert.match(text, /Caused by: TypeError: inner\n\s+at /);
});
