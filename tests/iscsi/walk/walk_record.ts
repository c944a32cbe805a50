import {
  CommandTimeoutError,
  ConnectionLostError,
  DataLostError,
  DataSourceError,
  DigestError,
  ProtocolError,
  RejectError,
  SessionClosedError,
  TaskAbortedError,
  TaskManagementError,
} from "../../../iscsi/errors.ts";
import type { TargetEvent } from "../../../sim/target/target_event.ts";
import type { CommandOperation, CommandUnderWay, Operation } from "./operation.ts";
import { SOURCE_FAILURE } from "./operation.ts";
import type { WalkSettings } from "./walk_settings.ts";
import type { WalkTime } from "./walk_time.ts";

/** How long a stream may hold up what others wait for. */
const STREAM_TIMEOUT_MS = 31_000;
/** What a connection may take to be recovered, or given up. */
const RECOVERY_MS = 60_000;

/** What was done, what came of it, and what was wrong about that. */
export class WalkRecord {
  readonly trace: string[] = [];
  readonly problems: string[] = [];
  readonly commands: CommandOperation[] = [];
  /** What has not settled. */
  readonly operations = new Set<Operation>();
  /** How often something failed with each class of error. */
  readonly errors: Record<string, number> = {};
  /** Whether a stream may have kept a connection from being read. */
  hasStream = false;
  readonly #settings: WalkSettings;
  readonly #time: WalkTime;

  constructor(settings: WalkSettings, time: WalkTime) {
    this.#settings = settings;
    this.#time = time;
  }

  note(what: string): void {
    this.trace.push(`${this.#time.now} ${what}`);
  }

  /** Follows what was begun until it settles. */
  track(
    promise: Promise<unknown>,
    what: string,
    timeoutMs: number,
    reasons: readonly unknown[],
    command?: CommandUnderWay,
  ): Operation {
    this.note(what);
    const startedAt = this.#time.now;
    const withinMs = timeoutMs + this.#grace();
    const begun = { what, startedAt, withinMs, promise, reasons, command };
    const operation: Operation = { ...begun, settledAt: undefined, error: undefined };
    if (command) this.commands.push(operation as CommandOperation);
    this.operations.add(operation);
    promise.catch((error) => {
      operation.error = error;
      this.#judgeError(operation);
    }).finally(() => this.#settled(operation));
    return operation;
  }

  /** Looks for what should have settled. */
  checkTimes(): void {
    for (const { what, startedAt, withinMs } of this.operations) {
      if (this.#time.now > startedAt + withinMs) this.problems.push(`${what} has not settled`);
    }
  }

  /** A session is over: nothing that it was asked for is still open. */
  checkAllSettled(): void {
    for (const { what } of this.operations) {
      this.problems.push(`${what} has not settled although its session is over`);
    }
    this.operations.clear();
  }

  /** What the target has to say about its initiator. */
  judgeEvent(event: TargetEvent): void {
    switch (event.kind) {
      case "device-failed":
        return void this.problems.push(`the device failed: ${event.error}`);
      case "rejected":
        if (this.#settings.hasDigests && /digest/i.test(event.reason)) return;
        // What is asked for again may be acknowledged, or too long, by the time that the request arrives.
        if (event.pdu === "SNACK Request") return;
        return void this.problems.push(`the target rejected ${event.pdu}: ${event.reason}`);
      case "disconnected":
        if (event.error instanceof ProtocolError && !(event.error instanceof DigestError)) {
          this.problems.push(`the target says: ${event.error.stack}`);
        }
        return;
      case "login-refused":
        // What was set up again in vain: another login has ended its session, or its connection is thought to live.
        if (this.#settings.level === 2 || event.status === "too many connections") return;
        return void this.problems.push(`the target refused a login: ${event.status}`);
    }
  }

  #settled(operation: Operation): void {
    const { what, startedAt, withinMs, error } = operation;
    operation.settledAt = this.#time.now;
    this.operations.delete(operation);
    this.note(`. ${what.slice(0, 14)}: ${error ?? "done"}`);
    const tookMs = operation.settledAt - startedAt;
    if (tookMs > withinMs) this.problems.push(`${what} took ${tookMs} ms`);
  }

  /** How much longer than its timeout something may take: to be aborted, and for the session to end if that fails. */
  #grace(): number {
    const { abortTimeoutMs, level } = this.#settings;
    const heldMs = this.hasStream ? STREAM_TIMEOUT_MS : 0;
    return 2 * abortTimeoutMs + heldMs + (level === 2 ? RECOVERY_MS : 0) + 1500;
  }

  #judgeError({ what, error, reasons, command }: Operation): void {
    const name = error instanceof Error ? error.name : String(error);
    this.errors[name] = (this.errors[name] ?? 0) + 1;
    if (reasons.includes(error) || this.#mayFailWith(error, reasons, command)) return;
    const { stack } = error as Error;
    const recent = error instanceof ProtocolError ? error.recentPdus?.join("\n") : "";
    this.problems.push(`${what} failed with ${stack} ${recent}`);
  }

  #mayFailWith(
    error: unknown,
    reasons: readonly unknown[],
    command: CommandUnderWay | undefined,
  ): boolean {
    const { hasDigests, level } = this.#settings;
    if (error instanceof DigestError || error instanceof RejectError) return hasDigests;
    if (error instanceof DataLostError) return command !== undefined && level > 0;
    if (error instanceof DataSourceError) return reasons.includes(SOURCE_FAILURE);
    if (error instanceof TaskAbortedError) return command !== undefined;
    if (error instanceof TaskManagementError) return command === undefined;
    return error instanceof CommandTimeoutError || error instanceof ConnectionLostError ||
      error instanceof SessionClosedError;
  }
}
