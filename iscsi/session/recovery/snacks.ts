/**
 * SNACK Requests (RFC 7143 §11.16): asking for what was lost, and acknowledging data. Each has the numbers as they stand
 * when it is written.
 *
 * @module
 */

import { RESERVED_TAG } from "../../pdu/bhs.ts";
import { Opcode } from "../../pdu/opcode.ts";
import { encodeSnack, SnackType } from "../../pdu/snack.ts";
import type { InitiatorConnection } from "../connection/initiator_connection.ts";
import type { NumberRun } from "../connection/status_sequence.ts";
import type { DataAcknowledgement } from "./data_recovery.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

interface SnackFields {
  readonly type: number;
  readonly lun?: bigint;
  readonly itt?: number;
  readonly ttt?: number;
  readonly begRun: number;
  readonly runLength: number;
}

function sendSnack(connection: InitiatorConnection, fields: SnackFields): void {
  sendIfNeeded(connection, () => fields);
}

/** `fields` is asked when the SNACK is written, and has none when there is no need for it any more. */
function sendIfNeeded(connection: InitiatorConnection, fields: () => SnackFields | undefined) {
  connection.sendAnswer((bhs) => {
    const snack = fields();
    if (snack === undefined) return undefined;
    const { type, lun = 0n, itt = RESERVED_TAG, ttt = RESERVED_TAG, begRun, runLength } = snack;
    const { expStatSn } = connection.status;
    encodeSnack(
      { opcode: Opcode.Snack, type, lun, itt, ttt, expStatSn, begRun, runLength },
      bhs,
    );
    return NO_BYTES;
  });
}

/** Data/R2T SNACK: Data-In PDUs or R2Ts of a command, by their numbers. */
export function sendDataSnack(
  connection: InitiatorConnection,
  itt: number,
  { begin, length }: NumberRun,
): void {
  sendSnack(connection, { type: SnackType.DataR2t, itt, begRun: begin, runLength: length });
}

/** Status SNACK: responses, by their StatSN. */
export function sendStatusSnack(
  connection: InitiatorConnection,
  { begin, length }: NumberRun,
): void {
  sendSnack(connection, { type: SnackType.Status, begRun: begin, runLength: length });
}

/** DataACK: `acknowledged` says what, once the SNACK is written. */
export function sendDataAck(
  connection: InitiatorConnection,
  acknowledged: () => DataAcknowledgement | undefined,
): void {
  sendIfNeeded(connection, () => {
    const what = acknowledged();
    if (what === undefined) return undefined;
    const { ttt, lun, nextDataSn } = what;
    return { type: SnackType.DataAck, lun, ttt, begRun: nextDataSn, runLength: 0 };
  });
}

/**
 * R-Data SNACK: everything that was not acknowledged, cut anew, since the length of the segments that we accept has
 * changed. The response then carries `snackTag`.
 */
export function sendResegmentingSnack(
  connection: InitiatorConnection,
  itt: number,
  snackTag: number,
): void {
  sendSnack(connection, { type: SnackType.RData, itt, ttt: snackTag, begRun: 0, runLength: 0 });
}
