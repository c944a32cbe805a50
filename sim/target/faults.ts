/**
 * Things that go wrong on purpose, so that a program can be tested against a target that fails: PDUs that are lost,
 * late, doubled or damaged, connections that break around a command, commands without an answer. What a fault counts
 * is counted over the whole target, so that the same traffic meets the same faults each time.
 *
 * @module
 */

import { InvalidOptionError } from "../../iscsi/errors.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";

/** The kinds of PDUs that a target sends (RFC 7143 §11.2.1.2). */
export type TargetPduKind =
  | "nop-in"
  | "scsi-response"
  | "task-management-response"
  | "login-response"
  | "text-response"
  | "data-in"
  | "logout-response"
  | "r2t"
  | "async-message"
  | "reject";

/** Whom and when a fault concerns. */
export interface FaultSelection {
  /** The initiator's iSCSI name. @default any */
  readonly initiatorName?: string;
  /** Connection ID. @default any */
  readonly cid?: number;
  /** The first one that it happens to, counted from 1 over all that match. @default 1 */
  readonly nth?: number;
  /** To how many in a row it happens; Infinity for all from then on. @default 1 */
  readonly times?: number;
}

/** Something that happens to an outgoing PDU. */
export interface PduFault extends FaultSelection {
  /**
   * `drop`: it is numbered, but does not go out. `duplicate`: it goes out twice. `corrupt-header`, `corrupt-data`: the
   * digest does not match, or, where none was agreed, the first byte of the segment is another. `disconnect-before`,
   * `disconnect-after`: the connection breaks around it.
   */
  readonly kind:
    | "drop"
    | "duplicate"
    | "corrupt-header"
    | "corrupt-data"
    | "disconnect-before"
    | "disconnect-after";
  /** The kind of PDU that it happens to. */
  readonly pdu: TargetPduKind;
}

/** A PDU is late, and so is all behind it on its connection. */
export interface DelayFault extends FaultSelection {
  /** Which fault it is. */
  readonly kind: "delay";
  /** The kind of PDU that it happens to. */
  readonly pdu: TargetPduKind;
  /** Milliseconds on the clock of the target. */
  readonly ms: number;
}

/** Something that happens to a SCSI command. */
export interface CommandFault extends FaultSelection {
  /**
   * `disconnect-before-execution`: the connection breaks, and the device has not seen the command.
   * `disconnect-after-execution`: the device has carried it out, and the connection breaks instead of an answer.
   * `never-answer`: the command is stuck, with those behind it, until it is aborted.
   */
  readonly kind: "disconnect-before-execution" | "disconnect-after-execution" | "never-answer";
  /** First byte of the CDB. @default any */
  readonly operationCode?: number;
}

/** NOP-Out gets no answer. */
export interface PingFault extends FaultSelection {
  /** Which fault it is. */
  readonly kind: "ignore-pings";
}

/** The CmdSN window of a session closes at its beginning, and stays closed (RFC 7143 §4.2.2.1). */
export interface WindowFault extends FaultSelection {
  /** Which fault it is. */
  readonly kind: "close-window";
  /** Commands of the session that are let in before. @default 0 */
  readonly afterCommands?: number;
  /** Milliseconds after the login when it opens, with a NOP-In that says so. @default never */
  readonly forMs?: number;
}

/** One thing that goes wrong. */
export type TargetFault = PduFault | DelayFault | CommandFault | PingFault | WindowFault;

/** Who a fault may happen to. */
export interface FaultSubject {
  readonly initiatorName: string | undefined;
  readonly cid: number | undefined;
}

const PDU_KINDS: ReadonlyMap<number, TargetPduKind> = new Map<number, TargetPduKind>([
  [Opcode.NopIn, "nop-in"],
  [Opcode.ScsiResponse, "scsi-response"],
  [Opcode.TaskManagementResponse, "task-management-response"],
  [Opcode.LoginResponse, "login-response"],
  [Opcode.TextResponse, "text-response"],
  [Opcode.DataIn, "data-in"],
  [Opcode.LogoutResponse, "logout-response"],
  [Opcode.ReadyToTransfer, "r2t"],
  [Opcode.AsyncMessage, "async-message"],
  [Opcode.Reject, "reject"],
]);

/** Counts what happens on one target, and says what goes wrong with it. */
export class FaultPlan {
  readonly #faults: readonly TargetFault[];
  readonly #counts: number[];

  /** @throws {InvalidOptionError} when a fault can never happen, or has a count or a time that cannot be. */
  constructor(faults: readonly TargetFault[]) {
    faults.forEach(checkFault);
    this.#faults = faults;
    this.#counts = faults.map(() => 0);
  }

  /** What happens to a PDU with this operation code that is about to be sent. */
  ofPdu(opcode: number, subject: FaultSubject): PduFault | DelayFault | undefined {
    const kind = PDU_KINDS.get(opcode);
    return this.#next(subject, (fault) => "pdu" in fault && fault.pdu === kind ? fault : undefined);
  }

  /** What happens to a command with this operation code before, or instead of, its execution. */
  beforeCommand(operationCode: number, subject: FaultSubject): CommandFault | undefined {
    return this.#next(
      subject,
      (fault) =>
        fault.kind === "disconnect-before-execution" || fault.kind === "never-answer"
          ? ofOperation(fault, operationCode)
          : undefined,
    );
  }

  /** What happens to a command with this operation code when it has been executed. */
  afterCommand(operationCode: number, subject: FaultSubject): CommandFault | undefined {
    return this.#next(
      subject,
      (fault) =>
        fault.kind === "disconnect-after-execution" ? ofOperation(fault, operationCode) : undefined,
    );
  }

  /** Whether a ping that came in gets no answer. */
  ignoresPing(subject: FaultSubject): boolean {
    const fault = this.#next(subject, (one) => one.kind === "ignore-pings" ? one : undefined);
    return fault !== undefined;
  }

  /** What happens to the window of a session that begins. */
  ofSession(subject: FaultSubject): WindowFault | undefined {
    return this.#next(subject, (fault) => fault.kind === "close-window" ? fault : undefined);
  }

  /** Counts for each fault that `match` finds, and returns the first whose turn it is. */
  #next<Fault extends TargetFault>(
    subject: FaultSubject,
    match: (fault: TargetFault) => Fault | undefined,
  ): Fault | undefined {
    let found: Fault | undefined;
    this.#faults.forEach((fault, index) => {
      const matching = concerns(fault, subject) ? match(fault) : undefined;
      if (matching === undefined) return;
      const count = ++this.#counts[index];
      const { nth = 1, times = 1 } = fault;
      if (count >= nth && count < nth + times) found ??= matching;
    });
    return found;
  }
}

function ofOperation(fault: CommandFault, operationCode: number): CommandFault | undefined {
  const { operationCode: wanted = operationCode } = fault;
  return wanted === operationCode ? fault : undefined;
}

function concerns({ initiatorName, cid }: FaultSelection, subject: FaultSubject): boolean {
  return (initiatorName === undefined || initiatorName === subject.initiatorName) &&
    (cid === undefined || cid === subject.cid);
}

/** Which kinds of fault there are, and whether they concern a kind of PDU. */
const KINDS: Readonly<Record<TargetFault["kind"], "pdu" | "no PDU">> = {
  "drop": "pdu",
  "duplicate": "pdu",
  "corrupt-header": "pdu",
  "corrupt-data": "pdu",
  "disconnect-before": "pdu",
  "disconnect-after": "pdu",
  "delay": "pdu",
  "disconnect-before-execution": "no PDU",
  "disconnect-after-execution": "no PDU",
  "never-answer": "no PDU",
  "ignore-pings": "no PDU",
  "close-window": "no PDU",
};
const PDUS: ReadonlySet<unknown> = new Set(PDU_KINDS.values());
const MAX_OPERATION_CODE = 0xff;

/** A fault that never happens would let every test pass. */
function checkFault(fault: TargetFault, index: number): void {
  const { kind, pdu, operationCode = 0 } = fault as Partial<PduFault & CommandFault>;
  const about = Object.hasOwn(KINDS, kind ?? "") ? KINDS[kind!] : undefined;
  const isKnown = about !== undefined && (about === "no PDU" || PDUS.has(pdu)) &&
    Number.isInteger(operationCode) && operationCode >= 0 && operationCode <= MAX_OPERATION_CODE;
  if (!isKnown) {
    throw new InvalidOptionError(
      `faults.${index}`,
      `Cannot serve: fault ${index} is of a kind, or about a PDU or command, that there is not`,
    );
  }
  const { nth = 1, times = 1 } = fault;
  const ms = fault.kind === "delay" ? fault.ms : 0;
  const { forMs = 0, afterCommands = 0 } = fault.kind === "close-window" ? fault : {};
  const isRight = Number.isSafeInteger(nth) && nth >= 1 &&
    (times === Infinity || (Number.isSafeInteger(times) && times >= 1)) &&
    Number.isSafeInteger(afterCommands) && [ms, forMs, afterCommands].every((value) => value >= 0);
  if (isRight) return;
  throw new InvalidOptionError(
    `faults.${index}`,
    `Cannot serve: fault ${index} has a count below 1, or a time below 0`,
  );
}
