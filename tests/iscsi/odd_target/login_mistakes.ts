/** What a target must not do in a login, of which none may come to a session that believes it. */

import { type LoginResponse, LoginStage } from "../../../iscsi/pdu/login.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import type { TargetPdu } from "../../../iscsi/pdu/pdu.ts";
import { concat } from "../../../transport/concat.ts";
import type { Random } from "../../scsi/random.ts";
import { pick } from "../walk/walk_settings.ts";
import type { OddConnection } from "./odd_connection.ts";

/** A Login Response as it would be right. */
export interface SpoiledLogin {
  readonly random: Random;
  readonly connection: OddConnection;
  readonly pdu: LoginResponse;
  readonly text: Uint8Array;
  /** What has been said before. */
  readonly before: Uint8Array;
  /** T bit of the request. */
  readonly wantsTransit: boolean;
  readonly isLast: boolean;
}

/** Sends something else, after which the login must fail; false where there is no occasion for it. */
type LoginMistake = (login: SpoiledLogin) => boolean;

function said(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function instead(
  change: (login: SpoiledLogin) => Partial<LoginResponse> | undefined,
): LoginMistake {
  return (login) => {
    const fields = change(login);
    if (fields === undefined) return false;
    login.connection.send({ ...login.pdu, ...fields }, login.text);
    return true;
  };
}

/** Adds to the text, where the stage or the text does not make that right by chance. */
function adding(more: (login: SpoiledLogin) => Uint8Array | string): LoginMistake {
  return (login) => {
    if (login.pdu.continue) return false;
    const text = more(login);
    const bytes = typeof text === "string" ? said(text) : text;
    login.connection.send(login.pdu, concat([login.text, bytes]));
    return true;
  };
}

/** A key that came before, and what it was. */
function has(text: Uint8Array, key: string): boolean {
  return new TextDecoder().decode(text).includes(`${key}=`);
}

function keyOf(key: string, value: string): LoginMistake {
  return (login) => {
    if (login.pdu.csg !== LoginStage.LoginOperationalNegotiation || has(login.text, key)) {
      return false;
    }
    return adding(() => `${key}=${value}\0`)(login);
  };
}

export const LOGIN_MISTAKES: Readonly<Record<string, LoginMistake>> = {
  "another stage": instead(({ pdu }) => ({ csg: pdu.csg === 0 ? 1 : 0 })),
  "the reserved stage": instead(() => ({ csg: 2 })),
  "a stage that was not asked for": instead(({ pdu }) =>
    pdu.transit ? { nsg: pdu.nsg === 3 ? 1 : 3 } : undefined
  ),
  "T though the request has none": instead(({ wantsTransit, pdu }) =>
    wantsTransit ? undefined : { transit: true, nsg: pdu.csg === 0 ? 1 : 3 }
  ),
  "T and C together": instead(({ pdu }) => pdu.transit ? { continue: true } : undefined),
  "another version": instead(({ random }) => ({ versionActive: 1 + random.below(255) })),
  "another ISID": instead(({ pdu }) => ({ isid: pdu.isid.map((byte) => byte ^ 1) })),
  "another tag": instead(({ pdu }) => ({ itt: pdu.itt ^ 1 })),
  "no TSIH": instead(({ isLast }) => isLast ? { tsih: 0 } : undefined),
  "a refusal": instead(({ random }) => ({
    statusClass: pick(random, [2, 3, 4, 255]),
    statusDetail: random.below(256),
  })),
  "a redirect to nowhere": ({ connection, pdu, random }) => {
    const text = pick(random, ["", "TargetAddress=\0", "TargetAddress=:::\0", "X\0"]);
    connection.send({ ...pdu, statusClass: 1, statusDetail: 1 }, said(text));
    return true;
  },
  "a PDU that is no Login Response": ({ connection, pdu, random }) => {
    const { itt, statSn, expCmdSn, maxCmdSn } = pdu;
    const common = { itt, statSn, expCmdSn, maxCmdSn };
    connection.send(
      pick<TargetPdu>(random, [
        { opcode: Opcode.Reject, reason: 4, dataSn: 0, ...common },
        { opcode: Opcode.NopIn, lun: 0n, ttt: 1, ...common },
        { opcode: Opcode.TaskManagementResponse, response: 0, ...common },
      ]),
      random.bytes(48),
    );
    return true;
  },
  "a text without NUL": adding(() => "X-key=value"),
  "a text without an equals sign": adding(() => "nothing\0"),
  "a key without a name": adding(() => "=value\0"),
  "a key that is too long": adding(() => `${"k".repeat(64)}=value\0`),
  "a value that is too long": adding(() => `X-key=${"v".repeat(8193)}\0`),
  "a text that is not UTF-8": adding(() => Uint8Array.of(0x58, 0x3d, 0xff, 0xfe, 0)),
  "garbage": adding(({ random }) => random.bytes(1 + random.below(500)).map((byte) => byte | 0x80)),
  "a key twice": adding(() => "X-key=1\0X-key=2\0"),
  "a key that came before": (login) => {
    const again = /(?:InitialR2T|MaxBurstLength|ErrorRecoveryLevel)=[^\0]*\0/;
    const pair = again.exec(new TextDecoder().decode(login.before))?.[0];
    return pair !== undefined && adding(() => pair)(login);
  },
  "a key of the initiator's": adding(() => "InitiatorName=iqn.a\0"),
  "a security key in the operational stage": (login) =>
    login.pdu.csg === 1 && adding(() => "AuthMethod=None\0")(login),
  "an operational key in the security stage": (login) =>
    login.pdu.csg === 0 && adding(() => "MaxBurstLength=512\0")(login),
  "a length out of its range": keyOf("MaxRecvDataSegmentLength", "511"),
  "more than a burst that was offered": keyOf("MaxBurstLength", "16777215"),
  "more R2Ts than were offered": keyOf("MaxOutstandingR2T", "9"),
  "no number": keyOf("DefaultTime2Retain", "12x"),
  "neither Yes nor No": keyOf("InitialR2T", "yes"),
  "a digest that there is not": keyOf("HeaderDigest", "MD5"),
  "an empty value": keyOf("ErrorRecoveryLevel", ""),
  "a segment beyond 8192 bytes": ({ connection, pdu }) => {
    connection.send(pdu, new Uint8Array(8193));
    return true;
  },
  "a length without data": ({ connection, pdu }) => {
    connection.send(pdu, new Uint8Array(0), { length: 100 });
    return true;
  },
  "silence": () => true,
  "an end": ({ connection }) => {
    connection.close();
    return true;
  },
  "an end in the middle": ({ connection, random }) => {
    const bytes = random.bytes(1 + random.below(47));
    bytes[0] = Opcode.LoginResponse;
    connection.sendBytes(bytes);
    connection.end();
    return true;
  },
  "anything at all": ({ connection, random }) => {
    connection.sendBytes(random.bytes(1000));
    return true;
  },
  "a text that never ends": ({ connection, pdu }) => {
    connection.talksOn = { ...pdu, transit: false, nsg: 0, continue: true };
    connection.send(connection.talksOn, new Uint8Array(8000).fill(0x61));
    return true;
  },
  "a login that never ends": ({ connection, pdu }) => {
    connection.talksOn = { ...pdu, transit: false, nsg: 0 };
    connection.send(connection.talksOn);
    return true;
  },
  "CHAP with a key less": chap((pairs, random) => pairs.splice(random.below(pairs.length), 1)),
  "CHAP with another algorithm": chapValue("CHAP_A", "7"),
  "CHAP with an identifier out of range": chapValue("CHAP_I", "256"),
  "CHAP with no challenge": chapValue("CHAP_C", "0x"),
  "CHAP with a challenge that is too long": chapValue("CHAP_C", `0x${"ab".repeat(1025)}`),
  "CHAP with a challenge that is no number": chapValue("CHAP_C", "abcd"),
  "CHAP with a wrong response": chapValue("CHAP_R", `0x${"00".repeat(16)}`),
  "CHAP with a short response": chapValue("CHAP_R", "0x00"),
  "CHAP with another name": chapValue("CHAP_N", "somebody"),
  "another method": (login) => replaced(login, "AuthMethod", "KRB5"),
};

function chap(change: (pairs: string[], random: Random) => void): LoginMistake {
  return (login) => {
    const pairs = new TextDecoder().decode(login.text).split("\0").slice(0, -1);
    const own = pairs.filter((pair) => pair.startsWith("CHAP_"));
    if (own.length === 0 || login.pdu.continue) return false;
    const others = pairs.filter((pair) => !pair.startsWith("CHAP_"));
    change(own, login.random);
    login.connection.send(login.pdu, said([...others, ...own].map((pair) => `${pair}\0`).join("")));
    return true;
  };
}

function chapValue(key: string, value: string): LoginMistake {
  return (login) => replaced(login, key, value);
}

function replaced(login: SpoiledLogin, key: string, value: string): boolean {
  const text = new TextDecoder().decode(login.text);
  if (!has(login.text, key) || login.pdu.continue) return false;
  const pattern = new RegExp(`${key}=[^\0]*\0`);
  login.connection.send(login.pdu, said(text.replace(pattern, () => `${key}=${value}\0`)));
  return true;
}
