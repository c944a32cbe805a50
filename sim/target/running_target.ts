/**
 * A target that is being served, as its owner sees it.
 *
 * @module
 */

import { ConnectionLostError } from "../../iscsi/errors.ts";
import type { NegotiatedParameters } from "../../iscsi/negotiation/negotiated_parameters.ts";
import { formatPortal } from "../../iscsi/portal.ts";
import type { NetworkAddress } from "../../transport/byte_stream.ts";
import type { TargetAsyncMessage } from "./async_answer.ts";
import type { ServingPortal } from "./portal.ts";
import type { SimulatedTarget } from "./target.ts";
import type { TargetSession } from "./target_session.ts";

/** A session that an initiator has with the target. */
export interface TargetSessionInfo {
  /** The initiator's iSCSI name. */
  readonly initiatorName: string;
  /** ISID as 12 hex digits. */
  readonly isid: string;
  /** The target's handle of the session. */
  readonly tsih: number;
  /** iSCSI name of the target. */
  readonly targetName: string;
  /** CHAP name that was proven; undefined without authentication. */
  readonly authenticatedAs: string | undefined;
  /** What was agreed. */
  readonly parameters: NegotiatedParameters;
  /** SCSI commands that have not been answered. */
  readonly commands: number;
  /**
   * Sends an Async Message. After events 2 and 3 the target closes the connection; after 1 and 4 it does so unless the
   * initiator acts within `parameter3` seconds.
   */
  sendAsync(message: TargetAsyncMessage): void;
  /** Breaks the connection, as a cable that is pulled: no farewell. */
  disconnect(): void;
}

/** A target that accepts connections. */
export interface RunningTarget {
  /** Where it listens. */
  readonly address: NetworkAddress;
  /** iSCSI name. */
  readonly targetName: string;
  /** The address of each of its devices, in the order of their LUNs: `iscsi://HOST:PORT/IQN/LUN`. */
  readonly urls: readonly string[];
  /** The sessions that there are now, the oldest first. Discovery sessions are not among them. */
  sessions(): TargetSessionInfo[];
  /**
   * Stops accepting, ends all sessions, and closes the devices. Calling it again waits for the same end.
   *
   * @throws {MediumError} when a tape image cannot be written back; all else is closed all the same.
   */
  close(): Promise<void>;
}

/** What a {@link RunningTarget} is made of. */
export interface RunningTargetParts {
  readonly portal: ServingPortal;
  /** The first gives the name and the addresses. */
  readonly targets: readonly SimulatedTarget[];
  readonly address: NetworkAddress;
  readonly closeDevices: boolean;
}

/** Puts the parts together. */
export function runningTarget(parts: RunningTargetParts): RunningTarget {
  const { portal, targets, address } = parts;
  const [{ name, luns }] = targets.map((target) => ({ name: target.name, luns: target.luns() }));
  let closing: Promise<void> | undefined;
  return {
    address,
    targetName: name,
    urls: luns.map((lun) => `iscsi://${formatPortal(address)}/${name}/${lun}`),
    sessions: () => targets.flatMap((target) => target.sessions().map(sessionInfo)),
    close: () => closing ??= closeAll(parts, portal),
  };
}

async function closeAll(parts: RunningTargetParts, portal: ServingPortal): Promise<void> {
  await portal.close();
  if (!parts.closeDevices) return;
  const closing = parts.targets.map((target) => target.closeDevices());
  const failed = (await Promise.allSettled(closing)).find(({ status }) => status === "rejected");
  if (failed) throw (failed as PromiseRejectedResult).reason;
}

function sessionInfo(session: TargetSession): TargetSessionInfo {
  const { nexus, connection, tsih, authenticatedAs, tasks } = session;
  return {
    initiatorName: nexus.initiatorName,
    isid: nexus.isid,
    tsih,
    targetName: session.target!.name,
    authenticatedAs,
    parameters: connection.parameters,
    commands: tasks.size,
    sendAsync: (message) => connection.sendAsync(message),
    disconnect: () =>
      connection.close(new ConnectionLostError("The target was told to disconnect")),
  };
}
