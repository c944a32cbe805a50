/**
 * A target that is being served, as its owner sees it.
 *
 * @module
 */

import { ConnectionLostError, InvalidOptionError } from "../../iscsi/errors.ts";
import type { NegotiatedParameters } from "../../iscsi/negotiation/negotiated_parameters.ts";
import { formatPortal } from "../../iscsi/portal.ts";
import type { NetworkAddress } from "../../transport/byte_stream.ts";
import type { TargetAsyncMessage } from "./output/async_answer.ts";
import type { ServingPortal } from "./portal.ts";
import type { SessionConnection } from "./session/session_connection.ts";
import type { SimulatedTarget } from "./target.ts";
import type { TargetRedirect } from "./target_options.ts";
import type { TargetSession } from "./session/target_session.ts";

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
  /** The connections that carry it now, the oldest first; none while it waits for its initiator to come back. */
  readonly connections: readonly TargetConnectionInfo[];
  /** As {@link TargetConnectionInfo.sendAsync}, on its oldest connection. */
  sendAsync(message: TargetAsyncMessage): void;
  /** Breaks all of its connections, as cables that are pulled: no farewell. */
  disconnect(): void;
}

/** A connection of a session. */
export interface TargetConnectionInfo {
  /** Connection ID, which the initiator chose. */
  readonly cid: number;
  /** What was agreed for this connection and its session. */
  readonly parameters: NegotiatedParameters;
  /**
   * Sends an Async Message, and does what it says (RFC 7143 §11.9.1). After event 2 the target closes the connection
   * that `parameter1` names, this one by default; after 3 all of the session; after 1 and 4 this one, unless the
   * initiator logs out or negotiates within `parameter3` seconds; after 5 the tasks of the session at `lun` have ended.
   */
  sendAsync(message: TargetAsyncMessage): void;
  /** Breaks the connection, as a cable that is pulled: no farewell. */
  disconnect(): void;
}

/** A target that accepts connections. */
export interface RunningTarget {
  /** Where it listens. */
  readonly address: NetworkAddress;
  /** iSCSI name; that of the first, where there are further targets. */
  readonly targetName: string;
  /**
   * The address of each device, target by target, in the order of their LUNs: `iscsi://HOST:PORT/IQN/LUN`. There is a
   * first one wherever there is a device.
   */
  readonly urls: readonly [string, ...string[]];
  /** The sessions that there are now, the oldest first. Discovery sessions are not among them. */
  sessions(): TargetSessionInfo[];
  /**
   * Sends logins elsewhere from now on, or lets them in again without `redirect`. Sessions that there are stay: Async
   * Message 1 asks them to log out. `targetName` says which target, when there are several; the first by default.
   *
   * @throws {InvalidOptionError} when no target has that name.
   */
  redirect(redirect: TargetRedirect | undefined, targetName?: string): void;
  /** Sends an Async Message on the oldest connection of each session, and does what it says. */
  sendAsync(message: TargetAsyncMessage): void;
  /**
   * Stops accepting, ends all sessions, and closes the devices. Calling it again waits for the same end.
   *
   * @throws {MediumStoreError} when a tape image cannot be written back; all else is closed all the same.
   */
  close(): Promise<void>;
}

/** What a {@link RunningTarget} is made of. */
export interface RunningTargetParts {
  readonly portal: ServingPortal;
  /** The first gives the name. */
  readonly targets: readonly SimulatedTarget[];
  readonly address: NetworkAddress;
  readonly closeDevices: boolean;
}

/** Puts the parts together. */
export function runningTarget(parts: RunningTargetParts): RunningTarget {
  const { portal, targets, address } = parts;
  const [{ name }] = targets;
  let closing: Promise<void> | undefined;
  return {
    address,
    targetName: name,
    urls: targets.flatMap((target) =>
      target.luns().map((lun) => `iscsi://${formatPortal(address)}/${target.name}/${lun}`)
    ) as [string, ...string[]],
    sessions: () => targets.flatMap((target) => target.sessions().map(sessionInfo)),
    redirect: (redirect, targetName = name) => {
      targetNamed(targets, targetName).redirect = redirect;
    },
    sendAsync: (message) => {
      for (const target of targets) {
        for (const { connections } of target.sessions()) connections[0]?.sendAsync(message);
      }
    },
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

function targetNamed(targets: readonly SimulatedTarget[], text: string): SimulatedTarget {
  const target = targets.find(({ name }) => name === text.toLowerCase());
  if (target) return target;
  throw new InvalidOptionError("targetName", `Cannot redirect: no target has the name "${text}"`);
}

function sessionInfo(session: TargetSession): TargetSessionInfo {
  const { nexus, connections, tsih, authenticatedAs, tasks, parameters } = session;
  const infos = connections.map(connectionInfo);
  return {
    initiatorName: nexus.initiatorName,
    isid: nexus.isid,
    tsih,
    targetName: session.target!.name,
    authenticatedAs,
    parameters: infos[0]?.parameters ?? parameters,
    commands: tasks.size,
    connections: infos,
    sendAsync: (message) => infos[0]?.sendAsync(message),
    disconnect: () => infos.forEach((info) => info.disconnect()),
  };
}

function connectionInfo(connection: SessionConnection): TargetConnectionInfo {
  return {
    cid: connection.cid,
    parameters: connection.parameters,
    sendAsync: (message) => connection.sendAsync(message),
    disconnect: () =>
      connection.close(new ConnectionLostError("The target was told to disconnect")),
  };
}
