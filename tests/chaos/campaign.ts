/** All conversations with all faults, each at every PDU, or at some. */

import assert from "node:assert/strict";
import { Experiment, type Setup } from "./experiment.ts";
import {
  type Conversation,
  moving,
  reading,
  readingCalledOff,
  settling,
  writing,
  writingCalledOff,
} from "./conversations.ts";
import { Fault, type FaultKind, type Repetition } from "./fault.ts";

const OUTAGES: readonly FaultKind[] = ["cut-before", "cut-inside", "cut-after", "stall"];
const CORRUPTIONS: readonly FaultKind[] = ["corrupt-header", "corrupt-data"];
const BOTH = { header: true, data: true };
const SMALL_BURSTS = { initialR2T: true, immediateData: false, maxBurstLength: 512 };

/** A second strike within what the first one makes necessary: connecting, logging in, making sure, going back. */
const IN_RECOVERY = (index: number): Repetition => ({ period: 1 + index * 31 % 70, times: 2 });

/** Closing has as long as several outages take: the tape is to be brought back in them, too. */
const PATIENT_CLOSE = { closeTimeoutMs: 7_200_000 };

/** A conversation, how it is set up, and what may happen to it. */
export interface Campaign {
  readonly name: string;
  readonly conversation: Conversation;
  readonly setup: Setup;
  readonly kinds: readonly FaultKind[];
  /** How the fault strikes again, when it has struck at a PDU. @default never */
  readonly repetition?: (index: number) => Repetition;
}

export const CAMPAIGNS: readonly Campaign[] = [
  { name: "reading", conversation: reading, setup: {}, kinds: OUTAGES },
  {
    name: "reading ahead",
    conversation: reading,
    setup: { drive: { readAhead: 8 } },
    kinds: OUTAGES,
  },
  { name: "moving", conversation: moving, setup: { drive: { readAhead: 4 } }, kinds: OUTAGES },
  { name: "writing", conversation: writing(), setup: {}, kinds: OUTAGES },
  {
    name: "reading over a bad line",
    conversation: reading,
    setup: { drive: { readAhead: 8, ...PATIENT_CLOSE } },
    kinds: OUTAGES,
    repetition: () => ({ period: 200 }),
  },
  {
    name: "reading through two outages",
    conversation: reading,
    setup: { drive: { readAhead: 8, ...PATIENT_CLOSE } },
    kinds: OUTAGES,
    repetition: IN_RECOVERY,
  },
  {
    name: "moving through two outages",
    conversation: moving,
    setup: { drive: { readAhead: 4, ...PATIENT_CLOSE } },
    kinds: OUTAGES,
    repetition: IN_RECOVERY,
  },
  {
    name: "writing through two outages",
    conversation: writing(),
    setup: { drive: PATIENT_CLOSE },
    kinds: OUTAGES,
    repetition: IN_RECOVERY,
  },
  {
    name: "reading called off",
    conversation: readingCalledOff,
    setup: {},
    kinds: ["call-off"],
    repetition: () => ({ period: 17 }),
  },
  {
    name: "reading ahead called off",
    conversation: readingCalledOff,
    setup: { drive: { readAhead: 8 } },
    kinds: ["call-off"],
    repetition: () => ({ period: 17 }),
  },
  {
    name: "writing called off",
    conversation: writingCalledOff,
    setup: {},
    kinds: ["call-off"],
    repetition: () => ({ period: 23 }),
  },
  {
    name: "writing on request called off",
    conversation: writingCalledOff,
    setup: { negotiation: SMALL_BURSTS },
    kinds: ["call-off"],
    repetition: () => ({ period: 23 }),
  },
  {
    name: "writing eight at a time",
    conversation: writing({ inFlight: 8 }),
    setup: {},
    kinds: OUTAGES,
  },
  {
    name: "writing on request",
    conversation: writing(),
    setup: { negotiation: SMALL_BURSTS },
    kinds: OUTAGES,
  },
  {
    name: "reading ahead with digests",
    conversation: reading,
    setup: { digests: BOTH, drive: { readAhead: 8 } },
    kinds: [...CORRUPTIONS, "cut-inside"],
  },
  {
    name: "writing with digests",
    conversation: writing(),
    setup: { digests: BOTH },
    kinds: [...CORRUPTIONS, "cut-inside"],
  },
  {
    name: "reading without digests",
    conversation: settling(reading),
    setup: { drive: { readAhead: 8 } },
    kinds: CORRUPTIONS,
  },
  {
    name: "writing without digests",
    conversation: settling(writing()),
    setup: {},
    kinds: CORRUPTIONS,
  },
];

/** PDUs of a conversation that nothing happens to. */
export async function countPdus(campaign: Campaign): Promise<number> {
  const fault = new Fault("stall", -1);
  await run(campaign, fault);
  return fault.passed;
}

/**
 * A conversation with a fault at one PDU.
 *
 * @throws {Error} that names the fault, when it does not end as it should.
 */
export async function strike(campaign: Campaign, kind: FaultKind, index: number): Promise<void> {
  const fault = new Fault(kind, index, campaign.repetition?.(index));
  try {
    await run(campaign, fault);
    assert.ok(fault.struck, "the conversation got as far as the fault");
  } catch (cause) {
    throw new Error(`${campaign.name}: ${fault}: ${(cause as Error).message}`, { cause });
  }
}

async function run({ conversation, setup }: Campaign, fault: Fault): Promise<void> {
  // Logins have no digests: what is corrupted there may change what is agreed.
  const isUnprotected = (experiment: Experiment) =>
    fault.kind.startsWith("corrupt") && (experiment.fault.struck?.includes("Login") ?? false);
  const experiment = new Experiment(fault, setup);
  await experiment.run(async (each) => {
    try {
      await conversation(each);
    } catch (error) {
      if (!isUnprotected(each)) throw error;
      await settling(() => Promise.reject(error))(each);
    }
  });
}
