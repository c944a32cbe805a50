/**
 * The log pages of tape drives by name: pages, and their parameters (SPC-5 §7.3, SSC-4, and the pages 30h to 32h
 * of LTO drives).
 *
 * @module
 */

/** How a log parameter's value is to be read. */
export type LogValueKind = "number" | "flag" | "text" | "per-partition" | "activity";

/** One parameter of a log page. */
export interface LogParameterFacts {
  /** Parameter code. */
  readonly code: number;
  /** What it is, in words. */
  readonly name: string;
  /** How its value is to be read. */
  readonly kind: LogValueKind;
  /** What a number counts, where that is not the name's own. */
  readonly unit?: string;
}

/** One log page. */
export interface LogPageFacts {
  /** Page code, 0 to 63. */
  readonly page: number;
  /** Subpage code. */
  readonly subpage: number;
  /** What it is called. */
  readonly name: string;
  /** Its parameters; empty where each drive has its own. */
  readonly parameters: readonly LogParameterFacts[];
}

type Row = readonly [code: number, name: string, unitOrKind?: string];

const KINDS: ReadonlySet<string> = new Set(["flag", "text", "per-partition", "activity"]);

function parameter([code, name, more]: Row): LogParameterFacts {
  if (more === undefined) return { code, name, kind: "number" };
  if (KINDS.has(more)) return { code, name, kind: more as LogValueKind };
  return { code, name, kind: "number", unit: more };
}

function page(code: number, name: string, rows: readonly Row[], subpage = 0): LogPageFacts {
  return { page: code, subpage, name, parameters: rows.map(parameter) };
}

const MB = "MB";
const MIB = "MiB";
const BYTES = "bytes";
const HOURS = "h";

const ERROR_COUNTERS: readonly Row[] = [
  [0x0000, "errors corrected without substantial delay"],
  [0x0001, "errors corrected with possible delays"],
  [0x0002, "total rewrites or rereads"],
  [0x0003, "total errors corrected"],
  [0x0004, "times correction was done"],
  [0x0005, "total bytes processed", BYTES],
  [0x0006, "total uncorrected errors"],
];

const SEQUENTIAL_ACCESS: readonly Row[] = [
  [0x0000, "bytes from hosts for writing", BYTES],
  [0x0001, "bytes written to the tape", BYTES],
  [0x0002, "bytes read from the tape", BYTES],
  [0x0003, "bytes to hosts from reading", BYTES],
  [0x0004, "native capacity from the beginning to the end of data", MB],
  [0x0005, "native capacity from the beginning to early warning", MB],
  [0x0006, "native capacity from early warning to the end", MB],
  [0x0007, "native capacity from the beginning to here", MB],
  [0x0008, "most native capacity of the buffer", BYTES],
  [0x0100, "cleaning required", "flag"],
];

const DEVICE_STATUS: readonly Row[] = [
  [0x0000, "activity", "activity"],
  [0x0001, "polling delay of very high frequency data", "ms"],
];

const DEVICE_STATISTICS: readonly Row[] = [
  [0x0000, "loads in life"],
  [0x0001, "cleanings in life"],
  [0x0002, "power-on time in life", HOURS],
  [0x0003, "tape motion time in life", HOURS],
  [0x0004, "tape moved in life", "m"],
  [0x0005, "tape motion time at the last incompatible tape", HOURS],
  [0x0006, "power-on time at the last temperature alert", HOURS],
  [0x0007, "power-on time at the last power consumption alert", HOURS],
  [0x0008, "tape motion time since the last cleaning", HOURS],
  [0x0009, "tape motion time since the second last cleaning", HOURS],
  [0x000a, "tape motion time since the third last cleaning", HOURS],
  [0x000b, "power-on time at the last forced reset or eject", HOURS],
  [0x000c, "power cycles in life"],
  [0x000d, "loads since the last reset of parameters"],
  [0x000e, "hard write errors"],
  [0x000f, "hard read errors"],
  [0x0010, "duty cycle sample time", "ms"],
  [0x0011, "read duty cycle", "%"],
  [0x0012, "write duty cycle", "%"],
  [0x0013, "activity duty cycle", "%"],
  [0x0014, "no tape duty cycle", "%"],
  [0x0015, "ready duty cycle", "%"],
  [0x0040, "manufacturer's serial number of the drive", "text"],
  [0x0041, "serial number of the drive", "text"],
  [0x0080, "removal prevented", "flag"],
  [0x0081, "maximum temperature exceeded", "flag"],
];

const VOLUME_STATISTICS: readonly Row[] = [
  [0x0000, "page valid", "flag"],
  [0x0001, "mounts in life"],
  [0x0002, "data sets written in life"],
  [0x0003, "recovered write errors in life"],
  [0x0004, "unrecovered write errors in life"],
  [0x0005, "write servo errors in life"],
  [0x0006, "unrecovered write servo errors in life"],
  [0x0007, "data sets read in life"],
  [0x0008, "recovered read errors in life"],
  [0x0009, "unrecovered read errors in life"],
  [0x000c, "unrecovered write errors at the last mount"],
  [0x000d, "unrecovered read errors at the last mount"],
  [0x000e, "written at the last mount", MB],
  [0x000f, "read at the last mount", MB],
  [0x0010, "written in life", MB],
  [0x0011, "read in life", MB],
  [0x0012, "write compression ratio at the last load", "1/100"],
  [0x0013, "read compression ratio at the last load", "1/100"],
  [0x0014, "mount time", "ms"],
  [0x0015, "ready time", "ms"],
  [0x0016, "native capacity", MB],
  [0x0017, "used native capacity", MB],
  [0x0018, "application design capacity", MB],
  [0x0019, "useful life remaining", "%"],
  [0x0040, "serial number of the tape", "text"],
  [0x0041, "tape lot", "text"],
  [0x0042, "barcode", "text"],
  [0x0043, "manufacturer of the tape", "text"],
  [0x0044, "license code", "text"],
  [0x0045, "personality", "text"],
  [0x0080, "write protected", "flag"],
  [0x0081, "write once", "flag"],
  [0x0082, "maximum tape path temperature exceeded", "flag"],
  [0x0101, "passes over the beginning of the tape"],
  [0x0102, "passes over the middle of the tape"],
  [0x0200, "first encrypted object", "per-partition"],
  [0x0201, "first unencrypted object", "per-partition"],
  [0x0202, "native capacity of partitions (MB)", "per-partition"],
  [0x0203, "used native capacity of partitions (MB)", "per-partition"],
  [0x0204, "remaining native capacity of partitions (MB)", "per-partition"],
];

const DATA_COMPRESSION: readonly Row[] = [
  [0x0000, "read compression ratio", "1/100"],
  [0x0001, "write compression ratio", "1/100"],
  [0x0002, "megabytes to hosts", MB],
  [0x0003, "bytes to hosts", BYTES],
  [0x0004, "megabytes read from the tape", MB],
  [0x0005, "bytes read from the tape", BYTES],
  [0x0006, "megabytes from hosts", MB],
  [0x0007, "bytes from hosts", BYTES],
  [0x0008, "megabytes written to the tape", MB],
  [0x0009, "bytes written to the tape", BYTES],
  [0x0100, "compression enabled", "flag"],
];

const TAPE_USAGE: readonly Row[] = [
  [0x0001, "threads"],
  [0x0002, "data sets written"],
  [0x0003, "write retries"],
  [0x0004, "unrecovered write errors"],
  [0x0005, "suspended writes"],
  [0x0006, "fatal suspended writes"],
  [0x0007, "data sets read"],
  [0x0008, "read retries"],
  [0x0009, "unrecovered read errors"],
  [0x000a, "suspended reads"],
  [0x000b, "fatal suspended reads"],
];

const TAPE_CAPACITY: readonly Row[] = [
  [0x0001, "remaining capacity of partition 0", MIB],
  [0x0002, "remaining capacity of partition 1", MIB],
  [0x0003, "maximum capacity of partition 0", MIB],
  [0x0004, "maximum capacity of partition 1", MIB],
];

const TAPE_ALERT_FLAGS: readonly Row[] = Array.from(
  { length: 64 },
  (_, i) => [i + 1, `TapeAlert flag ${i + 1}`, "flag"] as const,
);

/** Every log page that has a name here. Frozen. */
export const LOG_PAGE_TABLE: readonly LogPageFacts[] = Object.freeze([
  page(0x00, "supported log pages", []),
  page(0x02, "write error counters", ERROR_COUNTERS),
  page(0x03, "read error counters", ERROR_COUNTERS),
  page(0x06, "non-medium errors", [[0x0000, "non-medium errors"]]),
  page(0x0c, "sequential-access device", SEQUENTIAL_ACCESS),
  page(0x0d, "temperature", [[0x0000, "temperature", "°C"], [
    0x0001,
    "reference temperature",
    "°C",
  ]]),
  page(0x10, "self-test results", []),
  page(0x11, "DT device status", DEVICE_STATUS),
  page(0x12, "TapeAlert response", []),
  page(0x13, "requested recovery", []),
  page(0x14, "device statistics", DEVICE_STATISTICS),
  page(0x15, "service buffers information", []),
  page(0x16, "tape diagnostic data", []),
  page(0x17, "volume statistics", VOLUME_STATISTICS),
  page(0x1b, "data compression", DATA_COMPRESSION),
  page(0x2e, "TapeAlert", TAPE_ALERT_FLAGS),
  page(0x2f, "informational exceptions", []),
  page(0x30, "tape usage", TAPE_USAGE),
  page(0x31, "tape capacity", TAPE_CAPACITY),
  page(0x32, "data compression", DATA_COMPRESSION),
  page(0x37, "performance characteristics", []),
]);

/** What is known of a log page by its code, or by its name (the first of that name); `undefined` for one that is not in the table. */
export function logPageFacts(
  which: number | string,
  subpage: number = 0,
): LogPageFacts | undefined {
  return LOG_PAGE_TABLE.find((facts) =>
    typeof which === "string"
      ? facts.name === which
      : facts.page === which && facts.subpage === subpage
  );
}
