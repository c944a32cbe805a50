import type { TapeFault } from "./walk_tape.ts";
import type { Faults, KnownTape, WalkBench } from "./walk_bench.ts";

const [READ, WRITE, FILEMARKS, SPACE, POSITION, REWIND] = [0x08, 0x0a, 0x10, 0x11, 0x34, 0x01];
const OPCODES = [
  READ,
  READ,
  WRITE,
  WRITE,
  FILEMARKS,
  SPACE,
  POSITION,
  REWIND,
  0x92,
  0x1a,
  0x05,
  0x00,
];

/** What is answered in the place of a command, and whether it is executed all the same. */
const ANSWERS = [
  { status: 0x08 },
  { status: 0x18 },
  { status: 0x28 },
  { sense: { key: 6, asc: 0x3f, ascq: 1 } },
  { sense: { key: 6, asc: 0x2a, ascq: 0x10 } },
  { sense: { key: 6, asc: 0x28, ascq: 0 } },
  { sense: { key: 6, asc: 0x29, ascq: 0 } },
  { sense: { key: 2, asc: 0x3a, ascq: 0 } },
  { sense: { key: 0xb, asc: 0x47, ascq: 5 } },
  { sense: { key: 0xb, asc: 0x47, ascq: 5 }, execute: true },
  { sense: { key: 5, asc: 0x24, ascq: 0 } },
  { sense: { key: 3, asc: 0x0c, ascq: 0 } },
  { sense: { key: 3, asc: 0x0c, ascq: 0, deferred: true } },
  { sense: { key: 3, asc: 0x11, ascq: 0 } },
  { sense: { key: 4, asc: 0x44, ascq: 0 } },
  { sense: { key: 7, asc: 0x27, ascq: 0 } },
] as const;

/** Where a command takes what may fail beside its tapes. */
export interface Fallible {
  readonly source?: boolean;
  readonly sink?: boolean;
  /** It goes around bad places, so that there should be one. */
  readonly skips?: boolean;
}

/** Often nothing, or one thing that goes wrong, seldom two. */
export function someFaults(
  bench: WalkBench,
  tapes: readonly KnownTape[],
  fallible: Fallible = {},
): Faults {
  const faults: { -readonly [Key in keyof Faults]: Faults[Key] } = { tapes: [] };
  if (!bench.chance(2)) return faults;
  const [known] = tapes.filter(({ tape }) => tape.kind !== "image");
  if (fallible.skips && known === tapes[0] && bench.chance(2)) {
    const fault = { kind: "bad", on: "read", object: badPlace(bench, known) } as const;
    return { tapes: [{ tape: bench.tapes.indexOf(known), fault }] };
  }
  for (let more = true; more; more = bench.chance(8)) add(bench, tapes, fallible, faults);
  return faults;
}

function add(
  bench: WalkBench,
  tapes: readonly KnownTape[],
  { source = false, sink = false }: Fallible,
  faults: { -readonly [Key in keyof Faults]: Faults[Key] },
): void {
  const afterBytes = bench.random.below(bench.one([2, 600, 4000, 300_000]));
  const kinds = ["interrupt", "output", ...source ? ["source"] : [], ...sink ? ["sink"] : []];
  const faulty = tapes.filter(({ tape }) => tape.kind !== "image");
  if (faulty.length > 0) kinds.push("tape", "tape", "tape");
  switch (bench.one(kinds)) {
    case "interrupt": {
      const first = 1 + bench.random.below(bench.one([8, 40, 120]));
      const second = first + 1 + bench.random.below(4);
      faults.interrupts = bench.chance(3) ? [first, second] : [first];
      break;
    }
    case "output":
      faults.output = { afterBytes: bench.random.below(400), code: bench.one(["ENOSPC", "EPIPE"]) };
      break;
    case "source":
      faults.source = { afterBytes, ends: bench.chance(2) };
      break;
    case "sink":
      faults.sink = { afterBytes, code: bench.one(["ENOSPC", "EPIPE", "EIO"]) };
      break;
    default: {
      const known = bench.one(faulty);
      const tape = bench.tapes.indexOf(known);
      faults.tapes = [...faults.tapes, { tape, fault: tapeFault(bench, known) }];
    }
  }
}

/** Near to where the tape stands. */
function badPlace(bench: WalkBench, { model }: KnownTape): number {
  return Math.max(0, model.cursor + bench.random.below(7) - 1);
}

function tapeFault(bench: WalkBench, known: KnownTape): TapeFault {
  const at = 1 + bench.random.below(bench.one([8, 30, 60]));
  switch (bench.random.below(6)) {
    case 0:
      return { kind: "cut", at };
    case 1:
      return { kind: bench.one(["reset", "power"]), at };
    case 2:
    case 3: {
      return { kind: "bad", on: bench.one(["read", "write"]), object: badPlace(bench, known) };
    }
    case 4:
      if (known.tape.kind === "link") return { kind: "timeout", at };
  }
  const answer = bench.one(ANSWERS);
  const opcode = bench.one(OPCODES);
  const execute = "execute" in answer && (opcode === WRITE || opcode === FILEMARKS);
  return { kind: "answer", opcode, at: 1 + bench.random.below(8), ...answer, execute };
}

/** The only thing that goes wrong is that this object cannot be read, or written. */
export function badObject(
  bench: WalkBench,
  faults: Faults,
  known: KnownTape,
  on: "read" | "write",
): number | undefined {
  const { tapes: [first, ...more], ...others } = faults;
  if (first === undefined || more.length > 0 || Object.keys(others).length > 0) return undefined;
  const { tape, fault } = first;
  if (bench.tapes[tape] !== known || fault.kind !== "bad" || fault.on !== on) return undefined;
  return fault.object;
}

/** Whether the tape may stand elsewhere once it has been told where it stands. */
export function movesLater({ tapes }: Faults): boolean {
  return tapes.some(({ fault }) => ["reset", "power"].includes(fault.kind));
}
