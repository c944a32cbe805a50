import type { SimulatedDrive } from "../../sim/tape/drive.ts";
import type { Random } from "../scsi/random.ts";

const [READ, WRITE, FILEMARKS, SPACE, POSITION] = [0x08, 0x0a, 0x10, 0x11, 0x34];

/** What is answered in the place of a command, and whether it is executed all the same. */
const ANSWERS = [
  { status: 0x08 },
  { status: 0x28 },
  { sense: { key: 6, asc: 0x3f, ascq: 1 } },
  { sense: { key: 6, asc: 0x2a, ascq: 0x10 } },
  { sense: { key: 0xb, asc: 0x47, ascq: 5 } },
  { sense: { key: 0xb, asc: 0x47, ascq: 5 }, execute: true },
  { sense: { key: 5, asc: 0x24, ascq: 0 } },
  { sense: { key: 3, asc: 0x0c, ascq: 0, deferred: true } },
  { sense: { key: 4, asc: 0x44, ascq: 0 } },
  { sense: { key: 3, asc: 0x11, ascq: 0 } },
] as const;

/** Which commands a wrong answer may meet. */
export interface WrongAnswerOptions {
  /** Whether also a READ POSITION, which then tells nothing. */
  readonly toPosition: boolean;
  /** Whether a write or filemark may be executed all the same. @default true */
  readonly mayExecute?: boolean;
}

/** Lets a drive answer one of its next commands otherwise than it would, at random. */
export function answerWrongly(
  drive: SimulatedDrive,
  random: Random,
  { toPosition, mayExecute = true }: WrongAnswerOptions,
): void {
  const opcodes = [READ, WRITE, WRITE, FILEMARKS, SPACE, toPosition ? POSITION : SPACE];
  const opcode = opcodes[random.below(opcodes.length)];
  const answer = ANSWERS[random.below(ANSWERS.length)];
  // A position that was asked for and not told is no fault of the tape.
  const isWrite = opcode === WRITE || opcode === FILEMARKS;
  const execute = "execute" in answer && isWrite && mayExecute;
  drive.inject({ opcode, occurrence: 1 + random.below(6), ...answer, execute });
}
