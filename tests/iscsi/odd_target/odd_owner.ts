/** What the owner of a session asks of it, at random. */

import type { Session } from "../../../iscsi/session/session.ts";
import { isInOrder } from "../../../iscsi/negotiation/negotiated_parameters.ts";
import { concat } from "../../../transport/concat.ts";
import type { Random } from "../../scsi/random.ts";
import { pick } from "../walk/walk_settings.ts";
import { dataOf } from "../walk/witnessed_device.ts";
import { type CommandPlan, drawPlan } from "./command_plan.ts";
import { type Asked, type OddJudge, UNTOUCHED } from "./odd_judge.ts";
import type { OddSettings } from "./odd_settings.ts";
import type { OddTarget } from "./odd_target.ts";
import type { OddTime } from "./odd_time.ts";

const COMMAND_TIMEOUT_MS = 600_000;
const MOST_OPEN = 24;

/** What an {@link OddOwner} works with. */
export interface OddOwnerParts {
  readonly random: Random;
  readonly settings: OddSettings;
  readonly plans: Map<number, CommandPlan>;
  readonly judge: OddJudge;
  readonly time: OddTime;
  readonly target: OddTarget;
  readonly session: () => Session;
  readonly note: (what: string) => void;
}

export class OddOwner {
  /** Whether a function on many commands was asked for in this session. */
  hasManaged = false;
  readonly #parts: OddOwnerParts;
  readonly #controllers = new Map<Asked, AbortController>();

  constructor(parts: OddOwnerParts) {
    this.#parts = parts;
  }

  /** Asks for something, unless enough is under way. */
  act(): void {
    const { random, judge } = this.#parts;
    if (judge.open.size >= MOST_OPEN) return;
    const dice = random.below(40);
    if (dice < 33) this.#execute();
    else if (dice < 36) this.#stream();
    else if (dice === 36) this.#manage();
    else if (dice === 37) this.#askText();
    else if (dice === 38) this.#renegotiate();
    else this.#abortOne();
  }

  #draw(isStreamed: boolean): CommandPlan {
    const { random, settings, plans } = this.#parts;
    const id = plans.size + 1;
    const plan = { ...drawPlan(random, id, settings.longest), isStreamed };
    plans.set(id, plan);
    return plan;
  }

  #describe(plan: CommandPlan): string {
    const { cdb, lun, sense: _, ...rest } = plan;
    const what = `command ${plan.id} ${
      JSON.stringify({ ...rest, lun: `${lun}`, cdb: cdb.length })
    }`;
    this.#parts.note(what);
    return what;
  }

  #track(promise: Promise<unknown>, plan: CommandPlan, controller: AbortController): void {
    const asked: Asked = { what: this.#describe(plan), promise, plan };
    this.#controllers.set(asked, controller);
    this.#parts.judge.track(asked);
    promise.catch(() => {}).finally(() => this.#controllers.delete(asked));
  }

  /** A command with buffers. */
  #execute(): void {
    const { judge, session } = this.#parts;
    const plan = this.#draw(false);
    const dataOut = plan.write > 0 ? dataOf(plan.id, plan.write) : undefined;
    const dataIn = plan.read > 0 ? new Uint8Array(plan.read).fill(UNTOUCHED) : undefined;
    const controller = new AbortController();
    const promise = session().execute(plan.lun, {
      cdb: plan.cdb.slice(),
      ...(dataOut && { dataOut }),
      ...(dataIn && { dataIn }),
      timeoutMs: COMMAND_TIMEOUT_MS,
      signal: controller.signal,
    });
    this.#track(promise, plan, controller);
    promise.then(
      (result) => judge.answered(plan, result, dataIn ?? new Uint8Array(0)),
      () => {},
    ).finally(() => {
      dataOut?.fill(0x55);
      if (dataIn) judge.returned(dataIn, `command ${plan.id}`);
    });
  }

  /** A command whose data comes and goes piece by piece. */
  #stream(): void {
    const { random, judge, session } = this.#parts;
    const { parameters } = session();
    const plan = this.#draw(true);
    if (plan.write === 0 && plan.read === 0) return;
    const least = parameters.maxReceiveDataSegmentLength;
    const bound = (length: number) =>
      isInOrder(parameters) ? Math.max(least, random.below(length + 1)) : Math.max(1, length);
    const controller = new AbortController();
    const { readable, result } = session().stream(plan.lun, {
      cdb: plan.cdb.slice(),
      ...(plan.write > 0 && {
        dataOut: {
          length: plan.write,
          source: this.#source(plan),
          maxBufferedBytes: bound(plan.write),
        },
      }),
      ...(plan.read > 0 && {
        dataIn: { length: plan.read, maxBufferedBytes: bound(plan.read) },
      }),
      timeoutMs: COMMAND_TIMEOUT_MS,
      signal: controller.signal,
    });
    this.#track(result, plan, controller);
    this.#consume(readable).then((data) =>
      result.then((answer) => judge.streamed(plan, answer, data), () => {})
    );
  }

  async *#source({ id, write }: CommandPlan): AsyncGenerator<Uint8Array> {
    const { random, time } = this.#parts;
    const data = dataOf(id, write);
    const most = 1 + random.below(5000);
    for (let at = 0; at < write; at += most) {
      if (random.below(3) === 0) await time.linger();
      yield data.slice(at, at + most);
    }
  }

  /** All that came; undefined when it failed. */
  async #consume(readable: ReadableStream<Uint8Array>): Promise<Uint8Array | undefined> {
    const { random, time } = this.#parts;
    const chunks: Uint8Array[] = [new Uint8Array(0)];
    try {
      for await (const chunk of readable) {
        chunks.push(chunk);
        for (let turns = random.below(4); turns > 0; turns--) await time.linger();
      }
      return concat(chunks);
    } catch {
      return undefined;
    }
  }

  #abortOne(): void {
    const { random, note } = this.#parts;
    const [asked, controller] = pick(random, [...this.#controllers, undefined]) ?? [];
    if (asked === undefined) return;
    note(`abort of ${asked.what}`);
    asked.reason ??= new Error("called off");
    controller!.abort(asked.reason);
  }

  #manage(): void {
    const { random, note, judge } = this.#parts;
    const session = this.#parts.session();
    const lun = pick(random, [0n, 1n << 48n]);
    const ask = pick(random, [
      () => session.abortTaskSet(lun),
      () => session.clearTaskSet(lun),
      () => session.logicalUnitReset(lun),
      () => session.targetWarmReset(),
      () => session.clearAca(lun),
    ]);
    note(`${ask}`);
    this.hasManaged = true;
    judge.track({ what: `${ask}`, promise: ask(), isFunction: true });
  }

  #askText(): void {
    const { random, judge, target, session } = this.#parts;
    const { texts } = target.session!;
    if (texts.isAsked) return;
    const length = pick(random, [0, 1, 500, 20_000]);
    const answer = random.bytes(length).map((byte) => byte | 1);
    texts.ask(answer);
    const promise = session().text(new TextEncoder().encode("SendTargets=All\0"));
    judge.track({ what: "text", promise });
    promise.then((text) => {
      const isSame = text.length === answer.length && text.every((byte, i) => byte === answer[i]);
      if (!isSame) judge.problems.push("a text came otherwise than it was sent");
    }, () => {});
  }

  #renegotiate(): void {
    const { random, judge, note, session } = this.#parts;
    const maxReceiveDataSegmentLength = pick(random, [512, 1000, 65_536]);
    note(`renegotiate ${maxReceiveDataSegmentLength}`);
    const promise = session().renegotiate({ maxReceiveDataSegmentLength });
    judge.track({ what: "renegotiate", promise });
  }

  closeConnection(): void {
    const { random, judge, target, session } = this.#parts;
    const { connections } = session();
    if (connections.length < 2) return;
    target.session!.isEnding = true;
    const promise = session().closeConnection(pick(random, connections));
    judge.track({ what: "close", promise });
  }
}
