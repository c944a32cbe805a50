import { abortable } from "../core/abortable.ts";
import { trackName } from "../core/track_name.ts";
import type { Track } from "../tape/track.ts";
import { printable } from "../terminal/text_width.ts";
import type { PlayerDeck } from "./player_deck.ts";
import type { PlayerTask } from "./player_task.ts";

/** There is no file on the tape. */
export class BlankTapeError extends Error {
  /** The name of this class. */
  override name = "BlankTapeError";
}

/**
 * Plays everything once, and tells of each track.
 *
 * @returns the exit status: 2 when something of a track is wrong
 * @throws what the tape or the sink failed with, or the reason of `ending`
 */
export async function playAll(task: PlayerTask): Promise<number> {
  const deck = await abortable(task.openDeck({ skipsBadTracks: true }), task.ending);
  let status: number;
  try {
    status = await playOnce(deck, task);
  } catch (error) {
    await deck.close().catch(() => {}); // What failed first is what is told.
    throw error;
  }
  await deck.close();
  return status;
}

async function playOnce({ player, feeder, changes }: PlayerDeck, { host, ending }: PlayerTask) {
  let told = 0;
  const tell = (count: number) => {
    for (; told < count; told++) host.note(reportLine(feeder.tracks[told], told + 1));
  };
  const unlisten = changes.listen(() => tell(Math.min(player.state.index, feeder.tracks.length)));
  try {
    player.play(0);
    const state = await abortable(player.settled(), ending);
    if (state.status === "error") throw state.failure;
    tell(feeder.tracks.length);
    if (feeder.tracks.length === 0) throw new BlankTapeError("There is nothing on the tape");
    return feeder.tracks.some(({ problem }) => problem !== undefined) ? 2 : 0;
  } finally {
    unlisten();
  }
}

function reportLine(track: Track, number: number): string {
  const verdict = track.problem ?? (track.isVerified ? "verified" : "no MD5 to verify");
  return `${String(number).padStart(2)} ${printable(trackName(track))}: ${verdict}`;
}
