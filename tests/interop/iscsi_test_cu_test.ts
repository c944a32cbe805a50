import assert from "node:assert/strict";
import { RamDisk } from "../../sim/disk/ram_disk.ts";
import { type RunningTarget } from "../../sim/target/running_target.ts";
import { serveTarget } from "../../sim/target/serve_target.ts";
import { requirePrograms } from "./harness/programs.ts";
import { runProgram } from "./harness/tape_command.ts";

/** All of the suite's tests of iSCSI itself. */
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
  "iSCSITMF.LUNResetSimpleAsync",
];
