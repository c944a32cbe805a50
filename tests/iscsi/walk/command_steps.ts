import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import { lunFromNumber } from "../../../scsi/lun.ts";
import { concat } from "../../../transport/concat.ts";
import { RETURNED, UNTOUCHED } from "./command_judge.ts";
import { CANCELLED, type CommandOperation, SOURCE_FAILURE } from "./operation.ts";
import { drawSignal, LUNS, type WalkParts } from "./walk_parts.ts";
import { pick } from "./walk_settings.ts";
import { cdbOf, type CommandPlan, dataOf } from "./witnessed_device.ts";

/** What a source's buffer holds once its command is over. */
const SPENT = 0x55;
/** How long a consumer that takes nothing keeps at it. */
const NEGLECT_MS = 31_000;

/** How a consumer treats the data of its stream. */
type Consumption = "all" | "slow" | "cancel" | "none";

/** Issues commands of all kinds. */
export class CommandSteps {
  readonly #parts: WalkParts;
  #nextId = 1;

  constructor(parts: WalkParts) {
    this.#parts = parts;
  }

  /** A command with buffers. */
  execute(): void {
    const { random, session, sessions, record, judge } = this.#parts;
    const { plan, write, read } = this.#plan();
    const lun = random.below(LUNS * 4) === 0 ? 1 : 0;
    const timeoutMs = this.#timeout();
    const { options, reasons } = drawSignal(this.#parts);
    const dataOut = write > 0 ? dataOf(plan.id, write) : undefined;
    const dataIn = read > 0 ? new Uint8Array(read).fill(UNTOUCHED) : undefined;
    const what = `command ${describe(plan, write, read)} lun ${lun} timeout ${timeoutMs}`;
    const promise = session().execute(lunFromNumber(lun), {
      cdb: cdbOf(plan),
      ...(dataOut && { dataOut }),
      ...(dataIn && { dataIn }),
      timeoutMs,
      ...options,
    });
    const command = { plan, lun, write, read, session: sessions(), isInOrder: true };
    const operation = record.track(promise, what, timeoutMs, reasons, command);
    promise.then(
      (result) => judge.answered(operation as CommandOperation, { result, dataIn }),
      () => {},
    ).finally(() => {
      dataOut?.fill(SPENT);
      if (dataIn) judge.returned(dataIn.fill(RETURNED), what);
    });
  }

  /** A command whose data comes and goes piece by piece. */
  stream(): void {
    const { random, session, sessions, record, judge } = this.#parts;
    const { plan, write, read } = this.#plan();
    if (write === 0 && read === 0) return;
    const timeoutMs = this.#timeout();
    const { options, reasons } = drawSignal(this.#parts);
    const fails = write > 0 && random.below(12) === 0;
    const how = pick<Consumption>(random, ["all", "all", "slow", "cancel", "none"]);
    const what = `stream ${describe(plan, write, read)} timeout ${timeoutMs} ${how}`;
    const { readable, result } = session().stream(0, {
      cdb: cdbOf(plan),
      ...(write > 0 && {
        dataOut: {
          length: write,
          source: this.#source(plan.id, write, fails),
          maxBufferedBytes: this.#bound(write),
        },
      }),
      ...(read > 0 && { dataIn: { length: read, maxBufferedBytes: this.#bound(read) } }),
      timeoutMs,
      ...options,
    });
    const command = { plan, lun: 0, write, read, session: sessions(), isInOrder: false };
    const ends = [...reasons, CANCELLED, ...(fails ? [SOURCE_FAILURE] : [])];
    const operation = record.track(result, what, timeoutMs, ends, command) as CommandOperation;
    if (read > 0 && how !== "all") record.hasStream = true;
    const isWhole = how === "all" || how === "slow";
    this.#consume(readable, how).then((data) =>
      result.then((answer: ScsiResult) => {
        if (isWhole) judge.streamed(operation, answer, data);
      }, () => {
        const hasEnded = isWhole && read > 0 && data !== undefined;
        if (hasEnded) record.problems.push(`${what} failed, but its readable ended`);
      })
    );
  }

  async *#source(id: number, length: number, fails: boolean): AsyncGenerator<Uint8Array> {
    const { random, time } = this.#parts;
    const data = dataOf(id, length);
    const piece = 1 + random.below(20_000);
    const isSlow = random.below(3) === 0;
    for (let at = 0; at < length; at += piece) {
      if (isSlow && random.below(3) === 0) await time.sleep(random.below(200));
      if (fails && at > length / 2) throw SOURCE_FAILURE;
      yield data.slice(at, at + piece);
    }
    if (fails) throw SOURCE_FAILURE;
  }

  /** All that came; undefined when the stream failed, or was not read to its end. */
  async #consume(
    readable: ReadableStream<Uint8Array>,
    how: Consumption,
  ): Promise<Uint8Array | undefined> {
    const { random, time } = this.#parts;
    const reader = readable.getReader();
    const chunks: Uint8Array[] = [];
    try {
      if (how === "none") await time.sleep(NEGLECT_MS);
      while (how !== "none") {
        const { done, value } = await reader.read();
        if (done) return concat(chunks);
        chunks.push(value);
        if (how === "cancel") break;
        if (how === "slow" && random.below(4) === 0) await time.sleep(random.below(300));
      }
      await reader.cancel(CANCELLED);
    } catch {
      // Its result says why.
    }
    return undefined;
  }

  #plan(): { plan: CommandPlan; write: number; read: number } {
    const { random } = this.#parts;
    const kind = random.below(10);
    const write = kind < 4 || kind === 9 ? this.#length() : 0;
    const read = kind >= 4 && kind !== 8 ? this.#length() : 0;
    const differing = (length: number) =>
      length > 0 && random.below(6) === 0
        ? Math.max(1, length + random.below(2000) - 1000)
        : length;
    const plan = {
      id: this.#nextId++,
      writeLength: differing(write),
      readLength: differing(read),
      status: pick(random, [0, 0, 0, 0, 0, 0, 0, 2, 8]),
      delayMs: pick(random, [0, 0, 0, 0, 0, 10, 500, 5000]),
    };
    return { plan, write, read };
  }

  /** Many around the lengths at which something changes. */
  #length(): number {
    const { random, settings: { longestTransfer, session: { negotiation = {} } } } = this.#parts;
    const { maxReceiveDataSegmentLength = 0, maxBurstLength = 0, firstBurstLength = 0 } =
      negotiation;
    const near = (length: number) => Math.max(0, length + random.below(5) - 2);
    switch (random.below(8)) {
      case 0:
        return random.below(5);
      case 1:
        return near(maxReceiveDataSegmentLength);
      case 2:
        return near(maxBurstLength);
      case 3:
        return near(firstBurstLength);
      case 4:
        return near(512 * (1 + random.below(20)));
      case 5:
        return random.below(random.below(20) === 0 ? longestTransfer : 5000);
      default:
        return random.below(Math.min(longestTransfer, 60_000));
    }
  }

  #timeout(): number {
    const { random, isCalm } = this.#parts;
    return isCalm && random.below(5) > 0 ? 30_000 : pick(random, [100, 1000, 8000, 30_000]);
  }

  /** Bytes of a stream in memory: a PDU at least, and all of it where it may come in any order. */
  #bound(length: number): number {
    const { random, settings } = this.#parts;
    return settings.session.negotiation?.dataPduInOrder
      ? Math.min(length, 66_000 + random.below(100_000))
      : length;
  }
}

function describe(plan: CommandPlan, write: number, read: number): string {
  const { id, writeLength, readLength, status, delayMs } = plan;
  return `${id} write ${write}/${writeLength} read ${read}/${readLength} status ${status} delay ${delayMs}`;
}
