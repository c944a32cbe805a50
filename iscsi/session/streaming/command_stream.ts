/**
 * A command whose data comes from a source and goes to a consumer piece by piece, in bounded memory.
 *
 * @module
 */

import type { CommandOutcome } from "../../../scsi/errors.ts";
import { commandFacts } from "../../../scsi/command_table.ts";
import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import { DataSourceError, InvalidOptionError } from "../../errors.ts";
import type { NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import { abortable, type Waiter } from "../abortable.ts";
import { checkCdb, checkLength, checkTimeout } from "../command_check.ts";
import { ScsiTask } from "../requests/scsi_task.ts";
import { DataReader } from "./data_reader.ts";
import { DataPump, type DataSource } from "./data_source.ts";
import { StreamedDataIn } from "./streamed_data_in.ts";
import { StreamedDataOut } from "./streamed_data_out.ts";

export type { DataSource };

/** What a streamed command writes. */
export interface DataOutStream {
  /** The expected data transfer length, in bytes. */
  readonly length: number;
  /**
   * Gives exactly that many bytes, and then ends: the last of them go out once it has. It is pulled as the target asks
   * for data. A chunk is copied before the next is asked for, and must not change until then. When the command ends
   * before the source does, it is told by `return()` or `cancel()`.
   */
  readonly source: DataSource;
  /**
   * Bytes of the data that may be in memory, besides the chunk that the source gave last. What was sent is kept as long
   * as there is room: from error recovery level 1 on a target may ask for it again, and a command whose data is gone
   * then fails with a `DataLostError`. With `length` bytes and more nothing is ever gone.
   *
   * @default 1048576
   */
  readonly maxBufferedBytes?: number;
}

/** What a streamed command reads. */
export interface DataInStream {
  /** The expected data transfer length, in bytes: no more than that arrives. */
  readonly length: number;
  /**
   * Bytes of the data that may wait for the consumer, the PDU that is arriving included: the length, or at least the
   * MaxRecvDataSegmentLength that was declared. Below the length, a full buffer stops all reading from the connection of
   * the command: answers to other commands and the target's pings wait there, while other connections go on. The deadline
   * of the command ends that, too.
   *
   * @default 1048576, or the declared MaxRecvDataSegmentLength where that is more
   */
  readonly maxBufferedBytes?: number;
}

/** One SCSI command whose data is streamed, in either direction or both. */
export interface StreamedCommand {
  /** The command descriptor block, 6 to 260 bytes. Not modified; may be reused once the command has settled. */
  readonly cdb: Uint8Array;
  /** What it writes. @default nothing */
  readonly dataOut?: DataOutStream;
  /** What it reads. @default nothing */
  readonly dataIn?: DataInStream;
  /** Milliseconds until the command is aborted, all its data included. @default the command table's value for its code */
  readonly timeoutMs?: number;
  /** Aborts the command, which fails with the signal's reason. @default none */
  readonly signal?: AbortSignal;
}

/** A streamed command under way. */
export interface CommandStream {
  /**
   * The Data-In as it arrives: each chunk is yours. It ends when the target has given a status, whatever that is, and
   * fails with what `result` rejects with. Cancelling it aborts the command.
   */
  readonly readable: ReadableStream<Uint8Array>;
  /**
   * Resolves when the target has given a status, which may be before the last chunk is read. A rejection that nobody
   * looks at does no harm.
   */
  readonly result: Promise<ScsiResult>;
}

/** What a streamed command needs of its session. */
export interface CommandStreamHost {
  readonly parameters: NegotiatedParameters;
  now(): number;
  submit(task: ScsiTask): void;
  abort(task: ScsiTask, reason: unknown): void;
  /** There is something to write. */
  changed(): void;
  /** There is room for what may be read. */
  resume(): void;
  /** Wraps the one who waits, for those who measure. */
  measured(waiter: Waiter<ScsiResult>, name: string, bytesOut: number): Waiter<ScsiResult>;
}

const DEFAULT_BUFFERED_BYTES = 1024 * 1024;

/**
 * Begins a streamed command.
 *
 * @throws {InvalidOptionError} when it cannot be sent like this.
 */
export function openCommandStream(
  host: CommandStreamHost,
  lun: bigint,
  command: StreamedCommand,
): CommandStream {
  const { cdb, dataIn, dataOut, signal } = command;
  const { name, timeoutMs: usualMs } = commandFacts(cdb);
  const { timeoutMs = usualMs } = command;
  checkCdb(cdb);
  checkTimeout(timeoutMs);
  const { parameters } = host;
  const outBytes = dataOut && boundOf("dataOut", dataOut, DEFAULT_BUFFERED_BYTES, 1, parameters);
  const segment = parameters.maxReceiveDataSegmentLength;
  const usualBytes = Math.max(DEFAULT_BUFFERED_BYTES, segment);
  const inBytes = dataIn && boundOf("dataIn", dataIn, usualBytes, segment, parameters);

  const streamIn = dataIn && new StreamedDataIn(dataIn.length, inBytes!, {
    arrived: () => reader.arrived(),
    roomMade: () => host.resume(),
  });
  const streamOut = dataOut &&
    new StreamedDataOut(dataOut.length, outBytes!, parameters, () => pump?.run());
  const cancelled = new AbortController();
  const reader = new DataReader(streamIn, (reason) => {
    cancelled.abort(reason);
    streamIn?.discard();
  });
  let task: ScsiTask | undefined;
  const pump = dataOut && new DataPump(dataOut.source, streamOut!, {
    filled: () => host.changed(),
    failed: (state, cause) => {
      const outcome: CommandOutcome = task!.state === "queued" ? "not-executed" : "unknown";
      host.abort(task!, new DataSourceError(`${name}: ${state}`, { outcome, cause }));
    },
  });

  const signals = signal ? AbortSignal.any([signal, cancelled.signal]) : cancelled.signal;
  const result = abortable<ScsiResult>(signals, (waiter) => {
    const owner = host.measured(waiter, name, dataOut?.length ?? 0);
    const now = host.now();
    task = new ScsiTask({
      lun,
      command: { cdb },
      name,
      timeoutMs,
      now,
      owner,
      streamIn,
      streamOut,
    });
    host.submit(task);
    pump?.run();
    return (reason) => host.abort(task!, reason);
  });
  result.then(() => reader.complete(), (error) => {
    reader.fail(error);
    streamIn?.discard();
  }).finally(() => streamOut?.abandon());
  return { readable: reader.readable, result };
}

/** The bound of one direction. */
function boundOf(
  option: "dataIn" | "dataOut",
  { length, maxBufferedBytes }: DataInStream | DataOutStream,
  usual: number,
  least: number,
  { dataPduInOrder, dataSequenceInOrder }: NegotiatedParameters,
): number {
  checkLength(`${option}.length`, length);
  const bytes = maxBufferedBytes ?? usual;
  // The data may come, or be asked for, in any order.
  const needed = dataPduInOrder && dataSequenceInOrder ? Math.min(least, length) : length;
  if (bytes >= needed) return bytes;
  throw new InvalidOptionError(
    `${option}.maxBufferedBytes`,
    `Stream a command: ${bytes} bytes are too few, with this target it takes ${needed}`,
  );
}
