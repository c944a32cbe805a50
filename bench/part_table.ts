/**
 * All parts, in the order in which they run.
 *
 * @module
 */

import type { Part } from "./part.ts";
import { codec } from "./parts/codec.ts";
import { delayedWrites } from "./parts/delayed_writes.ts";
import { digests } from "./parts/digests.ts";
import { lengths } from "./parts/lengths.ts";
import { loopback } from "./parts/loopback.ts";
import { memory } from "./parts/memory.ts";
import { opening } from "./parts/opening.ts";
import { profile } from "./parts/profile.ts";
import { roundTrips } from "./parts/round_trips.ts";
import { simulator } from "./parts/simulator.ts";
import { sizes } from "./parts/sizes.ts";
import { targets } from "./parts/targets.ts";

/** Quick ones first. */
export const PARTS: readonly Part[] = [
  codec,
  digests,
  loopback,
  simulator,
  opening,
  targets,
  sizes,
  lengths,
  profile,
  memory,
  delayedWrites,
  roundTrips,
];
