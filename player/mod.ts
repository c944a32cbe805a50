/**
 * A terminal player for FLAC files that are read straight from tape.
 *
 * From a shell it is `main.ts`. This module holds the same command as a function.
 *
 * @module
 */

export { nodePlayerHost } from "./command/node_player_host.ts";
export type { PlayerHost } from "./command/player_host.ts";
export { runPlayer } from "./command/run_player.ts";
export type { Terminal } from "./terminal/terminal.ts";
