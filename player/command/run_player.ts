/**
 * The command: opens the drive, plays, and puts everything back.
 *
 * @module
 */

import { InvalidOptionError, type TapeDrive } from "@uiscsi/tape";
import type { PlayerOptions } from "../core/player.ts";
import { failureText } from "../core/player_snapshot.ts";
import { isRealTime } from "./make_sink.ts";
import { playAll } from "./play_all.ts";
import { PlayerDeck } from "./player_deck.ts";
import type { PlayerHost } from "./player_host.ts";
import { parsePlayerLine, type PlayerOptionValues, PlayerUsageError } from "./player_options.ts";
import { showPlayer } from "./show_player.ts";

const CLOSE_TIMEOUT_MS = 7000;

/**
 * Runs one command line, without the program's name.
 *
 * @returns the exit status: 0 done, 1 bad usage, 2 something failed. Throws nothing: what goes wrong is told on standard error.
 */
export async function runPlayer(args: readonly string[], host: PlayerHost): Promise<number> {
  try {
    const parsed = parsePlayerLine(args, host.columns);
    if (parsed.kind === "options") return await playTape(parsed.options, host);
    host.print(parsed.text);
    return 0;
  } catch (error) {
    host.note(`tapeplayer: ${failureText(error)}`);
    if (!(error instanceof PlayerUsageError || error instanceof InvalidOptionError)) return 2;
    host.note("tapeplayer --help tells how to use it");
    return 1;
  }
}

async function playTape(options: PlayerOptionValues, host: PlayerHost): Promise<number> {
  const address = options.device ?? host.env.TAPE;
  if (address === undefined || address === "") {
    throw new PlayerUsageError("No device given: use -f DEVICE or set TAPE in the environment");
  }
  const controller = new AbortController();
  const ending = controller.signal;
  const quit = () => controller.abort(new Error("The player was told to end"));
  const unlisten = host.onInterrupt(() => {
    if (ending.aborted) host.exit(2);
    quit();
  });
  const openDeck = async (playerOptions: PlayerOptions = {}) => {
    const drive = await openDrive(address, options, host, ending);
    return new PlayerDeck({ drive, options, host }, playerOptions);
  };
  const task = { address, options, host, ending, quit, openDeck };
  const { terminal } = host;
  try {
    const isInteractive = terminal !== undefined && isRealTime(options);
    return await (isInteractive ? showPlayer(task, terminal) : playAll(task));
  } finally {
    unlisten();
  }
}

function openDrive(
  address: string,
  { readAhead }: PlayerOptionValues,
  host: PlayerHost,
  signal: AbortSignal,
): Promise<TapeDrive> {
  return host.openTape(address, { readAhead, closeTimeoutMs: CLOSE_TIMEOUT_MS, signal });
}
