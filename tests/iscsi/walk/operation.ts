import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import type { CommandPlan } from "./witnessed_device.ts";

/** Something that was asked of a session, and what became of it. */
export interface Operation {
  readonly what: string;
  readonly startedAt: number;
  /** Milliseconds that it may take, its being given up included. */
  readonly withinMs: number;
  /** What its signal aborts with, or its consumer. */
  readonly reasons: readonly unknown[];
  readonly promise: Promise<unknown>;
  /** What it is when it is a SCSI command. */
  readonly command: CommandUnderWay | undefined;
  settledAt: number | undefined;
  error: unknown;
}

/** A SCSI command as it was issued. */
export interface CommandUnderWay {
  readonly plan: CommandPlan;
  readonly lun: number;
  /** Bytes that the initiator expects to move, whatever the CDB says. */
  readonly write: number;
  readonly read: number;
  /** The session that it went out in, counted from 1. */
  readonly session: number;
  /** Whether it goes out in the order of the calls. */
  readonly isInOrder: boolean;
}

/** An operation that is a SCSI command. */
export type CommandOperation = Operation & { readonly command: CommandUnderWay };

/** How a command that was answered fared. */
export interface Answer {
  readonly result: ScsiResult;
  /** The Data-In buffer. */
  readonly dataIn: Uint8Array | undefined;
}

/** The reason of an application that does not want to wait any longer. */
export class CalledOff extends Error {
  override name = "CalledOff";
}

/** What a consumer cancels a stream with. */
export const CANCELLED: CalledOff = new CalledOff("the consumer cancelled");
/** What a source of data fails with. */
export const SOURCE_FAILURE: Error = new Error("the source failed");
