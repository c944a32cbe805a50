import { type LoopbackTarget, loopbackTarget } from "../../../sim/target/loopback_target.ts";
import { type ServeOptions, serveTarget } from "../../../sim/target/serve_target.ts";
import type { TargetEvent } from "../../../sim/target/target_event.ts";
import { VirtualClock } from "../../../transport/clock.ts";
import { defaultDialer } from "../../../transport/default_transport.ts";
import { ScriptedDevice } from "./scripted_device.ts";
import { ScriptedInitiator, TARGET_NAME } from "./scripted_initiator.ts";

/** A target in memory with made-up devices at LUN 0 and 1, and virtual time. */
export class TargetFixture {
  readonly device = new ScriptedDevice();
  readonly other = new ScriptedDevice();
  readonly clock = new VirtualClock();
  readonly events: TargetEvent[] = [];
  readonly #initiators: ScriptedInitiator[] = [];
  #witnesses = 0;
  #target: LoopbackTarget | undefined;

  get target(): LoopbackTarget {
    return this.#target!;
  }

  async start(options: Partial<ServeOptions>, where: Where): Promise<void> {
    const served = {
      targetName: TARGET_NAME,
      units: [{ lun: 0, device: this.device }, { lun: 1, device: this.other }],
      clock: this.clock,
      onEvent: (event: TargetEvent) => void this.events.push(event),
      ...options,
    };
    if (where === "loopback") {
      this.#target = await loopbackTarget(served);
    } else {
      const listen = { hostname: "127.0.0.1", port: 0 };
      this.#target = { ...await serveTarget({ ...served, listen }), dial: defaultDialer };
    }
  }

  /** A connection on which nothing has been said. */
  async connect(): Promise<ScriptedInitiator> {
    const initiator = new ScriptedInitiator(await this.target.dial(this.target.address));
    this.#initiators.push(initiator);
    return initiator;
  }

  /** Events of one kind. */
  eventsOf(kind: TargetEvent["kind"]): TargetEvent[] {
    return this.events.filter((event) => event.kind === kind);
  }

  /** Resolves when everything that can happen without time passing has happened: a witness was served. */
  async settled(): Promise<void> {
    const witness = await this.connect();
    await witness.login({ isid: [0x80, 0xee, 0xee, 0xee, 0, ++this.#witnesses] });
    await witness.expectSilence();
    await witness.logout(0);
  }

  /** Resolves when what was sent has been taken in. */
  async turn(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  async stop(): Promise<void> {
    for (const initiator of this.#initiators) initiator.close();
    await this.target.close();
  }
}

/** What carries the connections. */
export type Where = "loopback" | "tcp";

/** Runs a test against a target, which ends whatever happens. */
export async function withTarget(
  options: Partial<ServeOptions>,
  use: (fixture: TargetFixture) => Promise<void>,
  where: Where = "loopback",
): Promise<void> {
  const fixture = new TargetFixture();
  await fixture.start(options, where);
  try {
    await use(fixture);
  } finally {
    await fixture.stop();
  }
}
