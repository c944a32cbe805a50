import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeCapacity10 } from "../../scsi/block/capacity.ts";
import { Status } from "../../scsi/status.ts";
import type { DeviceServer, Task } from "../../sim/device_server.ts";
import { RamDisk } from "../../sim/disk/ram_disk.ts";
import { SimulatedDrive } from "../../sim/tape/drive.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import type { RunningTarget } from "../../sim/target/running_target.ts";
import { serveTarget } from "../../sim/target/serve_target.ts";
import { compileC, harnessSource, LIBISCSI_PACKAGES } from "./harness/c_program.ts";
import { requirePrograms } from "./harness/programs.ts";
import { runProgram } from "./harness/tape_command.ts";
import { withTempDir } from "./harness/temp_dir.ts";

/** All of the suite's tests of iSCSI itself but one, which asserts what cannot be yet, and is by itself below. */
const ISCSI_TESTS = [
  "iSCSIcmdsn.iSCSICmdSnTooHigh",
  "iSCSIcmdsn.iSCSICmdSnTooLow",
  "iSCSIdatasn.iSCSIDataSnInvalid",
  "iSCSIResiduals.Read10Invalid",
  "iSCSIResiduals.Read10Residuals",
  "iSCSIResiduals.Read12Residuals",
  "iSCSIResiduals.Read16Residuals",
  "iSCSIResiduals.Write10Residuals",
  "iSCSIResiduals.Write12Residuals",
  "iSCSIResiduals.Write16Residuals",
  "iSCSIResiduals.WriteVerify10Residuals",
  "iSCSIResiduals.WriteVerify12Residuals",
  "iSCSIResiduals.WriteVerify16Residuals",
  "iSCSITMF.AbortTaskSimpleAsync",
];

/**
 * The suites of commands that a RAM disk has. Left out are, of those, three tests that go against SBC-4 or the limits
 * that the disk tells: WriteSame10.UnmapUntilEnd (wants zeros where it unmaps with other data), WriteSame16.Unmap
 * (writes 32 MiB in one command), and CompareAndWrite.Simple and .Miscompare (256 blocks in a field of one byte).
 */
const DISK_TESTS = [
  ...["CompareAndWrite.DpoFua", "CompareAndWrite.Unwritten", "CompareAndWrite.InvalidDataOutSize"],
  ...["GetLBAStatus", "Inquiry", "Mandatory", "ModeSense6", "PreventAllow"],
  ...[
    "Prefetch10",
    "Prefetch16",
    "PrinReadKeys",
    "PrinServiceactionRange",
    "PrinReportCapabilities",
  ],
  ...["ProutRegister", "ProutReserve", "ProutClear", "ProutPreempt"],
  ...["Read6", "Read10", "Read12", "Read16", "ReadCapacity10", "ReadCapacity16"],
  ...["ReportSupportedOpcodes", "Reserve6", "StartStopUnit", "TestUnitReady", "Unmap"],
  ...["Verify10", "Verify12", "Verify16", "Write10", "Write12", "Write16"],
  ...["WriteVerify10", "WriteVerify12", "WriteVerify16"],
];

/**
 * What of the suite makes sense on a tape. It has none for REPORT LUNS, nor for the order of page codes, and StartStopUnit
 * would unload the tape.
 */
const TAPE_TESTS = [
  "Inquiry.Standard",
  "Inquiry.AllocLength",
  "Inquiry.EVPD",
  "Inquiry.SupportedVPD",
  "Inquiry.VersionDescriptors",
  "ModeSense6.AllPages",
  "ModeSense6.Control",
  "ModeSense6.Control-SWP",
  "ModeSense6.Residuals",
  "ReportSupportedOpcodes.Simple",
  "ReportSupportedOpcodes.OneCommand",
  "ReportSupportedOpcodes.RCTD",
  "ReportSupportedOpcodes.SERVACTV",
  "TestUnitReady.Simple",
  "PrinServiceactionRange",
  "PrinReadKeys",
  "PrinReportCapabilities",
  "ProutRegister",
  "ProutClear",
  "ProutPreempt",
  "ProutReserve.Simple",
  ...["EA", "WE", "EARO", "WERO", "EAAR", "WEAR"].map((type) => `ProutReserve.Ownership${type}`),
  "Reserve6",
];

/** Why a test may skip itself, or a part of itself; for any other reason it fails. */
const REASONS_TO_SKIP = [
  // A disk that stays in its place, with one block to a physical block.
  ...["Logical unit is not removable.", "LUN is not removable.", "Media is not removable."],
  "LBPPB < 2.",
  // A tape: the suite asks each unit how large it is.
  ...["READCAPACITY16 is not implemented.", "Not SBC device."],
];

const READ_CAPACITY = 0x25;

/** A tape that answers READ CAPACITY(10), without which the suite does not start. */
function tapeWithCapacity(): DeviceServer {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  const capacity = {
    status: Status.Good,
    dataIn: encodeCapacity10({ blocks: 1024, blockBytes: 512 }),
  };
  return {
    deviceType: drive.deviceType,
    dataOutLength: (cdb) => drive.dataOutLength(cdb),
    execute: (task: Task) => task.cdb[0] === READ_CAPACITY ? capacity : drive.execute(task),
    nexusEstablished: (nexus) => drive.nexusEstablished(nexus),
    nexusLost: (nexus) => drive.nexusLost(nexus),
    reset: () => drive.reset(),
    close: () => drive.close(),
  };
}

async function withDevice(
  device: DeviceServer,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const target: RunningTarget = await serveTarget({
    listen: { hostname: "127.0.0.1", port: 0 },
    targetName: "iqn.2026-03.com.example:judged",
    units: [{ lun: 0, device }],
  });
  try {
    await use(target.urls[0]);
  } finally {
    await target.close();
  }
}

interface Verdict {
  readonly code: number;
  readonly output: string;
}

/** Runs one test, or one suite, in a process of its own: the task management tests end the session. */
async function judge(
  name: string,
  url: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Verdict> {
  const [program] = requirePrograms("iscsi-test-cu");
  const args = ["-d", "-n", "-V", `--test=${name}`, url];
  const { code, stdout, stderr } = await runProgram(program, args, { env });
  const output = `${name}: ${stdout}${stderr}`;
  const [, ran] = /tests\s+\d+\s+(\d+)/.exec(stdout) ?? [];
  assert.ok(Number(ran) > 0, `ran nothing: ${output}`);
  assert.deepEqual(skippedFor(output).filter((reason) => !isReason(reason)), [], output);
  return { code, output };
}

function skippedFor(output: string): string[] {
  return [...output.matchAll(/\[SKIPPED\] (.*)/g)].map(([, reason]) => reason);
}

function isReason(text: string): boolean {
  return REASONS_TO_SKIP.some((reason) => text.startsWith(reason));
}

/** Runs tests one after the other; each has to pass, or to skip itself. */
async function pass(family: string, names: readonly string[], url: string): Promise<void> {
  const failures: string[] = [];
  for (const name of names) {
    const { code, output } = await judge(`${family}.${name}`, url);
    if (code !== 0) failures.push(output);
  }
  assert.deepEqual(failures, []);
}

Deno.test("iscsi-test-cu finds nothing wrong with iSCSI as the target speaks it", () =>
  withDevice(new RamDisk(), (url) => pass("iSCSI", ISCSI_TESTS, url)));

Deno.test("iscsi-test-cu finds nothing wrong with LOGICAL UNIT RESET, once it waits for the response", () =>
  withTempDir(async (dir) => {
    const preloaded = join(dir, "awaited_reset.so");
    await compileC(harnessSource("awaited_reset.c"), preloaded, {
      shared: true,
      needs: LIBISCSI_PACKAGES,
    });
    await withDevice(new RamDisk(), async (url) => {
      const { code, output } = await judge("iSCSI.iSCSITMF.LUNResetSimpleAsync", url, {
        LD_PRELOAD: preloaded,
      });
      assert.equal(code, 0, output);
      // Left alone, it asserts 9 times, the last but one before it has sent the request.
      assert.match(output, /asserts +12 +12 +12 +0/);
    });
  }));

Deno.test("iscsi-test-cu finds nothing wrong with the commands of the RAM disk", () =>
  withDevice(new RamDisk(), (url) => pass("SCSI", DISK_TESTS, url)));

Deno.test("iscsi-test-cu finds nothing wrong with what a tape has in common with a disk", () =>
  withDevice(tapeWithCapacity(), (url) => pass("SCSI", TAPE_TESTS, url)));
