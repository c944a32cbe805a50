/**
 * What the initiator's PDUs say, for one line of a trace (RFC 7143 §11). Login and Text are in login_words.ts.
 *
 * @module
 */

import { commandFacts } from "../../scsi/command_table.ts";
import { AhsType, completeCdb, decodeAhs } from "../pdu/ahs.ts";
import { RESERVED_TAG } from "../pdu/bhs.ts";
import type { DataOut } from "../pdu/data_out.ts";
import { logoutReasonName, type LogoutRequest } from "../pdu/logout.ts";
import type { NopOut } from "../pdu/nop.ts";
import { BHS_CDB_LENGTH, type ScsiCommand, taskAttributeName } from "../pdu/scsi_command.ts";
import { type Snack, snackTypeName } from "../pdu/snack.ts";
import { taskManagementFunctionName, type TaskManagementRequest } from "../pdu/task_management.ts";
import { clipped } from "./one_line.ts";
import { dataLength, hexDigits, lun, named, type Segments, tag, type Words } from "./words.ts";

/** 32 bytes, which all CDBs of SPC-5 and SSC-4 fit in. */
const MAX_CDB_DIGITS = 64;

/** NOP-Out. */
export function nopOutWords(pdu: NopOut, segments: Segments): Words {
  return [
    tag("itt", pdu.itt),
    tag("ttt", pdu.ttt),
    pdu.ttt !== RESERVED_TAG && lun(pdu.lun),
    dataLength(segments),
    pdu.immediate && "I",
    named("cmdsn", pdu.cmdSn),
    named("expstatsn", pdu.expStatSn),
  ];
}

/** SCSI Command, with its CDB. */
export function scsiCommandWords(pdu: ScsiCommand, segments: Segments): Words {
  const list = decodeAhs(segments.ahs);
  const ahs = list.ok ? list.segments : [];
  const cdb = completeCdb(pdu.cdb, ahs);
  const facts = commandFacts(cdb, { deviceType: segments.deviceType });
  const bidirectional = ahs.find((one) => one.type === AhsType.BidirectionalReadLength);
  return [
    tag("itt", pdu.itt),
    lun(pdu.lun),
    facts.name,
    named("edtl", pdu.expectedDataTransferLength),
    bidirectional !== undefined && named("readlength", bidirectional.expectedReadLength),
    dataLength(segments),
    pdu.read && "R",
    pdu.write && "W",
    pdu.final && "F",
    pdu.immediate && "I",
    named("cmdsn", pdu.cmdSn),
    named("expstatsn", pdu.expStatSn),
    taskAttributeName(pdu.attributes),
    named("cdb", cdbDigits(cdb, facts.cdbLength)),
  ];
}

/** The header has room for 16 bytes, whatever the command needs; an extended CDB is as long as it should be. */
function cdbDigits(cdb: Uint8Array, usualLength: number): string {
  const bytes = cdb.length > BHS_CDB_LENGTH ? cdb : cdb.subarray(0, usualLength);
  return clipped(hexDigits(bytes), MAX_CDB_DIGITS);
}

/** Task Management Function Request. */
export function taskManagementRequestWords(pdu: TaskManagementRequest): Words {
  return [
    tag("itt", pdu.itt),
    lun(pdu.lun),
    taskManagementFunctionName(pdu.function),
    tag("referenced", pdu.referencedTaskTag),
    pdu.refCmdSn !== 0 && named("refcmdsn", pdu.refCmdSn),
    pdu.expDataSn !== 0 && named("expdatasn", pdu.expDataSn),
    pdu.immediate && "I",
    named("cmdsn", pdu.cmdSn),
    named("expstatsn", pdu.expStatSn),
  ];
}

/** SCSI Data-Out. */
export function dataOutWords(pdu: DataOut, { length }: Segments): Words {
  return [
    tag("itt", pdu.itt),
    tag("ttt", pdu.ttt),
    lun(pdu.lun),
    named("datasn", pdu.dataSn),
    named("offset", pdu.bufferOffset),
    named("length", length),
    pdu.final && "F",
    named("expstatsn", pdu.expStatSn),
  ];
}

/** Logout Request. */
export function logoutRequestWords(pdu: LogoutRequest): Words {
  return [
    tag("itt", pdu.itt),
    named("reason", logoutReasonName(pdu.reason)),
    named("cid", pdu.cid),
    pdu.immediate && "I",
    named("cmdsn", pdu.cmdSn),
    named("expstatsn", pdu.expStatSn),
  ];
}

/** SNACK Request. */
export function snackWords(pdu: Snack): Words {
  return [
    tag("itt", pdu.itt),
    tag("ttt", pdu.ttt),
    pdu.ttt !== RESERVED_TAG && lun(pdu.lun),
    snackTypeName(pdu.type),
    named("begrun", pdu.begRun),
    named("runlength", pdu.runLength),
    named("expstatsn", pdu.expStatSn),
  ];
}
