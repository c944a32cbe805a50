import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { type HeaderFixture, hex } from "./header_fixture.ts";

/** Every PDU that an initiator sends. */
export const INITIATOR_FIXTURES: readonly HeaderFixture[] = [
  {
    name: "NOP-Out",
    pdu: {
      opcode: Opcode.NopOut,
      immediate: true,
      lun: 0x0001020304050607n,
      itt: 0x11121314,
      ttt: 0x21222324,
      cmdSn: 0x31323334,
      expStatSn: 0x41424344,
    },
    bytes: hex(`40800000 00000000 00010203 04050607
                11121314 21222324 31323334 41424344
                00000000 00000000 00000000 00000000`),
    zero: hex(` 00800000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 40800000 00000000 ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff
                00000000 00000000 00000000 00000000`),
  },
  {
    name: "SCSI Command",
    pdu: {
      opcode: Opcode.ScsiCommand,
      immediate: false,
      final: true,
      read: true,
      write: false,
      attributes: 1,
      lun: 0x0001020304050607n,
      itt: 0x11121314,
      expectedDataTransferLength: 0x00040102,
      cmdSn: 0x31323334,
      expStatSn: 0x41424344,
      cdb: hex("c0c1c2c3 c4c5c6c7 c8c9cacb cccdcecf"),
    },
    bytes: hex(`01c10000 00000000 00010203 04050607
                11121314 00040102 31323334 41424344
                c0c1c2c3 c4c5c6c7 c8c9cacb cccdcecf`),
    zero: hex(` 01000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 41e70000 00000000 ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff`),
    limits: { attributes: 7 },
  },
  {
    name: "Task Management Function Request",
    pdu: {
      opcode: Opcode.TaskManagementRequest,
      immediate: true,
      function: 1,
      lun: 0x0001020304050607n,
      itt: 0x11121314,
      referencedTaskTag: 0x21222324,
      cmdSn: 0x31323334,
      expStatSn: 0x41424344,
      refCmdSn: 0x51525354,
      expDataSn: 0x61626364,
    },
    bytes: hex(`42810000 00000000 00010203 04050607
                11121314 21222324 31323334 41424344
                51525354 61626364 00000000 00000000`),
    zero: hex(` 02800000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 42ff0000 00000000 ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff
                ffffffff ffffffff 00000000 00000000`),
    limits: { function: 0x7f },
  },
  {
    name: "Login Request",
    pdu: {
      opcode: Opcode.LoginRequest,
      transit: true,
      continue: false,
      csg: 1,
      nsg: 3,
      versionMax: 5,
      versionMin: 4,
      isid: hex("80a1a2a3a4a5"),
      tsih: 0xb1b2,
      itt: 0x11121314,
      cid: 0xc1c2,
      cmdSn: 0x31323334,
      expStatSn: 0x41424344,
    },
    bytes: hex(`43870504 00000000 80a1a2a3 a4a5b1b2
                11121314 c1c20000 31323334 41424344
                00000000 00000000 00000000 00000000`),
    zero: hex(` 43000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 43cfffff 00000000 ffffffff ffffffff
                ffffffff ffff0000 ffffffff ffffffff
                00000000 00000000 00000000 00000000`),
    limits: { csg: 3, nsg: 3, versionMax: 0xff, versionMin: 0xff, tsih: 0xffff, cid: 0xffff },
  },
  {
    name: "Text Request",
    pdu: {
      opcode: Opcode.TextRequest,
      immediate: true,
      final: false,
      continue: true,
      lun: 0x0001020304050607n,
      itt: 0x11121314,
      ttt: 0xffffffff,
      cmdSn: 0x31323334,
      expStatSn: 0x41424344,
    },
    bytes: hex(`44400000 00000000 00010203 04050607
                11121314 ffffffff 31323334 41424344
                00000000 00000000 00000000 00000000`),
    zero: hex(` 04000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 44c00000 00000000 ffffffff ffffffff
                ffffffff ffffffff ffffffff ffffffff
                00000000 00000000 00000000 00000000`),
  },
  {
    name: "SCSI Data-Out",
    pdu: {
      opcode: Opcode.DataOut,
      final: true,
      lun: 0x0001020304050607n,
      itt: 0x11121314,
      ttt: 0x21222324,
      expStatSn: 0x41424344,
      dataSn: 0x61626364,
      bufferOffset: 0x71727374,
    },
    bytes: hex(`05800000 00000000 00010203 04050607
                11121314 21222324 00000000 41424344
                00000000 61626364 71727374 00000000`),
    zero: hex(` 05000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 05800000 00000000 ffffffff ffffffff
                ffffffff ffffffff 00000000 ffffffff
                00000000 ffffffff ffffffff 00000000`),
  },
  {
    name: "Logout Request",
    pdu: {
      opcode: Opcode.LogoutRequest,
      immediate: true,
      reason: 1,
      itt: 0x11121314,
      cid: 0xc1c2,
      cmdSn: 0x31323334,
      expStatSn: 0x41424344,
    },
    bytes: hex(`46810000 00000000 00000000 00000000
                11121314 c1c20000 31323334 41424344
                00000000 00000000 00000000 00000000`),
    zero: hex(` 06800000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 46ff0000 00000000 00000000 00000000
                ffffffff ffff0000 ffffffff ffffffff
                00000000 00000000 00000000 00000000`),
    limits: { reason: 0x7f, cid: 0xffff },
  },
  {
    name: "SNACK Request",
    pdu: {
      opcode: Opcode.Snack,
      type: 2,
      lun: 0x0001020304050607n,
      itt: 0xffffffff,
      ttt: 0x21222324,
      expStatSn: 0x41424344,
      begRun: 0x71727374,
      runLength: 0x81828384,
    },
    bytes: hex(`10820000 00000000 00010203 04050607
                ffffffff 21222324 00000000 41424344
                00000000 00000000 71727374 81828384`),
    zero: hex(` 10800000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000
                00000000 00000000 00000000 00000000`),
    full: hex(` 108f0000 00000000 ffffffff ffffffff
                ffffffff ffffffff 00000000 ffffffff
                00000000 00000000 ffffffff ffffffff`),
    limits: { type: 0x0f },
  },
];
