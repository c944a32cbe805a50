import type { LoopbackTarget } from "../../../sim/target/loopback_target.ts";
import type { OpenLogicalUnitOptions } from "../../../open_tape.ts";
import type { WalkTime } from "../../iscsi/walk/walk_time.ts";
import type { Random } from "../../scsi/random.ts";
import type { CallerKnowledge } from "./caller_knowledge.ts";
import type { WireFault } from "./counted_wire.ts";
import type { WalkLibrary } from "./walk_library.ts";

/** What the steps of a walk work with. */
export interface WalkParts {
  readonly random: Random;
  readonly time: WalkTime;
  readonly library: WalkLibrary;
  /** What was done, for people. */
  readonly trace: string[];
  /** What the connections have before them. */
  readonly network: { fault?: WireFault; refusals: number };
  readonly target: () => LoopbackTarget;
  /** For everything that is opened. */
  readonly connection: OpenLogicalUnitOptions;
  readonly news: CallerKnowledge;
}

/** What an operation that is called off ends with. */
export class CalledOff extends Error {}

/** Milliseconds within which everything has an end: that of a lost answer to READ ELEMENT STATUS, several times. */
export const LONGEST_MS = 50_000_000;
