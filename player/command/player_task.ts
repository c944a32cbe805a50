import type { PlayerOptions } from "../core/player.ts";
import type { PlayerDeck } from "./player_deck.ts";
import type { PlayerHost } from "./player_host.ts";
import type { PlayerOptionValues } from "./player_options.ts";

/** What one run of the command is to do. */
export interface PlayerTask {
  /** The drive's. */
  readonly address: string;
  readonly options: PlayerOptionValues;
  readonly host: PlayerHost;
  /** Aborted when the player is to end. */
  readonly ending: AbortSignal;
  /** Aborts `ending`. */
  quit(): void;
  /** Opens the drive; the deck is the caller's to close. Rejects when `ending` is aborted. */
  openDeck(playerOptions?: PlayerOptions): Promise<PlayerDeck>;
}
