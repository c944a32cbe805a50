/**
 * Serving a simulated target on a port, or on any listener.
 *
 * @module
 */

import { systemClock } from "../../iscsi/connection/clock.ts";
import { InvalidOptionError } from "../../iscsi/errors.ts";
import { formatPortal } from "../../iscsi/portal.ts";
import type { ByteListener, NetworkAddress } from "../../transport/byte_stream.ts";
import { defaultListen } from "../../transport/default_transport.ts";
import { FaultPlan } from "./faults.ts";
import { ServingPortal } from "./portal.ts";
import { type RunningTarget, runningTarget } from "./running_target.ts";
import { checkedServeOptions } from "./serve_option_rules.ts";
import { SimulatedTarget } from "./target.ts";
import {
  DEFAULT_LIMITS,
  type PortalOptions,
  type TargetLimits,
  type TargetOptions,
} from "./target_options.ts";

/** Options that all ways of serving share. */
export interface ServeOptions extends TargetOptions, PortalOptions {
  /** Further targets behind the same portal. @default none */
  readonly furtherTargets?: readonly TargetOptions[];
  /** `host[:port]` to tell in discovery, for a portal behind a relay. @default where it listens, unless on all addresses */
  readonly advertise?: string;
  /** Whether closing the target closes the devices. @default true */
  readonly closeDevices?: boolean;
}

/** Options of {@link serveTarget}: one of `listen` and `listener` says where. */
export interface ServeTargetOptions extends ServeOptions {
  /** Where to listen on TCP; port 0 picks a free one. @default 127.0.0.1, port 3260 */
  readonly listen?: NetworkAddress;
  /** A listener to serve on instead; the target closes it. @default one on TCP, as `listen` says */
  readonly listener?: ByteListener;
}

/** Host names that mean all addresses of the host: not where an initiator could connect to. */
const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::", ""]);

/**
 * Serves a target until it is closed. Resolves once connections are accepted.
 *
 * @throws {InvalidOptionError} when an option cannot be right.
 * @throws {TransportError} when the address cannot be listened on.
 */
export async function serveTarget(given: ServeTargetOptions): Promise<RunningTarget> {
  const options = checkedServeOptions(given);
  const { listen = { hostname: "127.0.0.1", port: 3260 } } = options;
  const { clock = systemClock, faults = [] } = options;
  const limits = checkedLimits(options.limits);
  const plan = faults.length > 0 ? new FaultPlan(faults) : undefined;
  const targets = [options, ...options.furtherTargets ?? []]
    .map((target) => new SimulatedTarget(target, { limits, clock, faults: plan }));
  checkNames(targets);
  const listener = options.listener ?? await defaultListen(listen);
  const { address } = listener;
  const portal = new ServingPortal({
    ...options,
    targets,
    limits,
    clock,
    plan,
    address: options.advertise ??
      (WILDCARDS.has(address.hostname) ? undefined : formatPortal(address)),
  });
  portal.listen(listener);
  return runningTarget({ portal, targets, address, closeDevices: options.closeDevices ?? true });
}

function checkNames(targets: readonly SimulatedTarget[]): void {
  const names = new Set(targets.map(({ name }) => name));
  if (names.size === targets.length) return;
  throw new InvalidOptionError("furtherTargets", "Cannot serve: two targets have the same name");
}

function checkedLimits(limits: TargetLimits = {}): Required<TargetLimits> {
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  const merged: Required<TargetLimits> = { ...DEFAULT_LIMITS, ...Object.fromEntries(given) };
  if (merged.dataOutBytes < merged.maxTransferBytes) {
    throw new InvalidOptionError(
      "limits.dataOutBytes",
      `Cannot serve: limits.dataOutBytes is less than maxTransferBytes, ${merged.maxTransferBytes}`,
    );
  }
  return merged;
}
