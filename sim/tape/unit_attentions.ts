/**
 * Unit attention conditions, one queue a nexus (SAM-5 §5.14).
 *
 * @module
 */

import type { Nexus } from "../device_server.ts";
import { type Condition, Conditions, POWER_ON_OR_RESET } from "./conditions.ts";

/** An additional sense code with its qualifier. */
export interface AdditionalSense {
  /** Additional sense code. */
  readonly asc: number;
  /** Its qualifier. */
  readonly ascq: number;
}

/** Which unit attentions a nexus starts with. Each list may be empty. */
export interface UnitAttentionOptions {
  /** For an initiator port that was not seen before. @default 29/00 alone, as after power on */
  readonly newNexus?: readonly AdditionalSense[];
  /**
   * For an initiator port that comes back after its nexus was lost. Many targets say 29/00 here too, which tells
   * nothing about whether the tape was moved meanwhile. @default 29/07 alone: I_T nexus loss occurred
   */
  readonly returningNexus?: readonly AdditionalSense[];
}

/** Most unit attentions kept for one nexus; one of each kind is all there is, so this is never reached in earnest. */
const MAX_PENDING = 16;

/** Most initiator ports remembered, oldest forgotten first, so that a flood of logins costs nothing lasting. */
const MAX_KNOWN_PORTS = 1024;

/** Resets are told first, then that the tape is another, then that parameters are, and last what concerns the drive. */
const PRECEDENCE: Readonly<Record<number, number>> = { [POWER_ON_OR_RESET]: 0, 0x28: 1, 0x3f: 3 };

function precedence({ asc }: Condition): number {
  return PRECEDENCE[asc] ?? 2;
}

function portOf({ initiatorName, isid }: Nexus): string {
  return `${initiatorName},i,0x${isid}`;
}

/** The pending unit attentions of one logical unit. */
export class UnitAttentions {
  readonly #pending = new Map<Nexus, Condition[]>();
  readonly #knownPorts = new Set<string>();
  readonly #newNexus: readonly AdditionalSense[];
  readonly #returningNexus: readonly AdditionalSense[];

  constructor(options: UnitAttentionOptions = {}) {
    const { newNexus = [Conditions.powerOn], returningNexus = [Conditions.nexusLoss] } = options;
    this.#newNexus = newNexus;
    this.#returningNexus = returningNexus;
  }

  /** Begins the queue of a new nexus. */
  establish(nexus: Nexus): void {
    const port = portOf(nexus);
    const first = this.#knownPorts.has(port) ? this.#returningNexus : this.#newNexus;
    this.#knownPorts.delete(port);
    this.#knownPorts.add(port);
    if (this.#knownPorts.size > MAX_KNOWN_PORTS) {
      for (const oldest of this.#knownPorts) {
        this.#knownPorts.delete(oldest);
        break;
      }
    }
    this.#pending.set(nexus, []);
    for (const { asc, ascq } of first) this.#add(nexus, { key: 0x06, asc, ascq });
  }

  /** Power on: every nexus hears of it, and no other port is known any more. */
  powerOn(): void {
    this.#knownPorts.clear();
    for (const nexus of this.#pending.keys()) this.#knownPorts.add(portOf(nexus));
    this.raise(Conditions.powerOn);
  }

  /** Forgets a nexus. */
  lose(nexus: Nexus): void {
    this.#pending.delete(nexus);
  }

  /** Reports `condition` to every nexus but `except`, once. */
  raise(condition: Condition, except?: Nexus): void {
    for (const nexus of this.#pending.keys()) {
      if (nexus !== except) this.#add(nexus, condition);
    }
  }

  /** Reports `condition` to every nexus that `isMeant` picks, once. */
  raiseFor(isMeant: (nexus: Nexus) => boolean, condition: Condition): void {
    for (const nexus of this.#pending.keys()) {
      if (isMeant(nexus)) this.#add(nexus, condition);
    }
  }

  /** The first pending one, which stays: that of highest precedence, and of those the oldest. */
  peek(nexus: Nexus): Condition | undefined {
    return this.#pending.get(nexus)?.[0];
  }

  /** Takes that one out. */
  take(nexus: Nexus): Condition | undefined {
    return this.#pending.get(nexus)?.shift();
  }

  #add(nexus: Nexus, condition: Condition): void {
    const queue = this.#pending.get(nexus);
    if (queue === undefined || queue.length >= MAX_PENDING) return;
    const isSame = (other: Condition) =>
      other.asc === condition.asc && other.ascq === condition.ascq;
    if (queue.some(isSame)) return;
    const behind = queue.findIndex((other) => precedence(other) > precedence(condition));
    queue.splice(behind < 0 ? queue.length : behind, 0, condition);
  }
}
