import type { CommandOperation } from "./operation.ts";
import { drawSignal, type WalkParts } from "./walk_parts.ts";
import { pick } from "./walk_settings.ts";

const TARGET_RESETS: readonly string[] = ["targetWarmReset", "targetColdReset"];

/** Asks a session for what is no SCSI command. */
export class RequestSteps {
  readonly #parts: WalkParts;

  constructor(parts: WalkParts) {
    this.#parts = parts;
  }

  /** A function that acts on many commands. */
  manage(): void {
    const { random, session, judge } = this.#parts;
    const name = pick(
      random,
      [
        "abortTaskSet",
        "abortTaskSet",
        "clearTaskSet",
        "logicalUnitReset",
        "targetWarmReset",
        "clearAca",
        "targetColdReset",
      ] as const,
    );
    if (name === "targetColdReset" && random.below(3) > 0) return;
    const lun = random.below(4) === 0 ? 1 : 0;
    const timeoutMs = pick(random, [200, 2000, 10_000]);
    const { options, reasons } = drawSignal(this.#parts);
    const asked = { timeoutMs, ...options };
    const meant = this.#underWay(TARGET_RESETS.includes(name) ? undefined : lun);
    const promise = name === "targetWarmReset" || name === "targetColdReset"
      ? session()[name](asked)
      : session()[name](lun, asked);
    this.#track(promise, `${name} ${lun}`, timeoutMs, reasons);
    if (name !== "clearAca") promise.then(() => judge.ended(meant, name), () => {});
  }

  renegotiate(): void {
    const { random, session } = this.#parts;
    const maxReceiveDataSegmentLength = pick(random, [512, 1000, 4096, 65536]);
    const timeoutMs = pick(random, [500, 30_000]);
    const { options, reasons } = drawSignal(this.#parts);
    const promise = session().renegotiate({ maxReceiveDataSegmentLength }, {
      timeoutMs,
      ...options,
    });
    this.#track(promise, `renegotiate ${maxReceiveDataSegmentLength}`, timeoutMs, reasons);
  }

  text(): void {
    const { random, session, record } = this.#parts;
    const timeoutMs = pick(random, [500, 30_000]);
    const { options, reasons } = drawSignal(this.#parts);
    const request = new TextEncoder().encode("SendTargets=\0");
    const promise = session().text(request, { timeoutMs, ...options });
    const expected = `TargetName=${session().targetName}\0`;
    promise.then((answer) => {
      const text = new TextDecoder().decode(answer);
      if (!text.startsWith(expected)) record.problems.push(`a text was answered ${text}`);
    }, () => {});
    this.#track(promise, "text", timeoutMs, reasons);
  }

  closeConnection(): void {
    const { random, session } = this.#parts;
    const { connections } = session();
    if (connections.length === 0) return;
    const cid = pick(random, connections);
    const timeoutMs = pick(random, [0, 500, 5000]);
    const { options, reasons } = drawSignal(this.#parts);
    const promise = session().closeConnection(cid, { timeoutMs, ...options });
    this.#track(promise, `closeConnection ${cid}`, timeoutMs, reasons);
  }

  #track(promise: Promise<unknown>, what: string, timeoutMs: number, reasons: unknown[]): void {
    const signal = reasons.length > 0 ? " signal" : "";
    this.#parts.record.track(promise, `${what} timeout ${timeoutMs}${signal}`, timeoutMs, reasons);
  }

  /** The commands of the present session that are under way at a unit, or at all. */
  #underWay(lun: number | undefined): CommandOperation[] {
    const { record, sessions } = this.#parts;
    return record.commands.filter(({ command, settledAt }) =>
      settledAt === undefined && command.session === sessions() &&
      (lun === undefined || command.lun === lun)
    );
  }
}
