/**
 * What two sides have agreed on: the effective parameters of one connection and its session.
 *
 * @module
 */

/** Effective parameters of a connection and its session (RFC 7143 §13). A plain value, never changed once handed out. */
export interface NegotiatedParameters {
  /** Every PDU of the full feature phase carries a CRC32C over its header (§13.1). */
  readonly headerDigest: boolean;
  /** Every PDU of the full feature phase carries a CRC32C over its data (§13.1). */
  readonly dataDigest: boolean;
  /** Connections that the session may have (§13.2). */
  readonly maxConnections: number;
  /** True: no Data-Out before an R2T (§13.10). */
  readonly initialR2T: boolean;
  /** True: a SCSI Command may carry data (§13.11). */
  readonly immediateData: boolean;
  /** Bytes of data in one PDU that we may send: what the peer declared, 8192 if it did not (§13.12). */
  readonly maxSendDataSegmentLength: number;
  /** Bytes of data in one PDU that the peer may send: what we declared (§13.12). */
  readonly maxReceiveDataSegmentLength: number;
  /** Bytes of one Data-In sequence, or of one solicited Data-Out sequence (§13.13). */
  readonly maxBurstLength: number;
  /** Bytes of unsolicited data for one command; never above `maxBurstLength` (§13.14). */
  readonly firstBurstLength: number;
  /** Seconds to wait before connecting again after a drop (§13.15). */
  readonly defaultTime2Wait: number;
  /** Seconds after that wait during which tasks may be taken over (§13.16). */
  readonly defaultTime2Retain: number;
  /** R2Ts of one task that may be open at the same time (§13.17). */
  readonly maxOutstandingR2T: number;
  /** Data PDUs of a sequence come with increasing offsets (§13.18). */
  readonly dataPduInOrder: boolean;
  /** Sequences of a command come with increasing offsets (§13.19). */
  readonly dataSequenceInOrder: boolean;
  /** 0 session recovery, 1 digest recovery, 2 connection recovery (§13.20). */
  readonly errorRecoveryLevel: number;
  /** How task management is reported: `RFC3720`, `ResponseFence` or `FastAbort` (§13.23). */
  readonly taskReporting: string;
  /** Level of the protocol that both support; 1 is RFC 7143 (§13.24). */
  readonly protocolLevel: number;
  /** The target's portal group tag (§13.9), when it told. */
  readonly targetPortalGroupTag?: number;
  /** What people call the target (§13.6), when it told. */
  readonly targetAlias?: string;
  /** What people call the initiator (§13.7), when it told. */
  readonly initiatorAlias?: string;
  /**
   * Keys that RFC 7143 does not define. On the initiator: our offers with the target's answers, `NotUnderstood`
   * among them. On the target: the initiator's offers that were answered with a value.
   */
  readonly extra: Readonly<Record<string, string>>;
}

/** Whether the data of a command goes over the wire in the order of its offsets. */
export function isInOrder(
  { dataPduInOrder, dataSequenceInOrder }: NegotiatedParameters,
): boolean {
  return dataPduInOrder && dataSequenceInOrder;
}

/** What holds when nothing is negotiated: the defaults of RFC 7143 §13. */
export const DEFAULT_PARAMETERS: NegotiatedParameters = {
  headerDigest: false,
  dataDigest: false,
  maxConnections: 1,
  initialR2T: true,
  immediateData: true,
  maxSendDataSegmentLength: 8192,
  maxReceiveDataSegmentLength: 8192,
  maxBurstLength: 262144,
  firstBurstLength: 65536,
  defaultTime2Wait: 2,
  defaultTime2Retain: 20,
  maxOutstandingR2T: 1,
  dataPduInOrder: true,
  dataSequenceInOrder: true,
  errorRecoveryLevel: 0,
  taskReporting: "RFC3720",
  protocolLevel: 1,
  extra: {},
};
