import assert from "node:assert/strict";
import { chapResponse } from "../../../iscsi/negotiation/chap.ts";
import { decodeText, type KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { formatBinary, parseBinary } from "../../../iscsi/negotiation/text_values.ts";
import type { LoginResponse } from "../../../iscsi/pdu/login.ts";
import {
  INITIATOR_NAME,
  type Received,
  type ScriptedInitiator,
  TARGET_NAME,
} from "./scripted_initiator.ts";

const NAMES: KeyValuePair[] = [["InitiatorName", INITIATOR_NAME], ["TargetName", TARGET_NAME]];

/** What a CHAP login says beside the secret. */
export interface ChapLogin {
  readonly tsih?: number;
  /** Keys that go along with the response. */
  readonly further?: readonly KeyValuePair[];
  /** The challenge that the target sent, and what it said beside. */
  readonly onChallenge?: (said: ReadonlyMap<string, string>) => readonly KeyValuePair[];
}

/** CHAP up to the response, which `secret` makes. */
export async function answerChallenge(
  initiator: ScriptedInitiator,
  secret: string,
  login: ChapLogin = {},
): Promise<Received<LoginResponse>> {
  const { tsih, further = [], onChallenge = () => [] } = login;
  const fields = { csg: 0, nsg: 1, tsih };
  const methods: KeyValuePair = ["AuthMethod", "CHAP,None"];
  const first = await initiator.loginRound(fields, [...NAMES, methods]);
  assert.equal(keys(first).get("AuthMethod"), "CHAP");
  assert.equal(first.pdu.transit, false);
  const said = keys(await initiator.loginRound(fields, [["CHAP_A", "5"]]));
  const question = {
    algorithm: "md5" as const,
    identifier: Number(said.get("CHAP_I")),
    challenge: parseBinary(said.get("CHAP_C")!, 1024)!,
  };
  const response = chapResponse(question, new TextEncoder().encode(secret));
  return await initiator.loginRound(fields, [
    ["CHAP_N", "reader"],
    ["CHAP_R", formatBinary(response)],
    ...further,
    ...onChallenge(said),
  ]);
}

function keys({ data }: Received): Map<string, string> {
  return new Map(decodeText(data));
}
