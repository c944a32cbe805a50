import type { ByteStream } from "../../../transport/byte_stream.ts";
import type { Clock } from "../../../transport/clock.ts";
import { FrailWire } from "../../iscsi/walk/frail_wire.ts";

/** What is to happen to a connection, and at which read or write. */
export interface WireFault {
  left: number;
  readonly kind: "cut" | "mute" | "deaf";
}

/** A connection that fails in the middle of what it carries. */
export class CountedWire extends FrailWire {
  readonly #fault: () => WireFault | undefined;

  constructor(stream: ByteStream, clock: Clock, fault: () => WireFault | undefined) {
    super(stream, clock);
    this.#fault = fault;
  }

  override async read(into: Uint8Array): Promise<number | null> {
    const count = await super.read(into);
    this.#count();
    return count;
  }

  override async write(chunks: readonly Uint8Array[]): Promise<void> {
    this.#count();
    await super.write(chunks);
    this.#count();
  }

  #count(): void {
    const fault = this.#fault();
    if (fault === undefined || --fault.left !== 0) return;
    if (fault.kind === "cut") this.cut();
    else if (fault.kind === "mute") this.isMute = true;
    else this.isDeaf = true;
  }
}
