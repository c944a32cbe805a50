/**
 * A simulated target in memory: the test double for programs that use a tape.
 *
 * @module
 */

import type { Dialer } from "../../transport/byte_stream.ts";
import type { LoopbackOptions } from "../../transport/loopback.ts";
import { LoopbackNetwork } from "../../transport/loopback_network.ts";
import type { RunningTarget } from "./running_target.ts";
import { checkedServeOptions } from "./serve_option_rules.ts";
import { type ServeOptions, serveTarget } from "./serve_target.ts";

/** Options of {@link loopbackTarget}. */
export interface LoopbackTargetOptions extends ServeOptions {
  /** What the connections are like: latency, short reads. @default those of `loopback` */
  readonly network?: LoopbackOptions;
}

/** A target that can be reached in this process only. */
export interface LoopbackTarget extends RunningTarget {
  /** Connects to it: hand it to `openTape` or a session together with the address. */
  readonly dial: Dialer;
}

/** Where it listens, in a network of its own. */
const ADDRESS = { hostname: "simulator", port: 3260 };

/**
 * Serves a target in memory until it is closed.
 *
 * @throws {InvalidOptionError} when an option cannot be right.
 */
export async function loopbackTarget(options: LoopbackTargetOptions): Promise<LoopbackTarget> {
  const given = checkedServeOptions(options);
  const network = new LoopbackNetwork(given.network);
  const listener = await network.listen(ADDRESS);
  try {
    return { ...await serveTarget({ ...given, listener }), dial: network.dial };
  } catch (error) {
    listener.close();
    throw error;
  }
}
