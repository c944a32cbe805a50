/** What commands may come to, held against what the devices were given. */

import { IscsiError } from "../../../iscsi/errors.ts";
import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import { Status } from "../../../scsi/status.ts";
import type { Answer, CommandOperation } from "./operation.ts";
import type { WalkRecord } from "./walk_record.ts";
import { dataOf, SENSE, type WitnessedDevice } from "./witnessed_device.ts";

const TASK_ABORTED = 0x40;
/** What a Data-In buffer holds before, and what its owner puts into it once it is his again. */
export const UNTOUCHED = 0xaa;
export const RETURNED = 0x77;

export class CommandJudge {
  readonly #record: WalkRecord;
  readonly #devices: readonly WitnessedDevice[];
  readonly #returned: { readonly buffer: Uint8Array; readonly what: string }[] = [];
  readonly #spared: { readonly command: CommandOperation; readonly by: string }[] = [];

  constructor(record: WalkRecord, devices: readonly WitnessedDevice[]) {
    this.#record = record;
    this.#devices = devices;
  }

  /** A command was answered. */
  answered(operation: CommandOperation, { result, dataIn }: Answer): void {
    const { command: { plan, lun, write, read } } = operation;
    const { status } = result;
    const fail = (what: string) => this.#fail(operation, what);
    if (this.#devices[lun].executions(plan.id) === 0) {
      // A unit attention, or TASK ABORTED, in its place; or its data was damaged.
      if (status === Status.CheckCondition || status === TASK_ABORTED) return;
      return fail(`was answered ${status} without being executed`);
    }
    if (wasNotRepeated(result)) return;
    if (status !== plan.status) return fail(`was answered ${status}, not ${plan.status}`);
    if (status === Status.CheckCondition && !same(result.sense, SENSE)) {
      fail("has other sense data");
    }
    const expected = Math.min(read, plan.readLength);
    if (result.dataInLength !== expected) fail(`brought ${result.dataInLength} bytes`);
    const readResidual = read - plan.readLength;
    const residual = write > 0 ? write - plan.writeLength : readResidual;
    if (result.residual !== residual) fail(`has the residual ${result.residual}`);
    const isBidirectional = read > 0 && write > 0;
    if (isBidirectional && result.readResidual !== readResidual) {
      fail(`has the read residual ${result.readResidual}`);
    }
    if (dataIn === undefined) return;
    const data = dataOf(plan.id, plan.readLength).subarray(0, expected);
    if (!same(dataIn.subarray(0, expected), data)) fail("brought other data");
    if (!isFilledWith(dataIn.subarray(expected), UNTOUCHED)) fail("wrote behind its data");
  }

  /** A streamed command was answered; `data` is what its consumer got, and undefined if that failed. */
  streamed(operation: CommandOperation, result: ScsiResult, data: Uint8Array | undefined): void {
    const { plan, lun, read } = operation.command;
    if (data === undefined) return this.#fail(operation, "succeeded, but its readable failed");
    const isExecuted = this.#devices[lun].executions(plan.id) > 0 && !wasNotRepeated(result);
    const expected = isExecuted ? Math.min(read, plan.readLength) : 0;
    if (data.length !== expected || result.dataInLength !== expected) {
      return this.#fail(operation, `streamed ${data.length} of ${expected} bytes`);
    }
    if (!same(data, dataOf(plan.id, plan.readLength).subarray(0, expected))) {
      this.#fail(operation, "streamed other data");
    }
  }

  /** A buffer is its owner's again, who has filled it. */
  returned(buffer: Uint8Array, what: string): void {
    this.#returned.push({ buffer, what });
  }

  /** A function has ended commands: those that were not executed before never are. */
  ended(commands: readonly CommandOperation[], by: string): void {
    for (const command of commands) {
      if (this.#executions(command) === 0) this.#spared.push({ command, by });
    }
  }

  /** What holds once everything is over. */
  verify(): void {
    const { problems, commands } = this.#record;
    for (const { buffer, what } of this.#returned) {
      if (!isFilledWith(buffer, RETURNED)) {
        problems.push(`the buffer of ${what} was used after the end`);
      }
    }
    for (const command of commands) this.#verifyCommand(command);
    for (const device of this.#devices) this.#verifyDevice(device);
    for (const { command, by } of this.#spared) {
      if (this.#executions(command) > 0) this.#fail(command, `was executed behind ${by}`);
    }
  }

  #verifyCommand(command: CommandOperation): void {
    const executions = this.#executions(command);
    const { error } = command;
    if (executions > 1) this.#fail(command, `was executed ${executions} times`);
    if (command.settledAt === undefined) this.#fail(command, "has never settled");
    const isDenied = error instanceof IscsiError && error.outcome === "not-executed";
    if (isDenied && executions > 0) this.#fail(command, `was executed, but says ${error.stack}`);
  }

  /** Commands of one session reach a unit in the order of the calls. */
  #verifyDevice(device: WitnessedDevice): void {
    const commands = new Map(
      this.#record.commands.map(({ command }) => [command.plan.id, command]),
    );
    let last = { id: 0, session: 0 };
    for (const { id, isIntact } of device.log) {
      if (!isIntact) this.#record.problems.push(`command ${id} was executed with other data`);
      const { session, isInOrder } = commands.get(id)!;
      if (!isInOrder) continue;
      if (session === last.session && id < last.id) {
        this.#record.problems.push(`command ${id} was executed after ${last.id}`);
      }
      last = { id, session };
    }
  }

  #executions({ command: { lun, plan } }: CommandOperation): number {
    return this.#devices[lun].executions(plan.id);
  }

  #fail({ what }: CommandOperation, how: string): void {
    this.#record.problems.push(`${what} ${how}`);
  }
}

/** Data in segments that became too long cannot come again, and the command says so (RFC 7143 §11.4.7.2). */
function wasNotRepeated({ sense }: ScsiResult): boolean {
  return sense[2] === 0x0b && sense[12] === 0x11 && sense[13] === 0x13;
}

function isFilledWith(bytes: Uint8Array, value: number): boolean {
  return bytes.every((byte) => byte === value);
}

function same(data: Uint8Array, expected: Uint8Array): boolean {
  return data.length === expected.length && data.every((byte, i) => byte === expected[i]);
}
