import type { ServeOptions } from "../../../sim/mod.ts";
import { type LoopbackTarget, loopbackTarget } from "../../../sim/mod.ts";
import { Session } from "../../../iscsi/session/session.ts";
import type { SessionOptions } from "../../../iscsi/session/session_options.ts";
import type { ByteStream, Dialer } from "../../../transport/byte_stream.ts";
import { VirtualClock } from "../../../transport/clock.ts";
import { ScriptedDevice } from "../../sim/target/scripted_device.ts";
import { TARGET_NAME } from "../../sim/target/scripted_initiator.ts";

/** A simulated target in memory with a made-up device at LUN 0, and sessions with it in virtual time. */
export class SimulatedPair {
  readonly device: ScriptedDevice = new ScriptedDevice();
  readonly clock: VirtualClock = new VirtualClock();
  /** Streams that were dialed, and how often each was closed. */
  readonly dialed: { closes: number }[] = [];
  #target: LoopbackTarget | undefined;

  get target(): LoopbackTarget {
    return this.#target!;
  }

  /** Reaches the target, and counts. */
  readonly dial: Dialer = async (address, options) => {
    const stream = await this.target.dial(address, options);
    const count = { closes: 0 };
    this.dialed.push(count);
    return counted(stream, count);
  };

  async start(options: Partial<ServeOptions>): Promise<void> {
    this.#target = await loopbackTarget({
      targetName: TARGET_NAME,
      units: [{ lun: 0, device: this.device }],
      ...options,
    });
  }

  readonly connect = (options: Partial<SessionOptions> = {}): Promise<Session> =>
    Session.connect({
      portal: "simulator",
      targetName: TARGET_NAME,
      dial: this.dial,
      clock: this.clock,
      ...options,
    });
}

function counted(stream: ByteStream, count: { closes: number }): ByteStream {
  return {
    read: (into) => stream.read(into),
    write: (chunks) => stream.write(chunks),
    close: () => {
      count.closes++;
      stream.close();
    },
  };
}

/** Runs a test with a target, which ends whatever happens. */
export async function withSimulatedPair(
  options: Partial<ServeOptions>,
  use: (pair: SimulatedPair) => Promise<void>,
): Promise<void> {
  const pair = new SimulatedPair();
  await pair.start(options);
  try {
    await use(pair);
  } finally {
    await pair.target.close();
  }
}

/** Lets everything happen that needs no time. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setTimeout(resolve));
}

/** Lets the event loop turn until something has happened. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve));
}

/** A stream whose other end never says a word, and what becomes of it. */
export function silentDialer(): { dial: Dialer; closes: number } {
  const silence = {
    closes: 0,
    dial: () => {
      let end: (() => void) | undefined;
      return Promise.resolve<ByteStream>({
        read: () => new Promise((resolve) => end = () => resolve(null)),
        write: () => Promise.resolve(),
        close: () => {
          silence.closes++;
          end?.();
        },
      });
    },
  };
  return silence;
}
