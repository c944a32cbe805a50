/**
 * The one table of facts about SCSI commands: what each is called, which way its data goes, whether it may be sent
 * twice, and how long it may take (SPC-5, SSC-4, SMC-3, SBC-4).
 *
 * Some operation codes mean different commands on different device types (1Bh is LOAD UNLOAD on a tape and START
 * STOP UNIT on a disk). Whoever knows the device type passes it. Without it the answer holds for all of them: the
 * names joined, the longest timeout, and repeatable only when every one is.
 *
 * @module
 */

import { DeviceType } from "./device_type.ts";
import { hexByte } from "./hex_byte.ts";

/** Which way the data of a command goes; `any` where that is not known without the device type. */
export type DataDirection = "none" | "in" | "out" | "any";

/** What is known about a command. */
export interface CommandFacts {
  /** Byte 0 of the CDB. */
  readonly opcode: number;
  /** Low five bits of byte 1, for operation codes that hold several commands. */
  readonly serviceAction?: number;
  /** As the standards write it: `READ POSITION`. */
  readonly name: string;
  /** Which way its data goes. */
  readonly direction: DataDirection;
  /**
   * Whether doing it twice leaves device and medium as doing it once does, so that it may be sent again when its
   * outcome is unknown. False for whatever moves the medium relatively, writes, or changes a reservation.
   */
  readonly repeatable: boolean;
  /**
   * Milliseconds after which a missing answer is a failure, unless the caller or the device (REPORT SUPPORTED
   * OPERATION CODES) says otherwise.
   */
  readonly timeoutMs: number;
  /** Bytes of the CDB. */
  readonly cdbLength: number;
  /** Device types that this meaning belongs to; all when absent. */
  readonly deviceTypes?: readonly number[];
}

/**
 * Default timeouts in milliseconds. A drive that is busy for as long as its manual allows must not be taken for
 * dead, so each is above the longest that LTO-1 to LTO-10 references give for the group; a dead connection is
 * noticed by other means.
 */
const Timeout = {
  /** Answers from memory. */
  Quick: 60_000,
  /** LOG SENSE, READ ATTRIBUTE and the like take minutes on an LTO-9 that is loading. */
  Inquiring: 600_000,
  /** LTO-7 READ 2280 s, LTO-5 WRITE FILEMARKS 1620 s: error recovery over the whole tape width. */
  Transfer: 2_400_000,
  /** LTO-5 600 s; Linux allows 900 s. */
  Rewind: 900_000,
  /** LTO-1 to 4 up to 183 min; Linux allows 14,000 s. */
  Motion: 14_000_000,
  /** First load of an LTO-9 cartridge calibrates for up to 2 h. */
  Load: 9_000_000,
  /** LTO-10 ERASE 166,370 s. VERIFY of an LTO-10 takes 75,000 s at its native rate, and longer where the tape is hard to read. */
  WholeMedium: 172_000_000,
  /** A robot moves one cartridge. */
  Move: 900_000,
  /** A robot looks at every slot. */
  Inventory: 3_600_000,
} as const;

/**
 * CDB length by group, the high three bits of the operation code (SPC-5 §4.3.2); the vendor groups leave it open,
 * up to 16 here.
 */
const GROUP_LENGTHS = [6, 10, 10, 32, 16, 12, 16, 16];

/** Length in bytes of the CDB that an operation code begins. */
export function cdbLengthOf(opcode: number): number {
  return GROUP_LENGTHS[opcode >> 5];
}

type RowOptions = Pick<CommandFacts, "serviceAction" | "deviceTypes">;

function row(
  opcode: number,
  name: string,
  direction: DataDirection,
  timeoutMs: number,
  repeatable: boolean,
  options: RowOptions = {},
): CommandFacts {
  return {
    opcode,
    name,
    direction,
    timeoutMs,
    repeatable,
    cdbLength: cdbLengthOf(opcode),
    ...options,
  };
}

const ONCE = false;
const REPEATABLE = true;
const TAPE = { deviceTypes: [DeviceType.Tape] };
const DISK = { deviceTypes: [DeviceType.Disk] };
const CHANGER = { deviceTypes: [DeviceType.Changer] };

function action(serviceAction: number, device: RowOptions = {}): RowOptions {
  return { serviceAction, ...device };
}

const { Quick, Inquiring, Transfer, Rewind, Motion, Load, WholeMedium, Move, Inventory } = Timeout;

/** Commands of every device type (SPC-5 §6). */
const PRIMARY: readonly CommandFacts[] = [
  row(0x00, "TEST UNIT READY", "none", Quick, REPEATABLE),
  row(0x03, "REQUEST SENSE", "in", Quick, REPEATABLE),
  row(0x12, "INQUIRY", "in", Quick, REPEATABLE),
  row(0x15, "MODE SELECT(6)", "out", Inquiring, ONCE),
  row(0x16, "RESERVE(6)", "none", Quick, ONCE),
  row(0x17, "RELEASE(6)", "none", Quick, ONCE),
  row(0x1a, "MODE SENSE(6)", "in", Inquiring, REPEATABLE),
  row(0x1c, "RECEIVE DIAGNOSTIC RESULTS", "in", Inquiring, REPEATABLE),
  row(0x1d, "SEND DIAGNOSTIC", "out", Motion, ONCE),
  row(0x1e, "PREVENT ALLOW MEDIUM REMOVAL", "none", Quick, REPEATABLE),
  row(0x3b, "WRITE BUFFER", "out", Transfer, ONCE),
  row(0x3c, "READ BUFFER", "in", Inquiring, REPEATABLE),
  row(0x4c, "LOG SELECT", "out", Inquiring, ONCE),
  row(0x4d, "LOG SENSE", "in", Inquiring, REPEATABLE),
  row(0x55, "MODE SELECT(10)", "out", Inquiring, ONCE),
  row(0x56, "RESERVE(10)", "none", Quick, ONCE),
  row(0x57, "RELEASE(10)", "none", Quick, ONCE),
  row(0x5a, "MODE SENSE(10)", "in", Inquiring, REPEATABLE),
  row(0x5e, "PERSISTENT RESERVE IN", "in", Quick, REPEATABLE),
  row(0x5f, "PERSISTENT RESERVE OUT", "out", Quick, ONCE),
  row(0x8c, "READ ATTRIBUTE", "in", Inquiring, REPEATABLE),
  row(0x8d, "WRITE ATTRIBUTE", "out", Inquiring, ONCE),
  row(0x9e, "SERVICE ACTION IN(16)", "in", Quick, ONCE),
  row(0xa0, "REPORT LUNS", "in", Quick, REPEATABLE),
  row(0xa2, "SECURITY PROTOCOL IN", "in", Inquiring, REPEATABLE),
  row(0xa3, "MAINTENANCE IN", "in", Inquiring, ONCE),
  row(0xa3, "REPORT TARGET PORT GROUPS", "in", Quick, REPEATABLE, action(0x0a)),
  row(0xa3, "REPORT SUPPORTED OPERATION CODES", "in", Quick, REPEATABLE, action(0x0c)),
  row(
    0xa3,
    "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
    "in",
    Quick,
    REPEATABLE,
    action(0x0d),
  ),
  row(0xa3, "REPORT TIMESTAMP", "in", Quick, REPEATABLE, action(0x0f)),
  row(0xa4, "MAINTENANCE OUT", "out", Inquiring, ONCE),
  row(0xa4, "SET TIMESTAMP", "out", Quick, ONCE, action(0x0f)),
  row(0xab, "SERVICE ACTION IN(12)", "in", Inquiring, ONCE),
  row(0xab, "READ MEDIA SERIAL NUMBER", "in", Inquiring, REPEATABLE, action(0x01)),
  row(0xb5, "SECURITY PROTOCOL OUT", "out", Inquiring, ONCE, {
    deviceTypes: [DeviceType.Disk, DeviceType.Tape],
  }),
];

/** Commands of tape drives (SSC-4 §6 to §8). */
const SEQUENTIAL: readonly CommandFacts[] = [
  row(0x01, "REWIND", "none", Rewind, REPEATABLE, TAPE),
  row(0x04, "FORMAT MEDIUM", "out", Motion, ONCE, TAPE),
  row(0x05, "READ BLOCK LIMITS", "in", Quick, REPEATABLE, TAPE),
  row(0x08, "READ(6)", "in", Transfer, ONCE, TAPE),
  row(0x0a, "WRITE(6)", "out", Transfer, ONCE, TAPE),
  row(0x0b, "SET CAPACITY", "none", Motion, ONCE, TAPE),
  row(0x0f, "READ REVERSE(6)", "in", Transfer, ONCE, TAPE),
  row(0x10, "WRITE FILEMARKS(6)", "none", Transfer, ONCE, TAPE),
  row(0x11, "SPACE(6)", "none", Motion, ONCE, TAPE),
  row(0x13, "VERIFY(6)", "out", WholeMedium, ONCE, TAPE),
  row(0x14, "RECOVER BUFFERED DATA", "in", Transfer, ONCE, TAPE),
  row(0x19, "ERASE(6)", "none", WholeMedium, ONCE, TAPE),
  row(0x1b, "LOAD UNLOAD", "none", Load, ONCE, TAPE),
  row(0x2b, "LOCATE(10)", "none", Motion, REPEATABLE, TAPE),
  row(0x34, "READ POSITION", "in", Inquiring, REPEATABLE, TAPE),
  row(0x44, "REPORT DENSITY SUPPORT", "in", Inquiring, REPEATABLE, TAPE),
  row(0x80, "WRITE FILEMARKS(16)", "none", Transfer, ONCE, TAPE),
  row(0x81, "READ REVERSE(16)", "in", Transfer, ONCE, TAPE),
  row(0x82, "ALLOW OVERWRITE", "none", Quick, ONCE, TAPE),
  row(0x88, "READ(16)", "in", Transfer, ONCE, TAPE),
  row(0x8a, "WRITE(16)", "out", Transfer, ONCE, TAPE),
  row(0x8f, "VERIFY(16)", "out", WholeMedium, ONCE, TAPE),
  row(0x91, "SPACE(16)", "none", Motion, ONCE, TAPE),
  row(0x92, "LOCATE(16)", "none", Motion, REPEATABLE, TAPE),
  row(0x93, "ERASE(16)", "none", WholeMedium, ONCE, TAPE),
  row(0xa3, "RECEIVE RECOMMENDED ACCESS ORDER", "in", Inquiring, REPEATABLE, action(0x1d, TAPE)),
  row(0xa3, "READ DYNAMIC RUNTIME ATTRIBUTE", "in", Inquiring, REPEATABLE, action(0x1e, TAPE)),
  row(0xa3, "READ END OF WRAP POSITION", "in", Inquiring, REPEATABLE, action(0x1f, TAPE)),
  row(0xa4, "GENERATE RECOMMENDED ACCESS ORDER", "out", Inquiring, ONCE, action(0x1d, TAPE)),
  row(0xa4, "WRITE DYNAMIC RUNTIME ATTRIBUTE", "out", Inquiring, ONCE, action(0x1e, TAPE)),
  row(0xd1, "READ DYNAMIC RUNTIME ATTRIBUTE", "in", Inquiring, REPEATABLE, TAPE),
  row(0xd2, "WRITE DYNAMIC RUNTIME ATTRIBUTE", "out", Inquiring, ONCE, TAPE),
];

/** Commands of media changers (SMC-3 §6). */
const MEDIA_CHANGER: readonly CommandFacts[] = [
  row(0x01, "REZERO UNIT", "none", Inventory, REPEATABLE, CHANGER),
  row(0x07, "INITIALIZE ELEMENT STATUS", "none", Inventory, REPEATABLE, CHANGER),
  row(0x1b, "OPEN/CLOSE IMPORT/EXPORT ELEMENT", "none", Move, ONCE, CHANGER),
  row(0x2b, "POSITION TO ELEMENT", "none", Move, REPEATABLE, CHANGER),
  row(0x37, "INITIALIZE ELEMENT STATUS WITH RANGE", "none", Inventory, REPEATABLE, CHANGER),
  row(0x9e, "REPORT ELEMENT INFORMATION", "in", Inquiring, REPEATABLE, action(0x10, CHANGER)),
  row(0xa5, "MOVE MEDIUM", "none", Move, ONCE),
  row(0xa6, "EXCHANGE MEDIUM", "none", Move, ONCE, CHANGER),
  row(0xb5, "REQUEST VOLUME ELEMENT ADDRESS", "in", Inquiring, REPEATABLE, CHANGER),
  row(0xb6, "SEND VOLUME TAG", "out", Inquiring, REPEATABLE, CHANGER),
  row(0xb8, "READ ELEMENT STATUS", "in", Inventory, REPEATABLE, CHANGER),
  row(0xe7, "INITIALIZE ELEMENT STATUS WITH RANGE", "none", Inventory, REPEATABLE, CHANGER),
];

/** Commands of disks (SBC-4 §5). */
const BLOCK: readonly CommandFacts[] = [
  row(0x01, "REZERO UNIT", "none", Quick, REPEATABLE, DISK),
  row(0x04, "FORMAT UNIT", "out", WholeMedium, ONCE, DISK),
  row(0x07, "REASSIGN BLOCKS", "out", Inquiring, ONCE, DISK),
  row(0x08, "READ(6)", "in", Quick, REPEATABLE, DISK),
  row(0x0a, "WRITE(6)", "out", Quick, ONCE, DISK),
  row(0x0b, "SEEK(6)", "none", Quick, REPEATABLE, DISK),
  row(0x1b, "START STOP UNIT", "none", Inquiring, ONCE, DISK),
  row(0x25, "READ CAPACITY(10)", "in", Quick, REPEATABLE, DISK),
  row(0x28, "READ(10)", "in", Quick, REPEATABLE, DISK),
  row(0x2a, "WRITE(10)", "out", Quick, ONCE, DISK),
  row(0x2b, "SEEK(10)", "none", Quick, REPEATABLE, DISK),
  row(0x2e, "WRITE AND VERIFY(10)", "out", Quick, ONCE, DISK),
  row(0x2f, "VERIFY(10)", "out", Inquiring, REPEATABLE, DISK),
  row(0x34, "PRE-FETCH(10)", "none", Quick, REPEATABLE, DISK),
  row(0x35, "SYNCHRONIZE CACHE(10)", "none", Inquiring, REPEATABLE, DISK),
  row(0x37, "READ DEFECT DATA(10)", "in", Inquiring, REPEATABLE, DISK),
  row(0x41, "WRITE SAME(10)", "out", Inquiring, ONCE, DISK),
  row(0x42, "UNMAP", "out", Inquiring, ONCE, DISK),
  row(0x53, "XDWRITEREAD(10)", "any", Quick, ONCE, DISK),
  row(0x88, "READ(16)", "in", Quick, REPEATABLE, DISK),
  row(0x89, "COMPARE AND WRITE", "out", Quick, ONCE, DISK),
  row(0x8a, "WRITE(16)", "out", Quick, ONCE, DISK),
  row(0x8e, "WRITE AND VERIFY(16)", "out", Quick, ONCE, DISK),
  row(0x8f, "VERIFY(16)", "out", Inquiring, REPEATABLE, DISK),
  row(0x90, "PRE-FETCH(16)", "none", Quick, REPEATABLE, DISK),
  row(0x91, "SYNCHRONIZE CACHE(16)", "none", Inquiring, REPEATABLE, DISK),
  row(0x93, "WRITE SAME(16)", "out", Inquiring, ONCE, DISK),
  row(0x9e, "READ CAPACITY(16)", "in", Quick, REPEATABLE, action(0x10, DISK)),
  row(0x9e, "GET LBA STATUS", "in", Quick, REPEATABLE, action(0x12, DISK)),
  row(0xa8, "READ(12)", "in", Quick, REPEATABLE, DISK),
  row(0xaa, "WRITE(12)", "out", Quick, ONCE, DISK),
];

/** Every row, in no order that matters. Frozen. */
export const COMMAND_TABLE: readonly CommandFacts[] = Object.freeze([
  ...PRIMARY,
  ...SEQUENTIAL,
  ...MEDIA_CHANGER,
  ...BLOCK,
]);

const BY_OPCODE: ReadonlyMap<number, readonly CommandFacts[]> = Map.groupBy(
  COMMAND_TABLE,
  (facts) => facts.opcode,
);

/** Rows that fit the service action; those that name none when no row names this one. */
function forAction(rows: readonly CommandFacts[], serviceAction: number): readonly CommandFacts[] {
  const exact = rows.filter((facts) => facts.serviceAction === serviceAction);
  return exact.length > 0 ? exact : rows.filter((facts) => facts.serviceAction === undefined);
}

/** Rows that the device type knows; all of them when it knows none. */
function forDevice(rows: readonly CommandFacts[], deviceType: number): readonly CommandFacts[] {
  const known = rows.filter(({ deviceTypes }) => deviceTypes?.includes(deviceType) ?? true);
  return known.length > 0 ? known : rows;
}

/** What holds for every one of `rows`. */
function merge(opcode: number, rows: readonly CommandFacts[]): CommandFacts {
  if (rows.length === 0) return unknownCommand(opcode);
  if (rows.length === 1) return rows[0];
  const [first] = rows;
  return {
    opcode,
    ...(first.serviceAction !== undefined && { serviceAction: first.serviceAction }),
    name: [...new Set(rows.map((facts) => facts.name))].join(" or "),
    direction: rows.every((facts) => facts.direction === first.direction) ? first.direction : "any",
    repeatable: rows.every((facts) => facts.repeatable),
    timeoutMs: Math.max(...rows.map((facts) => facts.timeoutMs)),
    cdbLength: first.cdbLength,
  };
}

/** A command that is in no table: never repeated, and given as long as a transfer. */
function unknownCommand(opcode: number): CommandFacts {
  return row(opcode, `command ${hexByte(opcode)}h`, "any", Transfer, ONCE);
}

function usesServiceAction(rows: readonly CommandFacts[]): boolean {
  return rows.some((facts) => facts.serviceAction !== undefined);
}

/** Index: operation code, service action. */
type Answers = readonly (readonly CommandFacts[])[];

function answersFor(chosen: (rows: readonly CommandFacts[]) => readonly CommandFacts[]): Answers {
  return Array.from({ length: 256 }, (_, opcode) => {
    const rows = chosen(BY_OPCODE.get(opcode) ?? []);
    const actions = usesServiceAction(rows) ? 32 : 1;
    return Array.from({ length: actions }, (_, action) => merge(opcode, forAction(rows, action)));
  });
}

/** Answers without a device type. All are worked out once, because the data path asks for every command. */
const NEUTRAL: Answers = answersFor((rows) => rows);

/** The same by device type. Each is made on first use, for most programs use one only; nobody can see when. */
const BY_DEVICE_TYPE = new Map<number, Answers>();

function answersOf(deviceType: number): Answers {
  // A device type has five bits; any other number is one without commands of its own, as None is.
  const type = (deviceType & 0x1f) === deviceType ? deviceType : DeviceType.None;
  let answers = BY_DEVICE_TYPE.get(type);
  if (answers === undefined) {
    answers = answersFor((rows) => forDevice(rows, type));
    BY_DEVICE_TYPE.set(type, answers);
  }
  return answers;
}

/** Options of {@link commandFacts} and {@link commandName}. */
export interface CommandFactsOptions {
  /** Peripheral device type of the logical unit. @default unknown: the answer holds for all device types */
  deviceType?: number;
}

/**
 * The facts about the command that a CDB (at least 2 bytes) holds. A command that is in no table gets cautious
 * ones.
 */
export function commandFacts(cdb: Uint8Array, options: CommandFactsOptions = {}): CommandFacts {
  const { deviceType } = options;
  const table = deviceType === undefined ? NEUTRAL : answersOf(deviceType);
  const answers = table[cdb[0]];
  return answers.length === 1 ? answers[0] : answers[cdb[1] & 0x1f];
}

/** The name of the command that a CDB holds: `READ POSITION`; `command C1h` for one that is in no table. */
export function commandName(cdb: Uint8Array, options: CommandFactsOptions = {}): string {
  return commandFacts(cdb, options).name;
}
