/** What goes wrong in the middle of an operation: one thing at a time, at a command or a PDU of those under way. */

import { pick } from "./library_setting.ts";
import { EXCHANGE_MEDIUM, MOVE_MEDIUM, READ_ELEMENT_STATUS, type Strike } from "./walk_library.ts";
import { CalledOff, type WalkParts } from "./walk_parts.ts";

/** What an answer amounts to: a kind of error, or that the command is sent again, or that it succeeded. */
type Meaning = string | "again" | "done";

interface Answer extends Strike {
  readonly means: Meaning;
}

function sense(key: number, asc: number, ascq: number, means: Meaning, isBehind = false): Answer {
  return { sense: { key, asc, ascq }, means, isBehind };
}

/** To any command, which is then not carried out. */
const ANSWERS: readonly Answer[] = [
  sense(2, 0x04, 0x01, "again"),
  sense(2, 0x04, 0x03, "not-ready"),
  sense(6, 0x29, 0x00, "again"),
  sense(6, 0x2a, 0x01, "again"),
  sense(6, 0x3f, 0x0e, "again"),
  sense(4, 0x44, 0x00, "fault"),
  { status: 0x08, means: "again" },
  { status: 0x28, means: "again" },
  { status: 0x18, means: "reservation-conflict" },
];

/** To a command that moves something, which is not carried out. */
const REFUSALS: readonly Answer[] = [
  ...ANSWERS,
  sense(2, 0x04, 0x8e, "drive-holds-medium"),
  sense(2, 0x3a, 0x00, "drive-holds-medium"),
  sense(5, 0x3a, 0x00, "drive-holds-medium"),
  sense(5, 0x3b, 0x0e, "element-empty"),
  sense(4, 0x3b, 0x0e, "element-empty"),
  sense(5, 0x3b, 0x0d, "element-full"),
  sense(4, 0x3b, 0x0d, "element-full"),
  sense(5, 0x3b, 0x11, "magazine-not-accessible"),
  sense(5, 0x3b, 0x14, "magazine-not-accessible"),
  sense(5, 0x21, 0x01, "invalid-element"),
  sense(5, 0x53, 0x02, "removal-prevented"),
  sense(5, 0x20, 0x00, "unsupported"),
  sense(5, 0x24, 0x00, "illegal-request"),
  sense(6, 0x28, 0x00, "inventory-changed"),
  sense(6, 0x28, 0x01, "inventory-changed"),
  sense(6, 0x3b, 0x12, "inventory-changed"),
  sense(4, 0x15, 0x01, "fault"),
  sense(3, 0x30, 0x00, "medium-error"),
  sense(0xb, 0x47, 0x03, "outcome-unknown"),
  { status: 0x40, means: "outcome-unknown" },
];

/** To a move that has been made. */
const LATE: readonly Answer[] = [
  sense(4, 0x15, 0x01, "fault", true),
  sense(4, 0x44, 0x00, "fault", true),
  sense(3, 0x30, 0x00, "medium-error", true),
  sense(1, 0x15, 0x01, "done", true),
  sense(0, 0x5d, 0x00, "done", true),
  sense(0xb, 0x47, 0x03, "outcome-unknown", true),
  { status: 0x40, means: "outcome-unknown", isBehind: true },
];

/** What an operation goes wrong with. */
export interface Disturbance {
  readonly name: string;
  /** What the operation is handed. */
  readonly signal?: AbortSignal;
  /** What it then rejects with. */
  readonly reason?: CalledOff;
  /** What an answer amounts to that a move has met. */
  means?: Meaning;
  /** Whether an answer can be lost, or a connection. */
  readonly isLossy: boolean;
  /** Whether cartridges may be elsewhere behind it. */
  readonly isChange: boolean;
  /** Whether it has happened. */
  hasStruck: boolean;
}

/** REQUEST SENSE, INQUIRY, REPORT LUNS: answered whatever happens (SPC-5 §6.7, §6.33, §6.39). */
const UNTROUBLED: ReadonlySet<number> = new Set([0x03, 0x12, 0xa0]);
const MOVES = [MOVE_MEDIUM, EXCHANGE_MEDIUM];
const KINDS = [
  "answer",
  "answer",
  "answer to a move",
  "answer to a move",
  "late answer",
  "wire",
  "wire",
  "cut at a move",
  "call off",
  "other host",
  "operator",
  "door",
  "reset",
  "reservation",
  "stall",
] as const;

/** Arms the next thing that goes wrong. */
export class Disturbances {
  readonly #parts: WalkParts;
  /** What ends a delay. */
  readonly #stalls: (() => void)[] = [];

  constructor(parts: WalkParts) {
    this.#parts = parts;
  }

  arm(): Disturbance {
    const { random, trace } = this.#parts;
    const kind = pick(random, KINDS);
    const armed = this.#armed(kind);
    trace.push(`* ${armed.name}`);
    return armed;
  }

  /** Nothing goes wrong any more. */
  end(): void {
    const { library, network, news, time } = this.#parts;
    library.strike = () => undefined;
    network.fault = undefined;
    network.refusals = 0;
    for (const wire of time.wires) if (wire.isMute || wire.isDeaf) wire.cut();
    for (const release of this.#stalls.splice(0)) release();
    library.asOther([0x17, 0, 0, 0, 0, 0]);
    if (library.closeDoor(this.#parts.random.below(4))) {
      news.change();
    }
  }

  #armed(kind: typeof KINDS[number]): Disturbance {
    const { random, library, network, news, time } = this.#parts;
    switch (kind) {
      case "answer":
        return this.#answers(pick(random, ANSWERS), undefined, 1 + random.below(6));
      case "answer to a move":
        return this.#answers(pick(random, REFUSALS), MOVES, 1);
      case "late answer":
        return this.#answers(pick(random, LATE), MOVES, 1);
      case "wire": {
        const fault = { left: 1 + random.below(50), kind: pick(random, WIRE_FAULTS) };
        network.fault = fault;
        network.refusals = pick(random, [0, 0, 0, 1, 3, 20]);
        return disturbance(`${fault.kind} at ${fault.left}`, { isLossy: true });
      }
      case "cut at a move":
        network.refusals = pick(random, [0, 0, 1, 20]);
        return this.#at("cut at a move", MOVES, () => {
          for (const wire of time.wires) if (!wire.isClosed) wire.cut();
        }, { isLossy: true });
      case "call off":
        return this.#callsOff();
      case "other host":
        return this.#at(kind, undefined, () => library.moveByOther(), { isChange: true });
      case "operator":
        return this.#at(kind, undefined, () => {
          if (library.operate()) news.change();
        }, { isChange: true });
      case "door":
        return this.#at(kind, undefined, () => library.openDoor());
      case "reset":
        return this.#at(kind, undefined, () => library.changer.reset());
      case "reservation":
        return this.#at(kind, undefined, () => library.asOther([0x16, 0, 0, 0, 0, 0]));
      case "stall":
        return this.#comesLate();
    }
  }

  #answers(
    { means, ...strike }: Answer,
    opcodes: readonly number[] | undefined,
    nth: number,
  ): Disturbance {
    const code = strike.sense ?? { status: strike.status };
    const late = strike.isBehind ? "late " : "";
    const armed = disturbance(`${late}${JSON.stringify(code)} at ${nth}${opcodes ? " move" : ""}`);
    this.#strikeAt(opcodes, nth, armed, (opcode) => {
      const struck = () => {
        if (MOVES.includes(opcode)) armed.means = means;
      };
      return { ...strike, struck };
    });
    return armed;
  }

  /** Something happens just before a command is carried out. */
  #at(
    name: string,
    opcodes: readonly number[] | undefined,
    happens: () => unknown,
    facts: Partial<Omit<Disturbance, "name">> = {},
  ): Disturbance {
    const nth = opcodes === undefined ? 1 + this.#parts.random.below(12) : 1;
    const armed = disturbance(`${name} at ${nth}`, facts);
    this.#strikeAt(opcodes, nth, armed, () => {
      const what = happens();
      if (typeof what === "string") this.#parts.trace.push(`  ${what}`);
      return undefined;
    });
    return armed;
  }

  #callsOff(): Disturbance {
    const { random } = this.#parts;
    const controller = new AbortController();
    const reason = new CalledOff("enough");
    const nth = random.below(10);
    const armed = disturbance(`call off at ${nth}`, { signal: controller.signal, reason });
    if (nth === 0) controller.abort(reason);
    const opcodes = random.below(2) === 0 ? MOVES : undefined;
    const lateMs = pick(random, [0, 0, 100]);
    this.#strikeAt(opcodes, opcodes ? 1 : nth, armed, () => {
      if (lateMs === 0) return controller.abort(reason);
      this.#delay(lateMs).then(() => controller.abort(reason));
      return { delay: this.#delay(random.below(2) * 1000) };
    });
    return armed;
  }

  /** The answer comes late, or too late. */
  #comesLate(): Disturbance {
    const { random } = this.#parts;
    const ms = pick(random, [500, 600_000, 4_000_000]);
    const opcodes = pick(random, [MOVES, MOVES, [READ_ELEMENT_STATUS], undefined]);
    const nth = opcodes === MOVES ? 1 : 1 + random.below(5);
    const armed = disturbance(`stall ${ms} at ${nth}`, { isLossy: ms > 500 });
    this.#strikeAt(opcodes, nth, armed, () => ({ delay: this.#delay(ms) }));
    return armed;
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.time.clock.schedule(resolve, ms);
      this.#stalls.push(() => {
        cancel();
        resolve();
      });
    });
  }

  #strikeAt(
    opcodes: readonly number[] | undefined,
    nth: number,
    armed: Disturbance,
    act: (opcode: number) => Strike | undefined | void,
  ): void {
    let left = nth;
    this.#parts.library.strike = ({ opcode }) => {
      if (opcodes === undefined ? UNTROUBLED.has(opcode) : !opcodes.includes(opcode)) {
        return undefined;
      }
      if (--left !== 0) return undefined;
      armed.hasStruck = true;
      return act(opcode) ?? undefined;
    };
  }
}

const WIRE_FAULTS = ["cut", "cut", "mute", "deaf"] as const;

function disturbance(
  name: string,
  facts: Partial<Omit<Disturbance, "name">> = {},
): Disturbance {
  return { name, isLossy: false, isChange: false, hasStruck: false, ...facts };
}
