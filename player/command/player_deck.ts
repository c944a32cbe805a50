import type { TapeDrive } from "@uiscsi/tape";
import { abortable } from "../core/abortable.ts";
import { Changes } from "../core/changes.ts";
import { Player, type PlayerOptions } from "../core/player.ts";
import { snapshot } from "../core/player_snapshot.ts";
import type { PlayerView } from "../core/player_view.ts";
import type { AudioSink } from "../output/audio_sink.ts";
import { TapeFeeder } from "../tape/tape_feeder.ts";
import { makeSink } from "./make_sink.ts";
import type { PlayerHost } from "./player_host.ts";
import type { PlayerOptionValues } from "./player_options.ts";

/** What the drive is doing when the player ends may take so long; then it is given up. */
const READ_GRACE_MS = 1000;
/** So long may all take, with the way back of the tape: a drive that answers is only a few records ahead. */
const CLOSE_LIMIT_MS = 8000;
/** One that had to be given up is not worth that. */
const SILENT_GRACE_MS = 1000;

/** The drive does not answer while the player ends: nobody knows where its tape stands. */
export class DriveSilentError extends Error {
  /** The name of this class. */
  override name = "DriveSilentError";

  constructor() {
    super(
      "Cannot bring the tape back to where it was read to: the drive does not answer; rewind it before it is used",
    );
  }
}

/** What a {@link PlayerDeck} is made from. */
export interface PlayerDeckParts {
  readonly drive: TapeDrive;
  readonly options: PlayerOptionValues;
  readonly host: PlayerHost;
}

/** A drive, and a player on it. */
export class PlayerDeck {
  /** Shared by the parts. */
  readonly changes: Changes = new Changes();
  readonly player: Player;
  readonly feeder: TapeFeeder;
  readonly #drive: TapeDrive;
  readonly #sink: AudioSink;
  readonly #host: PlayerHost;

  /** The drive is the deck's from here on. It begins to read, and plays when its player is told to. */
  constructor({ drive, options, host }: PlayerDeckParts, playerOptions: PlayerOptions) {
    const { changes } = this;
    const { cacheBytes } = options;
    this.#drive = drive;
    this.#host = host;
    this.#sink = makeSink(options, host, changes);
    this.feeder = new TapeFeeder({ drive, clock: host.clock, changes, cacheBytes });
    const parts = { feeder: this.feeder, sink: this.#sink, changes };
    this.player = new Player(parts, playerOptions);
  }

  /** What there is to see now. */
  look(): PlayerView {
    const { vendor, product, revision } = this.#drive.info;
    const drive = `${vendor} ${product} ${revision}`.replace(/ +/g, " ");
    return snapshot({ player: this.player, feeder: this.feeder, sink: this.#sink, drive });
  }

  /**
   * Ends the sound, and closes the drive, which brings the tape back to where it was read to.
   *
   * @throws {DriveSilentError} when it takes too long; {@link TapeError} when it fails; the system's error for a file that could not be closed.
   */
  async close(): Promise<void> {
    await this.player.close();
    try {
      await this.#sink.close();
    } finally {
      await this.#closeDrive();
    }
  }

  async #closeDrive(): Promise<void> {
    const { clock, note } = this.#host;
    const limit = new AbortController();
    const giveUp = () => limit.abort(new DriveSilentError());
    const tell = () => note("tapeplayer: bringing the tape back; control-C leaves it where it is");
    const cancels = [clock.schedule(tell, READ_GRACE_MS), clock.schedule(giveUp, CLOSE_LIMIT_MS)];
    const closing = this.feeder.close(clock, READ_GRACE_MS).then((isSilent) => {
      if (isSilent) cancels.push(clock.schedule(giveUp, SILENT_GRACE_MS));
      return this.#drive.close();
    });
    try {
      await abortable(closing, limit.signal);
    } finally {
      for (const cancel of cancels) cancel();
    }
  }
}
