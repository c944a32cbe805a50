/**
 * A lost connection, and what has to be certain before anything goes on: the same drive answers, with the same tape in it
 * and the same block size. Where the tape stands is a question of its own: nothing that moved it is ever sent again.
 *
 * @module
 */

import { testUnitReadyCdb } from "../scsi/cdb.ts";
import { readSerialNumber } from "../scsi/vpd.ts";
import { eitherOf, isCalledOff } from "./abort.ts";
import { currentBlockBytes } from "./block_size.ts";
import { bufferLost } from "./buffer_loss.ts";
import { standsBehind } from "./buffered_writes.ts";
import { readCartridge } from "./cartridge.ts";
import type { Reply } from "./device.ts";
import { NotReadyError, TapeError, type TapeErrorKind, TransportLostError } from "./errors.ts";
import { askReady, waitUntilReady } from "./readiness.ts";
import type { LoadPollingOptions } from "./options.ts";
import { isRealReset } from "./reset_sense.ts";
import type { TapeSession } from "./tape_session.ts";

/** How often the drive is asked, how often in a row it must give the same answer, and how long apart. */
const MAX_LOOKS = 100;
const STILL_LOOKS = 5;
const LOOK_INTERVAL_MS = 100;

/** No answer, or another drive's. */
const UNANSWERED: ReadonlySet<TapeErrorKind> = new Set<TapeErrorKind>(["transport-lost", "other"]);

/** Options of an {@link Outage}. */
export interface OutageOptions {
  /** Whether lost connections are set up again at all. */
  readonly isRecovering: boolean;
  /** Serial number of the drive, if it has told one. */
  readonly serialNumber?: string;
  /** How to wait for a drive that is still busy with what it was told before. */
  readonly polling: LoadPollingOptions;
}

/** Brings a drive back after its connection was lost. */
export class Outage {
  readonly #session: TapeSession;
  readonly #options: OutageOptions;
  /** Milliseconds for each outage, once the drive is being closed. */
  #patienceMs: number | undefined;
  /** Begins to count them for the outage that is under way. */
  #hurry: (() => void) | undefined;
  #hasGivenUp = false;
  /** What the drive said of data that it had buffered and has lost. */
  #loss: Reply | undefined;
  /** Connected again, but not everything is made sure of. */
  #isUnfinished = false;
  /** A reset that may have been a loss of power, or nothing but a new login. */
  #maybeReset: Reply | undefined;

  constructor(session: TapeSession, options: OutageOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** Whether the last attempt to connect again has failed for good. */
  get hasGivenUp(): boolean {
    return this.#hasGivenUp;
  }

  /** Whether lost connections are set up again at all. */
  get isRecovering(): boolean {
    return this.#options.isRecovering;
  }

  /** Whether the connection is lost and may be set up again, or was not set up to the end. */
  get isHere(): boolean {
    const isOpen = this.#isUnfinished || this.#session.device.isNexusLost;
    return this.#options.isRecovering && isOpen;
  }

  /**
   * Connects again and makes sure of drive, tape and block size. Where the tape stands is not known afterwards.
   *
   * @throws {TransportLostError} when no connection can be made.
   * @throws {MediumChangedError} when there may be another tape.
   * @throws {ResetError} {@link DeferredError} when the drive may have lost what was written and not flushed.
   * @throws {TapeError} of kind `other` when another drive answers; {@link NotReadyError} when it has no tape ready.
   */
  async overcome(caller?: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const limit = new AbortController();
    let patience: Promise<void> | undefined;
    this.#hurry = () => {
      const { device } = this.#session;
      patience = device.sleep(this.#patienceMs!, ended.signal).then(
        () => limit.abort(this.#closingError()),
        () => {},
      );
    };
    if (this.#patienceMs !== undefined) this.#hurry();
    try {
      await this.#setUpAgain(eitherOf(caller, limit.signal));
    } catch (error) {
      if (isCalledOff(error, caller)) this.#hasGivenUp = false;
      throw error;
    } finally {
      this.#hurry = undefined;
      ended.abort();
      await patience;
    }
  }

  async #setUpAgain(signal: AbortSignal): Promise<void> {
    const { device, blockBytes } = this.#session;
    device.logger.warn("Connecting to {name} again", { name: device.name });
    device.notify({ kind: "reconnecting" });
    this.#hasGivenUp = true;
    this.#session.onNewSession();
    await device.reestablish(signal);
    this.#hasGivenUp = this.#isUnfinished = false;
    try {
      await this.#drainAttentions(signal).catch(async (error) => {
        // Who goes on without a tape, as an unload does, goes on with the same drive all the same.
        if (error instanceof NotReadyError) await this.#checkDrive(signal);
        throw error;
      });
      await this.#waitUntilStill(signal);
      await this.#checkBuffer(signal);
      await this.#checkDrive(signal);
      await this.#checkCartridge(signal);
      if (await currentBlockBytes(device) !== blockBytes) {
        await this.#session.mode.set(blockBytes, signal);
      }
    } catch (error) {
      // An answer that is lost may have told of a reset.
      if (error instanceof TransportLostError) this.#session.doubtBuffer();
      if (device.isNexusLost) throw error;
      // What the drive has forgotten is set anew all the same, by whatever is done next.
      this.#session.suspectReset();
      // Who is answered by no drive, or another one, or called it off, has made sure of nothing.
      const isAnswered = error instanceof TapeError && !UNANSWERED.has(error.kind) &&
        !isCalledOff(error, signal);
      this.#isUnfinished = !isAnswered && this.#patienceMs === undefined;
      this.#maybeReset = undefined;
      this.#tellLoss();
      throw error;
    }
    device.logger.warn("Connected to {name} again", { name: device.name });
    device.notify({ kind: "reconnected" });
    this.#tellLoss();
  }

  /**
   * Runs what closes the drive, whatever is to be done before it. A connection that is lost, already or in it, is then waited
   * for no longer than `patienceMs` milliseconds, each time; whoever waits for it hears a {@link TransportLostError}.
   */
  async whileClosing(close: () => Promise<void>, patienceMs: number): Promise<void> {
    this.#patienceMs = patienceMs;
    this.#hurry?.();
    await close();
  }

  #closingError(): TapeError {
    const message = "Cannot connect again: the drive is being closed, and that takes too long";
    return this.#session.device.problem("transport-lost", message);
  }

  /** A reset and the loss of the nexus itself are expected; another tape is not. */
  async #drainAttentions(signal?: AbortSignal): Promise<void> {
    const { device } = this.#session;
    await waitUntilReady(device, await askReady(device, signal), {
      load: false,
      requireMedium: true,
      polling: this.#options.polling,
      signal,
      heard: (reply) => this.#hear(reply),
    });
  }

  #hear(reply: Reply): void {
    const { condition } = reply;
    if (condition === "medium-changed") {
      throw this.#session.cartridgeChanged("while the connection was lost");
    }
    // Who took the reservation away may have moved the tape.
    if (condition === "reservation-preempted") throw this.#session.device.fail(reply);
    const isLoss = condition === "deferred" || isRealReset(reply.sense);
    if (isLoss && this.#session.buffer.isDirty) this.#loss ??= reply;
    if (condition !== "reset" || isNexusLoss(reply)) return;
    this.#maybeReset ??= reply;
    this.#session.doubtBuffer();
  }

  /**
   * Many targets tell every new login of a reset, and a drive tells nothing else after a loss of power. Only one that still stands behind everything written has
   * not lost its buffer.
   */
  async #checkBuffer(signal?: AbortSignal): Promise<void> {
    const { proof, buffer, count } = this.#session;
    const { isDoubted } = buffer;
    // No drive calls the place behind so many objects by a smaller number.
    const written = proof.numberBehind(0) ?? count.object;
    const here = buffer.isBuffered
      ? (await this.#session.drivePosition.ask(signal))?.object
      : undefined;
    const reset = this.#maybeReset;
    this.#maybeReset = undefined;
    if (!buffer.isBuffered || buffer.settle(here) || standsBehind(written, here)) return;
    this.#loss ??= reset;
    if (this.#loss !== undefined) return;
    const isMissed = here !== undefined && written !== undefined;
    if (isDoubted || isMissed) throw bufferLost(this.#session);
  }

  /**
   * What was only in the drive's buffer is gone, or failed to be written: whoever wrote it has to hear of that before anything else. The drive says it once,
   * so it is kept until it is told.
   */
  #tellLoss(): void {
    if (this.#loss === undefined) return;
    const error = this.#session.device.fail(this.#loss);
    this.#loss = undefined;
    throw error;
  }

  /**
   * Some targets go on with the commands of the connection that was lost, and the tape moves on under the new one. So it must have stood still for a
   * while, as far as the drive tells where it stands.
   *
   * @throws {TapeError} of kind `position-lost` when it does not come to rest.
   */
  async #waitUntilStill(signal?: AbortSignal): Promise<void> {
    const { device } = this.#session;
    let before = (await this.#session.drivePosition.ask(signal))?.object;
    for (let looks = 0, still = 0; before !== undefined && still < STILL_LOOKS; looks++) {
      if (looks >= MAX_LOOKS) {
        throw device.problem("position-lost", "The tape is moved by somebody else");
      }
      await device.sleep(LOOK_INTERVAL_MS, signal);
      this.#hear(await device.attempt({ cdb: testUnitReadyCdb(), signal }));
      const now = (await this.#session.drivePosition.ask(signal))?.object;
      still = now === before ? still + 1 : 0;
      before = now;
    }
  }

  /** A new session need not be told that the tape was changed before it began. */
  async #checkCartridge(signal?: AbortSignal): Promise<void> {
    const { cartridge, device } = this.#session;
    if (cartridge === undefined) return;
    const name = await readCartridge(device, signal).catch((error) => {
      if (!(error instanceof NotReadyError)) throw error;
    });
    if (name !== cartridge) {
      throw this.#session.cartridgeChanged("while the connection was lost");
    }
  }

  async #checkDrive(signal?: AbortSignal): Promise<void> {
    const { serialNumber } = this.#options;
    if (serialNumber === undefined) return;
    const { device } = this.#session;
    const answer = await device.consult((unit) => readSerialNumber(unit, { signal }));
    if (answer === serialNumber) return;
    throw new TapeError(
      "other",
      `Cannot go on with ${device.name}: another drive answers, with serial number ${answer}`,
    );
  }
}

/** The end of the old session, which every drive tells the new one of. */
function isNexusLoss({ sense }: Reply): boolean {
  return sense?.asc === 0x29 && sense.ascq === 0x07;
}
