import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { type HeaderFixture, hex } from "./header_fixture.ts";

/** Every PDU that a target sends. */
export const TARGET_FIXTURES: readonly HeaderFixture[] = [
  {
    name: "NOP-In",
    pdu: {
      opcode: Opcode.NopIn,
      lun: 0x0001020304050607n,
      itt: 0xffffffff,
      ttt: 0x21222324,
      statSn: 0x31323334,
      expCmdSn: 0x41424344,
      maxCmdSn: 0x51525354,
    },
    bytes: hex(`20800000 00000000 00010203 04050607
                ffffffff 21222324 31323334 41424344
                51525354 00000000 00000000 00000000`),
    zero: hex(` 20800000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 20800000 00000000 ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff
                ffffffff 00000000 00000000 00000000`),
  },
  {
    name: "SCSI Response",
    pdu: {
      opcode: Opcode.ScsiResponse,
      bidirectionalOverflow: true,
      bidirectionalUnderflow: false,
      overflow: false,
      underflow: true,
      response: 1,
      status: 2,
      itt: 0x11121314,
      snackTag: 0x21222324,
      statSn: 0x31323334,
      expCmdSn: 0x41424344,
      maxCmdSn: 0x51525354,
      expDataSn: 0x61626364,
      bidirectionalResidual: 0x71727374,
      residual: 0x81828384,
    },
    bytes: hex(`21920102 00000000 00000000 00000000
                11121314 21222324 31323334 41424344
                51525354 61626364 71727374 81828384`),
    zero: hex(` 21800000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 219effff 00000000 00000000 00000000
                ffffffff ffffffff ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff`),
    limits: { response: 0xff, status: 0xff },
  },
  {
    name: "Task Management Function Response",
    pdu: {
      opcode: Opcode.TaskManagementResponse,
      response: 5,
      itt: 0x11121314,
      statSn: 0x31323334,
      expCmdSn: 0x41424344,
      maxCmdSn: 0x51525354,
    },
    bytes: hex(`22800500 00000000 00000000 00000000
                11121314 00000000 31323334 41424344
                51525354 00000000 00000000 00000000`),
    zero: hex(` 22800000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 2280ff00 00000000 00000000 00000000
                ffffffff 00000000 ffffffff ffffffff
                ffffffff 00000000 00000000 00000000`),
    limits: { response: 0xff },
  },
  {
    name: "Login Response",
    pdu: {
      opcode: Opcode.LoginResponse,
      transit: false,
      continue: true,
      csg: 0,
      nsg: 1,
      versionMax: 5,
      versionActive: 4,
      isid: hex("80a1a2a3a4a5"),
      tsih: 0xb1b2,
      itt: 0x11121314,
      statSn: 0x31323334,
      expCmdSn: 0x41424344,
      maxCmdSn: 0x51525354,
      statusClass: 2,
      statusDetail: 0x0b,
    },
    bytes: hex(`23410504 00000000 80a1a2a3 a4a5b1b2
                11121314 00000000 31323334 41424344
                51525354 020b0000 00000000 00000000`),
    zero: hex(` 23000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 23cfffff 00000000 ffffffff ffffffff
                ffffffff 00000000 ffffffff ffffffff
                ffffffff ffff0000 00000000 00000000`),
    limits: {
      csg: 3,
      nsg: 3,
      versionMax: 0xff,
      versionActive: 0xff,
      tsih: 0xffff,
      statusClass: 0xff,
      statusDetail: 0xff,
    },
  },
  {
    name: "Text Response",
    pdu: {
      opcode: Opcode.TextResponse,
      final: true,
      continue: false,
      lun: 0x0001020304050607n,
      itt: 0x11121314,
      ttt: 0x21222324,
      statSn: 0x31323334,
      expCmdSn: 0x41424344,
      maxCmdSn: 0x51525354,
    },
    bytes: hex(`24800000 00000000 00010203 04050607
                11121314 21222324 31323334 41424344
                51525354 00000000 00000000 00000000`),
    zero: hex(` 24000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 24c00000 00000000 ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff
                ffffffff 00000000 00000000 00000000`),
  },
  {
    name: "SCSI Data-In",
    pdu: {
      opcode: Opcode.DataIn,
      final: true,
      acknowledge: false,
      overflow: false,
      underflow: true,
      hasStatus: true,
      status: 8,
      lun: 0x0001020304050607n,
      itt: 0x11121314,
      ttt: 0x21222324,
      statSn: 0x31323334,
      expCmdSn: 0x41424344,
      maxCmdSn: 0x51525354,
      dataSn: 0x61626364,
      bufferOffset: 0x71727374,
      residual: 0x81828384,
    },
    bytes: hex(`25830008 00000000 00010203 04050607
                11121314 21222324 31323334 41424344
                51525354 61626364 71727374 81828384`),
    zero: hex(` 25000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 25c700ff 00000000 ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff`),
    limits: { status: 0xff },
  },
  {
    name: "Logout Response",
    pdu: {
      opcode: Opcode.LogoutResponse,
      response: 3,
      itt: 0x11121314,
      statSn: 0x31323334,
      expCmdSn: 0x41424344,
      maxCmdSn: 0x51525354,
      time2Wait: 0x7172,
      time2Retain: 0x7374,
    },
    bytes: hex(`26800300 00000000 00000000 00000000
                11121314 00000000 31323334 41424344
                51525354 00000000 71727374 00000000`),
    zero: hex(` 26800000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 2680ff00 00000000 00000000 00000000
                ffffffff 00000000 ffffffff ffffffff
                ffffffff 00000000 ffffffff 00000000`),
    limits: { response: 0xff, time2Wait: 0xffff, time2Retain: 0xffff },
  },
  {
    name: "Ready To Transfer",
    pdu: {
      opcode: Opcode.ReadyToTransfer,
      lun: 0x0001020304050607n,
      itt: 0x11121314,
      ttt: 0x21222324,
      statSn: 0x31323334,
      expCmdSn: 0x41424344,
      maxCmdSn: 0x51525354,
      r2tSn: 0x61626364,
      bufferOffset: 0x71727374,
      desiredDataTransferLength: 0x81828384,
    },
    bytes: hex(`31800000 00000000 00010203 04050607
                11121314 21222324 31323334 41424344
                51525354 61626364 71727374 81828384`),
    zero: hex(` 31800000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 31800000 00000000 ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff`),
  },
  {
    name: "Asynchronous Message",
    pdu: {
      opcode: Opcode.AsyncMessage,
      lun: 0x0001020304050607n,
      statSn: 0x31323334,
      expCmdSn: 0x41424344,
      maxCmdSn: 0x51525354,
      asyncEvent: 2,
      asyncVCode: 0x62,
      parameter1: 0x6364,
      parameter2: 0x7172,
      parameter3: 0x7374,
    },
    bytes: hex(`32800000 00000000 00010203 04050607
                ffffffff 00000000 31323334 41424344
                51525354 02626364 71727374 00000000`),
    zero: hex(` 32800000 00000000 00000000 00000000
                ffffffff 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 32800000 00000000 ffffffff ffffffff
                ffffffff 00000000 ffffffff ffffffff
                ffffffff ffffffff ffffffff 00000000`),
    limits: {
      asyncEvent: 0xff,
      asyncVCode: 0xff,
      parameter1: 0xffff,
      parameter2: 0xffff,
      parameter3: 0xffff,
    },
  },
  {
    name: "Reject",
    pdu: {
      opcode: Opcode.Reject,
      reason: 9,
      statSn: 0x31323334,
      expCmdSn: 0x41424344,
      maxCmdSn: 0x51525354,
      dataSn: 0x61626364,
    },
    bytes: hex(`3f800900 00000000 00000000 00000000
                ffffffff 00000000 31323334 41424344
                51525354 61626364 00000000 00000000`),
    zero: hex(` 3f800000 00000000 00000000 00000000
                ffffffff 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 3f80ff00 00000000 00000000 00000000
                ffffffff 00000000 ffffffff ffffffff
                ffffffff ffffffff 00000000 00000000`),
    limits: { reason: 0xff },
  },
];
