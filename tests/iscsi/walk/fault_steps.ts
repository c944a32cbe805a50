import { AsyncEvent } from "../../../iscsi/pdu/async_message.ts";
import type { FrailWire } from "./frail_wire.ts";
import type { WalkParts } from "./walk_parts.ts";
import { pick } from "./walk_settings.ts";

const GRAVE = ["cut", "deaf", "mute", "vanish", "disconnect"] as const;
const SLIGHT = ["damage-in", "damage-out", "split", "slow", "slow-write", "heal"] as const;
/** Within how many bytes one is damaged. */
const DAMAGED_WITHIN = 5000;
const { NegotiationRequested } = AsyncEvent;
const EVENTS: readonly number[] = [
  AsyncEvent.LogoutRequested,
  AsyncEvent.ConnectionDropped,
  AsyncEvent.SessionDropped,
  NegotiationRequested,
  NegotiationRequested,
  NegotiationRequested,
  0,
  255,
  AsyncEvent.TasksTerminated,
];

/** What the network and the target do by themselves. */
export class FaultSteps {
  readonly #parts: WalkParts;

  constructor(parts: WalkParts) {
    this.#parts = parts;
  }

  /** The target sends an Async Message. */
  announce(): void {
    const { random, target, record } = this.#parts;
    const connections = target().sessions().at(-1)?.connections ?? [];
    if (connections.length === 0) return;
    const connection = pick(random, connections);
    const event = pick(random, EVENTS);
    const isFast = connection.parameters.taskReporting === "FastAbort";
    if (event === AsyncEvent.TasksTerminated && !isFast) return;
    const parameter3 = pick(random, [1, 3]);
    record.note(`async ${event} on ${connection.cid} within ${parameter3} s`);
    const isDrop = event === AsyncEvent.ConnectionDropped || event === AsyncEvent.SessionDropped;
    connection.sendAsync({ event, parameter2: isDrop ? random.below(2) : 0, parameter3 });
  }

  /** Something happens to a connection. */
  strike(): void {
    const { random, settings, time, record } = this.#parts;
    const alive = time.wires.filter(({ isClosed }) => !isClosed);
    if (alive.length === 0) return;
    const wire = pick(random, alive);
    const isGrave = random.below(11) < 5 && random.below(settings.level === 2 ? 2 : 5) === 0;
    const kind = isGrave ? pick(random, GRAVE) : pick(random, SLIGHT);
    record.note(`${kind} ${wire.cid}`);
    this.#strike(wire, kind);
  }

  #strike(wire: FrailWire, kind: typeof GRAVE[number] | typeof SLIGHT[number]): void {
    const { random, settings: { hasDigests }, target } = this.#parts;
    const isProtected = hasDigests && wire.isFullFeature;
    switch (kind) {
      case "cut":
        return wire.cut();
      case "deaf":
        return void (wire.isDeaf = true);
      case "mute":
        return void (wire.isMute = true);
      case "vanish":
        return void (wire.isDeaf = wire.isMute = true);
      case "disconnect":
        return target().sessions().at(-1)?.disconnect();
      case "damage-in":
        if (isProtected) wire.damageIn = random.below(DAMAGED_WITHIN);
        return;
      case "damage-out":
        if (isProtected) wire.damageOut = random.below(DAMAGED_WITHIN);
        return;
      case "split":
        return void (wire.maxReadBytes = pick(random, [1, 7, 48, 1000, Infinity]));
      case "slow":
        return void (wire.readDelayMs = pick(random, [0, 1, 20]));
      case "slow-write":
        return void (wire.writeDelayMs = pick(random, [0, 1, 20]));
      case "heal":
        return wire.heal();
    }
  }
}
