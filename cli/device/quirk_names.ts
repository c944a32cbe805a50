import type { DriveQuirks, TargetFault } from "../../sim/mod.ts";

/** A departure from the standard that `--quirk` takes: the drive's; `require-unload`, the library's; the target's. */
export type QuirkName =
  | "missing-information"
  | "negative-reverse-residual"
  | "flags-without-asc"
  | "missing-end-of-medium"
  | "position-unknown"
  | "no-locate"
  | "no-locate16"
  | "no-reservations"
  | "silent-overlength"
  | "sili-ignored"
  | "swapped-residual"
  | "space-filemarks-back-one-too-far"
  | "space-ignores-filemarks"
  | "space-end-of-data-short"
  | "space-short-after-rewind"
  | "space-past-end-moves-nothing"
  | "misses-filemark-after-motion"
  | "position-off-by-one-after-motion"
  | "position-leaves-filemarks-out"
  | "file-number-lost"
  | "refuses-room-beyond-end"
  | "power-on-every-login"
  | "require-unload"
  | "nops-ignored"
  | "window-closed";

/** The library's own: its arm takes no cartridge that the drive has not unloaded. */
export const REQUIRE_UNLOAD = "require-unload";

type TargetQuirkName = "nops-ignored" | "window-closed";

type DriveQuirkName = Exclude<QuirkName, typeof REQUIRE_UNLOAD | TargetQuirkName>;

const DRIVE_QUIRKS: Readonly<Record<DriveQuirkName, keyof DriveQuirks>> = {
  "missing-information": "missingInformation",
  "negative-reverse-residual": "negativeReverseResidual",
  "flags-without-asc": "flagsWithoutAsc",
  "missing-end-of-medium": "missingEndOfMedium",
  "position-unknown": "positionUnknown",
  "no-locate": "noLocate",
  "no-locate16": "noLocate16",
  "no-reservations": "noReservations",
  "silent-overlength": "silentOverlength",
  "sili-ignored": "siliIgnored",
  "swapped-residual": "swappedResidual",
  "space-filemarks-back-one-too-far": "spaceFilemarksBackOneTooFar",
  "space-ignores-filemarks": "spaceIgnoresFilemarks",
  "space-end-of-data-short": "spaceEndOfDataShort",
  "space-short-after-rewind": "spaceShortAfterRewind",
  "space-past-end-moves-nothing": "spacePastEndMovesNothing",
  "misses-filemark-after-motion": "missesFilemarkAfterMotion",
  "position-off-by-one-after-motion": "positionOffByOneAfterMotion",
  "position-leaves-filemarks-out": "positionLeavesFilemarksOut",
  "file-number-lost": "fileNumberLost",
  "refuses-room-beyond-end": "refusesRoomBeyondEnd",
  "power-on-every-login": "powerOnEveryLogin",
};

/** How long the window of each session is closed at its beginning, in milliseconds. */
const WINDOW_CLOSED_MS = 2000;

const TARGET_QUIRKS: Readonly<Record<TargetQuirkName, TargetFault>> = {
  "nops-ignored": { kind: "ignore-pings", times: Infinity },
  "window-closed": { kind: "close-window", forMs: WINDOW_CLOSED_MS, times: Infinity },
};

/** All of them. */
export const QUIRK_NAMES: readonly QuirkName[] = [
  ...Object.keys(DRIVE_QUIRKS) as DriveQuirkName[],
  REQUIRE_UNLOAD,
  ...Object.keys(TARGET_QUIRKS) as TargetQuirkName[],
];

/** The switches of the simulated drive that these names stand for. */
export function driveQuirks(names: readonly QuirkName[]): DriveQuirks {
  return Object.fromEntries(
    names.flatMap((name) =>
      name in DRIVE_QUIRKS ? [[DRIVE_QUIRKS[name as DriveQuirkName], true]] : []
    ),
  );
}

/** What these names make go wrong with the simulated target. */
export function targetFaults(names: readonly QuirkName[]): TargetFault[] {
  return names.flatMap((name) =>
    name in TARGET_QUIRKS ? [TARGET_QUIRKS[name as TargetQuirkName]] : []
  );
}
