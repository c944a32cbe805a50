/**
 * From the header of a SCSI Command PDU to a task (RFC 7143 §11.3).
 *
 * @module
 */

import { ProtocolError } from "../../../iscsi/errors.ts";
import { type Ahs, AhsType, completeCdb, decodeAhs } from "../../../iscsi/pdu/ahs.ts";
import { BHS_LENGTH, RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import {
  decodeScsiCommand,
  type ScsiCommand,
  TaskAttribute,
} from "../../../iscsi/pdu/scsi_command.ts";
import type { SessionConnection } from "../session/session_connection.ts";
import type { TargetSession } from "../session/target_session.ts";
import { DataCollection } from "../tasks/data_collection.ts";
import { TargetTask } from "../tasks/target_task.ts";
import { UnitQueue } from "../tasks/unit_queue.ts";
import { AbsentUnit } from "../tasks/absent_unit.ts";

/**
 * Makes the task of a command whose header has arrived, with memory for its data. `immediate` is the length of the data
 * segment.
 *
 * @throws {ProtocolError} when the header contradicts itself, or its tag is in use.
 */
export function acceptCommand(
  session: TargetSession,
  connection: SessionConnection,
  header: Uint8Array,
  immediate: number,
): TargetTask {
  const command = decodeScsiCommand(header);
  const segments = additionalSegments(header);
  checkCommand(session, command);
  const cdb = completeCdb(command.cdb, segments);
  const unit = session.target?.unit(command.lun, session.nexus.initiatorName) ??
    new UnitQueue(new AbsentUnit());
  const expected = command.write ? command.expectedDataTransferLength : 0;
  // A command that comes before this one, and has not arrived, may change what the CDB asks for.
  const isNext = command.immediate || command.cmdSn === session.order.expCmdSn;
  const asked = command.write && unit.idle && isNext
    ? Math.min(unit.device.dataOutLength(cdb), expected)
    : expected;
  const refused = asked > session.limits.maxTransferBytes;
  const hasData = command.write || immediate > 0 || !command.final;
  const announced = { expected, wanted: refused ? 0 : asked, immediate, final: command.final };
  const task = new TargetTask({
    owner: session,
    connection,
    unit,
    command,
    cdb,
    readLength: readLengthOf(command, segments),
    collection: hasData
      ? new DataCollection(announced, connection.parameters, session.buffers)
      : undefined,
    refused,
  });
  session.reserve(task);
  return task;
}

function additionalSegments(header: Uint8Array): readonly Ahs[] {
  if (header.length === BHS_LENGTH) return [];
  const list = decodeAhs(header.subarray(BHS_LENGTH));
  if (list.ok) return list.segments;
  throw new ProtocolError(`Receive SCSI Command: ${list.problem}`);
}

/**
 * Checks that no task of the session has the tag of a command.
 *
 * @throws {ProtocolError} when one has.
 */
export function checkTag({ tasks }: TargetSession, { itt }: ScsiCommand): void {
  if (itt !== RESERVED_TAG && tasks.get(itt) === undefined) return;
  throw new ProtocolError(`Receive SCSI Command: its tag ${itt} is reserved or in use`);
}

function checkCommand(session: TargetSession, command: ScsiCommand): void {
  checkTag(session, command);
  if (!command.final && !command.write) {
    throw new ProtocolError("Receive SCSI Command: it announces data to come, but no write");
  }
  if (command.attributes > TaskAttribute.Aca) {
    throw new ProtocolError(
      `Receive SCSI Command: task attribute ${command.attributes} is reserved`,
    );
  }
}

/** Bidirectional commands say in a segment of its own how much they read (RFC 7143 §11.2.2.4). */
function readLengthOf(command: ScsiCommand, segments: readonly Ahs[]): number {
  if (!command.read) return command.write ? 0 : command.expectedDataTransferLength;
  if (!command.write) return command.expectedDataTransferLength;
  const segment = segments.find((ahs) => ahs.type === AhsType.BidirectionalReadLength);
  return segment?.expectedReadLength ?? 0;
}
