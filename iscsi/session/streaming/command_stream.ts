/**
 * A command whose data comes from a source and goes to a consumer piece by piece, in bounded memory.
 *
 * @module
 */

import type { CommandOutcome } from "../../../scsi/errors.ts";
import { commandFacts } from "../../../scsi/command_table.ts";
import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import { optional, rule, signal as abortSignal } from "../../../scsi/option_rules.ts";
import { DataSourceError, InvalidOptionError } from "../../errors.ts";
import { isInOrder, type NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import { refuse } from "../../negotiation/option_rules.ts";
import { abortable, type Waiter } from "../abortable.ts";
import { checkCdb, checkLength, checkTimeout } from "../command_check.ts";
import { ScsiTask } from "../requests/scsi_task.ts";
import { DataReader } from "./data_reader.ts";
import { DataPump, type DataSource, isDataSource } from "./data_source.ts";
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

const SOURCE = rule("a ReadableStream or an async iterable", isDataSource);

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
  const { readable, result } = new CommandUnderWay(host, lun, command);
  return { readable, result };
}

/** One streamed command from the call to its end. */
class CommandUnderWay {
  readonly readable: ReadableStream<Uint8Array>;
  readonly result: Promise<ScsiResult>;
  readonly #host: CommandStreamHost;
  readonly #name: string;
  readonly #streamIn: StreamedDataIn | undefined;
  readonly #streamOut: StreamedDataOut | undefined;
  readonly #reader: DataReader;
  readonly #pump: DataPump | undefined;
  /** Aborted when the consumer gives up. */
  readonly #cancelled: AbortController = new AbortController();
  #task: ScsiTask | undefined;

  constructor(host: CommandStreamHost, lun: bigint, command: StreamedCommand) {
    const { cdb, dataIn, dataOut } = command;
    checkCdb(cdb);
    refuse(optional(abortSignal)(command.signal, "signal"));
    if (dataOut) refuse(SOURCE(dataOut.source, "dataOut.source"));
    const { name, timeoutMs: usualMs } = commandFacts(cdb);
    const { timeoutMs = usualMs } = command;
    checkTimeout(timeoutMs);
    this.#host = host;
    this.#name = name;
    this.#streamOut = dataOut && this.#outgoing(dataOut);
    this.#streamIn = dataIn && this.#incoming(dataIn);
    this.#reader = new DataReader(this.#streamIn, (reason) => this.#cancel(reason));
    this.#pump = dataOut && this.#pumpFrom(dataOut.source);
    this.readable = this.#reader.readable;
    this.result = this.#run(lun, command, timeoutMs);
    this.#settle();
  }

  #outgoing(dataOut: DataOutStream): StreamedDataOut {
    const { parameters } = this.#host;
    const bytes = boundOf("dataOut", dataOut, DEFAULT_BUFFERED_BYTES, 1, parameters);
    return new StreamedDataOut(dataOut.length, bytes, parameters, () => this.#pump?.run());
  }

  #incoming(dataIn: DataInStream): StreamedDataIn {
    const { parameters } = this.#host;
    const segment = parameters.maxReceiveDataSegmentLength;
    const usual = Math.max(DEFAULT_BUFFERED_BYTES, segment);
    return new StreamedDataIn(
      dataIn.length,
      boundOf("dataIn", dataIn, usual, segment, parameters),
      { arrived: () => this.#reader.arrived(), roomMade: () => this.#host.resume() },
    );
  }

  #pumpFrom(source: DataSource): DataPump {
    return new DataPump(source, this.#streamOut!, {
      filled: () => this.#host.changed(),
      failed: (state, cause) => this.#sourceFailed(state, cause),
    });
  }

  #sourceFailed(state: string, cause: unknown): void {
    const task = this.#task!;
    const outcome: CommandOutcome = task.state === "queued" ? "not-executed" : "unknown";
    const error = new DataSourceError(`${this.#name}: ${state}`, { outcome, cause });
    this.#host.abort(task, error);
  }

  #cancel(reason: unknown): void {
    this.#cancelled.abort(reason);
    this.#streamIn?.discard();
  }

  #run(lun: bigint, { cdb, signal }: StreamedCommand, timeoutMs: number): Promise<ScsiResult> {
    const cancelled = this.#cancelled.signal;
    const host = this.#host;
    const name = this.#name;
    const streamIn = this.#streamIn;
    const streamOut = this.#streamOut;
    return abortable(signal ? AbortSignal.any([signal, cancelled]) : cancelled, (waiter) => {
      const owner = host.measured(waiter, name, streamOut?.length ?? 0);
      const parts = { lun, command: { cdb }, name, timeoutMs, owner, streamIn, streamOut };
      const task = this.#task = new ScsiTask({ ...parts, now: host.now() });
      host.submit(task);
      this.#pump?.run();
      return (reason) => host.abort(task, reason);
    });
  }

  /** Both ends of the data hear of the end of the command. */
  #settle(): void {
    this.result.then(() => this.#reader.complete(), (error) => {
      this.#reader.fail(error);
      this.#streamIn?.discard();
    }).finally(() => this.#streamOut?.abandon());
  }
}

/** The bound of one direction. */
function boundOf(
  option: "dataIn" | "dataOut",
  { length, maxBufferedBytes }: DataInStream | DataOutStream,
  usual: number,
  least: number,
  parameters: NegotiatedParameters,
): number {
  checkLength(`${option}.length`, length);
  const bytes = maxBufferedBytes ?? usual;
  // The data may come, or be asked for, in any order.
  const needed = isInOrder(parameters) ? Math.min(least, length) : length;
  if (bytes >= needed) return bytes;
  throw new InvalidOptionError(
    `${option}.maxBufferedBytes`,
    `Stream a command: ${bytes} bytes are too few, with this target it takes ${needed}`,
  );
}
