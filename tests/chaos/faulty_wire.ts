import type { ByteStream } from "../../transport/byte_stream.ts";
import { transportFailure } from "../../transport/errors.ts";
import { LoginStage } from "../../iscsi/pdu/login.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";
import { decodePdu } from "../../iscsi/pdu/pdu.ts";
import type { Direction } from "../../transport/tracing.ts";
import { corrupted, type Fault } from "./fault.ts";
import { type Digests, PduSplitter, type WirePdu } from "./pdu_splitter.ts";

type State = "open" | "stalled" | "broken" | "closed";

/** One connection of an initiator's, a PDU at a time, until the fault strikes. */
export class FaultyWire implements ByteStream {
  /** Changes whenever anything passes. */
  activity = 0;
  readonly #stream: ByteStream;
  readonly #fault: Fault;
  readonly #digests: Digests;
  readonly #out = new PduSplitter();
  readonly #in = new PduSplitter();
  readonly #buffer = new Uint8Array(65536);
  #inbox: Uint8Array[] = [];
  #hasHeard = false;
  #state: State = "open";
  #wake: (() => void) | undefined;

  /** `digests` are those that the two sides are going to agree on. */
  constructor(stream: ByteStream, fault: Fault, digests: Digests) {
    this.#stream = stream;
    this.#fault = fault;
    this.#digests = digests;
  }

  /** Whether the target has yet to say its first word, for which it needs no time but some turns of the event loop. */
  get isAwaitingTarget(): boolean {
    return this.#state === "open" && !this.#hasHeard;
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#inbox.length === 0) {
      if (this.#state === "closed") return null;
      if (this.#state === "broken") throw transportFailure({ op: "read", reason: "reset" });
      if (this.#state === "stalled") await new Promise<void>((resolve) => this.#wake = resolve);
      else if (!await this.#receive()) return null;
    }
    const [first] = this.#inbox;
    const count = Math.min(first.length, into.length);
    into.set(first.subarray(0, count));
    if (count === first.length) this.#inbox.shift();
    else this.#inbox[0] = first.subarray(count);
    this.activity++;
    return count;
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) this.#out.push(chunk);
    for (let pdu = this.#out.next(); pdu; pdu = this.#out.next()) {
      if (this.#state === "broken") throw transportFailure({ op: "write", reason: "reset" });
      if (this.#state !== "open") return;
      this.activity++;
      const passing = this.#pass(pdu, "out");
      if (passing.length > 0) await this.#stream.write([passing]);
      this.#breakIfStruck();
    }
  }

  close(): void {
    this.#state = "closed";
    this.#inbox = [];
    this.#stream.close();
    this.#wake?.();
  }

  /** Waits for bytes of the target's; false at the end. Nothing more is read than what has come. */
  async #receive(): Promise<boolean> {
    const count = await this.#stream.read(this.#buffer);
    if (this.#state !== "open") return true;
    if (count === null) return false;
    this.#hasHeard = true;
    this.#in.push(this.#buffer.subarray(0, count));
    for (let pdu = this.#in.next(); pdu && this.#isOpen; pdu = this.#in.next()) {
      const passing = this.#pass(pdu, "in");
      if (passing.length > 0) this.#inbox.push(passing);
      this.#breakIfStruck();
      this.#noteLogin(pdu.bytes);
    }
    return true;
  }

  get #isOpen(): boolean {
    return this.#state === "open";
  }

  #isStruck = false;

  /** What passes of a PDU. */
  #pass(pdu: WirePdu, direction: Direction): Uint8Array {
    if (!this.#fault.strikes(pdu, direction)) return pdu.bytes;
    const { kind } = this.#fault;
    switch (kind) {
      case "call-off":
        return pdu.bytes;
      case "corrupt-header":
      case "corrupt-data":
        return corrupted(this.#fault, pdu);
      case "stall":
        this.#state = "stalled";
        return pdu.bytes.subarray(0, 0);
    }
    this.#isStruck = true;
    if (kind === "cut-after") return pdu.bytes;
    return pdu.bytes.subarray(0, kind === "cut-inside" ? pdu.bytes.length >>> 1 : 0);
  }

  #breakIfStruck(): void {
    if (!this.#isStruck || this.#state !== "open") return;
    this.#state = "broken";
    this.#stream.close();
  }

  /** Digests begin behind the last Login Response (RFC 7143 §13.1). */
  #noteLogin(bytes: Uint8Array): void {
    const pdu = decodePdu(bytes);
    if (pdu?.opcode !== Opcode.LoginResponse || !pdu.transit || pdu.statusClass !== 0) return;
    if (pdu.nsg === LoginStage.FullFeaturePhase) {
      this.#in.digests = this.#out.digests = this.#digests;
    }
  }
}
