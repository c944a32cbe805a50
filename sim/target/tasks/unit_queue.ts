/**
 * The tasks of one logical unit: executed one after the other, those of one initiator in the order in which they were
 * delivered (SAM-5 §8).
 *
 * @module
 */

import { TaskAttribute } from "../../../iscsi/pdu/scsi_command.ts";
import type { DeviceServer, TaskResult } from "../../device_server.ts";
import type { TargetTask, TaskOwner, TaskUnit } from "./target_task.ts";
import { taskSense } from "./task_sense.ts";

/**
 * The task set of one logical unit. An initiator whose data does not come holds up nobody but itself: initiators take
 * turns, and each waits for its own first task only.
 */
export class UnitQueue implements TaskUnit {
  readonly device: DeviceServer;
  /** Tasks that have not run, those of one initiator in a line; whose turn it is stands first. */
  readonly #lines: TargetTask[][] = [];
  #running: TargetTask | undefined;
  #busy = false;
  #looping = false;

  constructor(device: DeviceServer) {
    this.device = device;
  }

  get idle(): boolean {
    return !this.#busy && this.#lines.length === 0;
  }

  tasks(): TargetTask[] {
    const waiting = this.#lines.flat();
    return this.#running ? [this.#running, ...waiting] : waiting;
  }

  /** HEAD OF QUEUE goes before what has not begun to run (SAM-5 §8.6.2). */
  add(task: TargetTask): void {
    const line = this.#lineOf(task.owner);
    if (line === undefined) this.#lines.push([task]);
    else if (task.command.attributes === TaskAttribute.HeadOfQueue) line.unshift(task);
    else line.push(task);
  }

  remove(task: TargetTask): void {
    if (this.#running === task) this.#running = undefined;
    const line = this.#lineOf(task.owner);
    const index = line?.indexOf(task) ?? -1;
    if (index < 0) return;
    line!.splice(index, 1);
    if (line!.length === 0) this.#lines.splice(this.#lines.indexOf(line!), 1);
  }

  #lineOf(owner: TaskOwner): TargetTask[] | undefined {
    return this.#lines.find(([first]) => first.owner === owner);
  }

  run(): void {
    // What a task sets free may call for another run before this one is over.
    if (this.#looping) return;
    this.#looping = true;
    try {
      while (!this.#busy) {
        const task = this.#takeNext();
        if (task === undefined) return;
        this.#start(task);
      }
    } finally {
      this.#looping = false;
    }
  }

  #takeNext(): TargetTask | undefined {
    for (const [turn, line] of this.#lines.entries()) {
      const task = nextOf(line);
      if (task.state !== "ready" || !task.owner.hasRoom(task)) continue;
      line.splice(line.indexOf(task), 1);
      this.#lines.splice(turn, 1);
      if (line.length > 0) this.#lines.push(line);
      return task;
    }
    return undefined;
  }

  #start(task: TargetTask): void {
    task.state = "running";
    this.#running = task;
    this.#busy = true;
    const { refusal } = task;
    if (refusal) {
      task.refuse(refusal);
      return this.#end(task);
    }
    const attention = task.owner.takeAttention(task);
    if (attention) return this.#answer(task, attention, 0);
    const wanted = task.command.write ? this.device.dataOutLength(task.cdb) : 0;
    const result = this.#ask(task, wanted);
    if (result instanceof Promise) this.#await(task, result, wanted);
    else if (result !== undefined) this.#answer(task, result, wanted);
  }

  /** Undefined when the device threw, and the task has ended for that. */
  #ask(task: TargetTask, wanted: number): TaskResult | Promise<TaskResult> | undefined {
    const { cdb, owner } = task;
    try {
      return this.device.execute({ cdb, dataOut: task.dataOut(wanted), nexus: owner.nexus });
    } catch (error) {
      this.#fail(task, error);
      return undefined;
    }
  }

  async #await(task: TargetTask, result: Promise<TaskResult>, wanted: number): Promise<void> {
    try {
      this.#answer(task, await result, wanted);
    } catch (error) {
      this.#fail(task, error);
    }
    this.run();
  }

  #answer(task: TargetTask, result: TaskResult, wanted: number): void {
    task.complete(result, wanted);
    if (result.aborts) task.owner.abortOthers(task, result.aborts);
    this.#end(task);
  }

  #fail(task: TargetTask, error: unknown): void {
    task.owner.deviceFailed(task, error);
    task.refuse(taskSense("deviceFailed"));
    this.#end(task);
  }

  #end(task: TargetTask): void {
    this.#busy = false;
    if (this.#running !== task) return;
    this.#running = undefined;
    task.collection?.release();
    task.owner.taskCompleted(task);
  }
}

/**
 * The first task of a line; but those that wait for memory which one behind them has are passed, since else neither would
 * go on. Memory is given in the order of delivery, so that nothing but HEAD OF QUEUE brings that about.
 */
function nextOf(line: readonly TargetTask[]): TargetTask {
  const [first] = line;
  if (!first.waitsForMemory || !line.some(({ holdsMemory }) => holdsMemory)) return first;
  return line.find(({ waitsForMemory }) => !waitsForMemory)!;
}
