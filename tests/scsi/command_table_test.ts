import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { cdbLengthOf, COMMAND_TABLE, commandFacts, commandName } from "../../scsi/command_table.ts";
import { DeviceType } from "../../scsi/device_type.ts";
import { hex } from "./fake_unit.ts";

function nameOf(cdb: string, deviceType?: number): string {
  return commandName(hex(cdb), { deviceType });
}

Deno.test("commandName() tells commands apart by device type where they share an operation code", () => {
  const { Tape, Changer, Disk } = DeviceType;
  const rows: [string, string, string, string][] = [
    ["0100", "REWIND", "REZERO UNIT", "REZERO UNIT"],
    ["1b00", "LOAD UNLOAD", "OPEN/CLOSE IMPORT/EXPORT ELEMENT", "START STOP UNIT"],
    ["2b00", "LOCATE(10)", "POSITION TO ELEMENT", "SEEK(10)"],
    ["3400", "READ POSITION", "READ POSITION or PRE-FETCH(10)", "PRE-FETCH(10)"],
    ["9e10", "SERVICE ACTION IN(16)", "REPORT ELEMENT INFORMATION", "READ CAPACITY(16)"],
    ["b500", "SECURITY PROTOCOL OUT", "REQUEST VOLUME ELEMENT ADDRESS", "SECURITY PROTOCOL OUT"],
  ];
  for (const [cdb, tape, changer, disk] of rows) {
    strictEqual(nameOf(cdb, Tape), tape);
    strictEqual(nameOf(cdb, Changer), changer);
    strictEqual(nameOf(cdb, Disk), disk);
  }
});

Deno.test("commandFacts() without a device type holds for all of them", () => {
  const load = commandFacts(hex("1b00"));
  strictEqual(load.name, "LOAD UNLOAD or OPEN/CLOSE IMPORT/EXPORT ELEMENT or START STOP UNIT");
  strictEqual(load.timeoutMs, commandFacts(hex("1b00"), { deviceType: 1 }).timeoutMs);
  strictEqual(load.direction, "none");
  const read = commandFacts(hex("0800"));
  strictEqual(read.name, "READ(6)");
  strictEqual(read.repeatable, false, "READ(6) moves a tape, though a disk could repeat it");
  strictEqual(commandFacts(hex("0800"), { deviceType: DeviceType.Disk }).repeatable, true);
  strictEqual(commandFacts(hex("b500")).direction, "any");
});

Deno.test("commandName() finds service actions, and names the group for one that it does not know", () => {
  strictEqual(nameOf("a30c"), "REPORT SUPPORTED OPERATION CODES");
  strictEqual(nameOf("a3ec"), "REPORT SUPPORTED OPERATION CODES", "the high bits do not count");
  strictEqual(nameOf("a30f"), "REPORT TIMESTAMP");
  strictEqual(nameOf("a40f"), "SET TIMESTAMP");
  strictEqual(nameOf("a31d", DeviceType.Tape), "RECEIVE RECOMMENDED ACCESS ORDER");
  strictEqual(nameOf("a301"), "MAINTENANCE IN");
  strictEqual(nameOf("ab01"), "READ MEDIA SERIAL NUMBER");
});

Deno.test("commandFacts() is cautious about a command that is in no table", () => {
  deepStrictEqual(commandFacts(hex("c1 00")), {
    opcode: 0xc1,
    name: "command C1h",
    direction: "any",
    timeoutMs: 2_400_000,
    repeatable: false,
    cdbLength: 16,
  });
});

Deno.test("commandFacts() of a byte 1 full of flags finds commands that have no service action", () => {
  strictEqual(commandName(hex("11ff")), "SPACE(6)");
  strictEqual(commandName(hex("34ff"), { deviceType: DeviceType.Tape }), "READ POSITION");
});

Deno.test("Of the commands of a tape only those that leave it the same are repeatable", () => {
  const repeatable = COMMAND_TABLE
    .filter((facts) => facts.deviceTypes?.includes(DeviceType.Tape) ?? true)
    .filter((facts) => facts.repeatable)
    .map((facts) => facts.name);
  deepStrictEqual(
    new Set(repeatable),
    new Set([
      "TEST UNIT READY",
      "REQUEST SENSE",
      "INQUIRY",
      "MODE SENSE(6)",
      "MODE SENSE(10)",
      "RECEIVE DIAGNOSTIC RESULTS",
      "PREVENT ALLOW MEDIUM REMOVAL",
      "READ BUFFER",
      "LOG SENSE",
      "PERSISTENT RESERVE IN",
      "READ ATTRIBUTE",
      "REPORT LUNS",
      "SECURITY PROTOCOL IN",
      "REPORT TARGET PORT GROUPS",
      "REPORT SUPPORTED OPERATION CODES",
      "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
      "REPORT TIMESTAMP",
      "READ MEDIA SERIAL NUMBER",
      "REWIND",
      "READ BLOCK LIMITS",
      "LOCATE(10)",
      "LOCATE(16)",
      "READ POSITION",
      "REPORT DENSITY SUPPORT",
      "RECEIVE RECOMMENDED ACCESS ORDER",
      "READ DYNAMIC RUNTIME ATTRIBUTE",
      "READ END OF WRAP POSITION",
    ]),
  );
});

Deno.test("The command table has one row for each operation code, service action and device type", () => {
  const seen = new Set<string>();
  for (const { opcode, serviceAction, deviceTypes, name } of COMMAND_TABLE) {
    for (const deviceType of deviceTypes ?? ["any"]) {
      const key = `${opcode}/${serviceAction}/${deviceType}`;
      ok(!seen.has(key), `${name}: ${key} twice`);
      seen.add(key);
    }
  }
});

Deno.test("A command that gives a device type no meaning of its own does not hide one that does", () => {
  for (const facts of COMMAND_TABLE) {
    const cdb = Uint8Array.of(facts.opcode, facts.serviceAction ?? 0);
    const [deviceType] = facts.deviceTypes ?? [DeviceType.Tape];
    strictEqual(commandFacts(cdb, { deviceType }), facts);
  }
});

Deno.test("cdbLengthOf() follows the group code", () => {
  strictEqual(cdbLengthOf(0x08), 6);
  strictEqual(cdbLengthOf(0x2b), 10);
  strictEqual(cdbLengthOf(0x5a), 10);
  strictEqual(cdbLengthOf(0x92), 16);
  strictEqual(cdbLengthOf(0xa3), 12);
});

Deno.test("Every timeout of the table is what a drive may need, and one that setTimeout can wait", () => {
  for (const { timeoutMs, name } of COMMAND_TABLE) {
    ok(timeoutMs >= 60_000 && timeoutMs <= 0x7fffffff, name);
  }
  const seconds = (cdb: string) => commandFacts(hex(cdb), { deviceType: 1 }).timeoutMs / 1000;
  ok(seconds("0800") >= 2280, "LTO-7 READ");
  ok(seconds("1000") >= 1620, "LTO-5 WRITE FILEMARKS");
  ok(seconds("1100") >= 183 * 60, "LTO-4 SPACE");
  ok(seconds("9200") >= 3940, "LTO-10 LOCATE");
  ok(seconds("1900") >= 166_370, "LTO-10 ERASE");
  ok(seconds("1b00") >= 7200, "LTO-9 first load");
  ok(seconds("1300") >= 16_920, "LTO-5 VERIFY");
  ok(seconds("1300") >= 30e12 / 400e6, "LTO-10 VERIFY: 30 TB at 400 MB/s");
  ok(seconds("8f00") >= 30e12 / 400e6, "LTO-10 VERIFY");
});
