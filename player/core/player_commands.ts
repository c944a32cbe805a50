/**
 * What each command does in each state: the player's state machine as a table.
 *
 * @module
 */

/** What the player does. */
export type PlayerStatus = "playing" | "paused" | "loading" | "stopped" | "end" | "error";

/** What a listener can ask for; `quit` ends the player in every state. */
export type PlayerCommand =
  | "toggle"
  | "stop"
  | "next"
  | "previous"
  | "rewind"
  | "retry"
  | "forward"
  | "back"
  | "far-forward"
  | "far-back";

/** What a command comes to. */
export type PlayerAction =
  | "nothing"
  | "play"
  | "play-first"
  | "play-last"
  | "play-next"
  | "play-previous"
  | "rewind"
  | "pause"
  | "resume"
  | "halt"
  | "select-next"
  | "select-previous"
  | "select-first"
  | "retry"
  | "seek";

type Row = Readonly<
  Record<Exclude<PlayerCommand, "forward" | "back" | "far-forward" | "far-back">, PlayerAction>
>;

const ACTIVE: Row = {
  toggle: "pause",
  stop: "halt",
  next: "play-next",
  previous: "play-previous",
  rewind: "rewind",
  retry: "nothing",
};

const ACTIONS: Readonly<Record<PlayerStatus, Row>> = {
  playing: ACTIVE,
  loading: ACTIVE,
  paused: { ...ACTIVE, toggle: "resume" },
  stopped: {
    toggle: "play",
    stop: "nothing",
    next: "select-next",
    previous: "select-previous",
    rewind: "select-first",
    retry: "nothing",
  },
  end: {
    toggle: "play-first",
    stop: "nothing",
    next: "nothing",
    previous: "play-last",
    rewind: "rewind",
    retry: "nothing",
  },
  error: {
    toggle: "retry",
    stop: "halt",
    next: "play-next",
    previous: "play-previous",
    rewind: "rewind",
    retry: "retry",
  },
};

/** Seconds that the seeking commands go. */
export const SEEK_SECONDS: Readonly<Partial<Record<PlayerCommand, number>>> = {
  "forward": 10,
  "back": -10,
  "far-forward": 60,
  "far-back": -60,
};

/** What `command` comes to in `status`. */
export function actionFor(status: PlayerStatus, command: PlayerCommand): PlayerAction {
  if (command in SEEK_SECONDS) {
    return status === "playing" || status === "paused" || status === "loading" ? "seek" : "nothing";
  }
  return ACTIONS[status][command as keyof Row];
}
