/**
 * The TapeAlert flags of a tape drive: what each means and what to do about it (SSC-4, TapeAlert log page). The numbers mean something else on a media
 * changer.
 *
 * @module
 */

/** How bad it is: `information`; `warning`, data may be at risk; `critical`, data is at risk or the drive stands still. */
export type AlertSeverity = "information" | "warning" | "critical";

/** One TapeAlert flag. */
export interface TapeAlert {
  /** Its number, 1 to 64. */
  readonly flag: number;
  /** What it is called. */
  readonly name: string;
  /** How bad it is. */
  readonly severity: AlertSeverity;
  /** What it means, and what to do about it. */
  readonly advice: string;
}

type Row = readonly [name: string, severity: "I" | "W" | "C", advice: string];

/** In the order of the flags, from 1 on. */
const ROWS: readonly Row[] = [
  ["read warning", "W", "Reading has become difficult. Copy what matters to another tape soon"],
  ["write warning", "W", "Writing has become difficult. Use another tape for what is to come"],
  [
    "hard error",
    "W",
    "Data could not be read or written. Check tape and drive; try another of each",
  ],
  ["medium", "C", "The tape is damaged. Copy what can still be read, and throw it away"],
  ["read failure", "C", "The tape is damaged, or the drive is. Try the tape in another drive"],
  [
    "write failure",
    "C",
    "The tape is faulty, or the drive is. Use another tape; if that fails too, the drive needs service",
  ],
  [
    "medium life",
    "W",
    "The tape has reached the end of its life. Copy it to a new one and throw it away",
  ],
  ["not data grade", "W", "The tape is not made for data. Use one that is"],
  ["write protect", "C", "The tape is write-protected. Move its tab, or use another tape"],
  ["no removal", "I", "The tape is in use and cannot be ejected now. Wait, or unlock it"],
  ["cleaning medium", "I", "The cartridge in the drive is for cleaning. Put in one for data"],
  ["unsupported format", "I", "The drive cannot use this kind of tape. Use one that it knows"],
  [
    "recoverable mechanical cartridge failure",
    "C",
    "The cartridge is broken. Eject it, copy it in another drive, and throw it away",
  ],
  [
    "unrecoverable mechanical cartridge failure",
    "C",
    "The cartridge is broken and stuck. Do not pull it out; call service",
  ],
  [
    "memory chip in cartridge failure",
    "W",
    "The chip in the cartridge has failed, which makes the drive slow. Copy it to a new tape",
  ],
  [
    "forced eject",
    "C",
    "The tape was ejected by hand while it was in use, and what was being written is lost",
  ],
  ["read-only format", "W", "The drive can read this tape but not write it"],
  [
    "tape directory corrupted on load",
    "W",
    "The drive has to search instead of going straight to data. Read the whole tape to mend it",
  ],
  ["nearing medium life", "I", "The tape is near the end of its life. Plan to copy it"],
  ["cleaning required", "C", "The drive has to be cleaned now"],
  ["cleaning requested", "W", "The drive should be cleaned as soon as the present tape is done"],
  ["expired cleaning medium", "C", "The cleaning cartridge is used up. Take a new one"],
  [
    "invalid cleaning tape",
    "C",
    "The cleaning cartridge is of a kind that the drive does not know",
  ],
  ["retension requested", "W", "The tape should be wound from end to end once"],
  ["dual-port interface error", "W", "One of the drive's two ports has failed. Check its cable"],
  ["cooling fan failure", "W", "A fan of the drive has failed. It needs service"],
  ["power supply failure", "W", "A redundant power supply has failed. It needs service"],
  ["power consumption", "W", "The drive draws more power than it should. It needs service"],
  ["drive maintenance", "W", "The drive needs preventive maintenance, other than cleaning"],
  ["hardware A", "C", "The drive has failed and needs a reset: switch it off and on"],
  ["hardware B", "C", "The drive failed its self-test. It needs service"],
  ["interface", "W", "The drive's connection to the host is faulty. Check the cables"],
  ["eject medium", "C", "The operation failed. Eject the tape, put it in again, and repeat it"],
  [
    "microcode update failed",
    "W",
    "New firmware could not be loaded. Check that it is for this drive",
  ],
  ["drive humidity", "W", "It is too humid or too dry around the drive"],
  ["drive temperature", "W", "The drive is too hot or too cold. Check its cooling"],
  ["drive voltage", "W", "The drive's voltage is out of bounds. Check its power supply"],
  ["predictive failure", "C", "The drive expects to fail. It needs service soon"],
  ["diagnostics required", "W", "The drive may be faulty. Run its extended diagnostics"],
  ["loader hardware A", "C", "The library cannot reach the drive. Switch the library off and on"],
  ["loader stray tape", "C", "A tape was left in the library's robot. Remove it"],
  ["loader hardware B", "W", "The library's mechanics have a problem"],
  ["loader door", "C", "The library's door is open. Close it"],
  ["loader hardware C", "C", "The library's mechanics have failed. It needs service"],
  ["loader magazine", "C", "The library's magazine is missing. Put it in"],
  ["loader predictive failure", "W", "The library's mechanics may fail soon"],
  [
    "external encryption communication failure",
    "W",
    "The drive cannot reach its key manager. Check the network between them",
  ],
  ["key manager error", "W", "The key manager refused to give a key"],
  ["diminished native capacity", "I", "The tape holds less than it should"],
  ["lost statistics", "W", "The drive has lost what it had counted of drive or tape"],
  [
    "tape directory invalid at unload",
    "W",
    "The directory was not saved. Read the whole tape to mend it",
  ],
  [
    "system area write failure",
    "C",
    "The tape's own data could not be written. Copy it to another tape",
  ],
  [
    "system area read failure",
    "C",
    "The tape's own data could not be read. Copy it to another tape",
  ],
  [
    "no start of data",
    "C",
    "The beginning of the data cannot be found. The tape may be damaged or erased by a magnet",
  ],
  [
    "loading or threading failure",
    "C",
    "The tape could not be threaded. Take it out and look at it",
  ],
  [
    "unrecoverable unload failure",
    "C",
    "The tape cannot be ejected. Do not pull it out; call service",
  ],
  [
    "automation interface failure",
    "C",
    "The drive cannot reach its library. Check the connection between them",
  ],
  [
    "firmware failure",
    "W",
    "The drive's firmware has failed and been restarted. Ask for new firmware",
  ],
  ["WORM medium integrity check failed", "W", "The write-once tape may have been tampered with"],
  [
    "WORM medium overwrite attempted",
    "W",
    "Somebody tried to overwrite a write-once tape. Use another tape",
  ],
  [
    "encryption policy violation",
    "W",
    "What was to be written or read does not fit the encryption that the tape demands",
  ],
  ["reserved flag 62", "I", "Ask the drive's manual"],
  ["reserved flag 63", "I", "Ask the drive's manual"],
  ["reserved flag 64", "I", "Ask the drive's manual"],
];

const SEVERITIES = { I: "information", W: "warning", C: "critical" } as const;

/** All TapeAlert flags by number, from 1 to 64. Frozen. */
export const TAPE_ALERTS: readonly TapeAlert[] = Object.freeze(
  ROWS.map(([name, severity, advice], i) => ({
    flag: i + 1,
    name,
    severity: SEVERITIES[severity],
    advice,
  })),
);

/** What a TapeAlert flag means; `undefined` for a number that is none. */
export function tapeAlert(flag: number): TapeAlert | undefined {
  return TAPE_ALERTS[flag - 1];
}
