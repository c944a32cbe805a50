import { hideSecrets } from "@uiscsi/tape/iscsi";
import { abortable } from "../core/abortable.ts";
import type { PlayerView } from "../core/player_view.ts";
import { TerminalView } from "../terminal/terminal_view.ts";
import type { KeyMeaning } from "../terminal/keys.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { PlayerDeck } from "./player_deck.ts";
import type { PlayerTask } from "./player_task.ts";

/**
 * Plays with a terminal, until the listener quits.
 *
 * @returns the exit status
 */
export async function showPlayer(task: PlayerTask, terminal: Terminal): Promise<number> {
  const { host, ending } = task;
  let deck: PlayerDeck | undefined;
  const view = new TerminalView({
    terminal,
    clock: host.clock,
    look: () => deck?.look() ?? openingView(task),
    onKey: (key: KeyMeaning) => key === "quit" ? task.quit() : deck?.player.command(key),
  });
  const unlisten = host.onExit(() => view.close());
  try {
    view.open();
    deck = await abortable(task.openDeck(), ending);
    deck.player.play(0);
    await abortable(new Promise(() => {}), ending);
  } catch (error) {
    if (!ending.aborted) throw error;
  } finally {
    view.close();
    unlisten();
    await deck?.close();
  }
  return 0;
}

/** Until the drive is ready, which may take minutes. */
function openingView({ address, options }: PlayerTask): PlayerView {
  return {
    drive: hideSecrets(address),
    sink: options.sink.kind,
    status: "loading",
    failure: "",
    tape: "opening",
    rateNow: 0,
    rateMean: 0,
    bufferedSeconds: 0,
    targetSeconds: options.bufferSeconds,
    cacheBytes: 0,
    maxCacheBytes: options.cacheBytes,
    index: 0,
    seconds: 0,
    tracks: [],
    isComplete: false,
  };
}
