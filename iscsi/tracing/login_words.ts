/**
 * What Login and Text PDUs say, for one line of a trace (RFC 7143 §11.10 to §11.13).
 *
 * @module
 */

import { RESERVED_TAG } from "../pdu/bhs.ts";
import { codeName, type CodeNames } from "../pdu/code_name.ts";
import { type LoginRequest, type LoginResponse, LoginStage } from "../pdu/login.ts";
import { LoginStatusClass, loginStatusName } from "../pdu/login_status.ts";
import type { TextRequest, TextResponse } from "../pdu/text.ts";
import { redactedText } from "./redacted_text.ts";
import { commandWindow, hexDigits, lun, named, type Segments, tag, type Words } from "./words.ts";

const STAGE_NAMES: CodeNames = {
  [LoginStage.SecurityNegotiation]: "security",
  [LoginStage.LoginOperationalNegotiation]: "operational",
  [LoginStage.FullFeaturePhase]: "full-feature",
};

/** Login Request. */
export function loginRequestWords(pdu: LoginRequest, segments: Segments): Words {
  return [
    tag("itt", pdu.itt),
    ...stageWords(pdu),
    versionWord(pdu.versionMax, pdu.versionMin),
    named("cid", pdu.cid),
    named("cmdsn", pdu.cmdSn),
    named("expstatsn", pdu.expStatSn),
    keys(segments),
  ];
}

/** Login Response. Its numbers mean something with Status-Class 0 alone (RFC 7143 §11.13.4). */
export function loginResponseWords(pdu: LoginResponse, segments: Segments): Words {
  const succeeded = pdu.statusClass === LoginStatusClass.Success;
  return [
    tag("itt", pdu.itt),
    named("status", loginStatusName(pdu.statusClass, pdu.statusDetail)),
    ...stageWords(pdu),
    versionWord(pdu.versionMax, pdu.versionActive),
    succeeded && named("statsn", pdu.statSn),
    succeeded && commandWindow(pdu),
    keys(segments),
  ];
}

/** Text Request. */
export function textRequestWords(pdu: TextRequest, segments: Segments): Words {
  return [
    tag("itt", pdu.itt),
    ...sequenceWords(pdu),
    pdu.immediate && "I",
    named("cmdsn", pdu.cmdSn),
    named("expstatsn", pdu.expStatSn),
    keys(segments),
  ];
}

/** Text Response. */
export function textResponseWords(pdu: TextResponse, segments: Segments): Words {
  return [
    tag("itt", pdu.itt),
    ...sequenceWords(pdu),
    named("statsn", pdu.statSn),
    commandWindow(pdu),
    keys(segments),
  ];
}

function stageWords(pdu: LoginRequest | LoginResponse): Words {
  return [
    named("csg", codeName(STAGE_NAMES, pdu.csg)),
    pdu.transit && named("nsg", codeName(STAGE_NAMES, pdu.nsg)),
    pdu.transit && "T",
    pdu.continue && "C",
    named("isid", hexDigits(pdu.isid)),
    named("tsih", pdu.tsih),
  ];
}

/** The one version there is goes without saying. */
function versionWord(max: number, other: number): string | false {
  return (max !== 0 || other !== 0) && `version=${max}/${other}`;
}

function sequenceWords(pdu: TextRequest | TextResponse): Words {
  return [
    tag("ttt", pdu.ttt),
    pdu.ttt !== RESERVED_TAG && lun(pdu.lun),
    pdu.final && "F",
    pdu.continue && "C",
  ];
}

function keys({ data, length, continued }: Segments): string | false {
  return length > 0 && `keys: ${redactedText(data, { continued, cut: data.length < length })}`;
}
