/**
 * What goes in and out of the two login state machines: header fields, texts, and what to do next.
 *
 * @module
 */

import type { NegotiatedParameters } from "./negotiated_parameters.ts";

/** Fields of a Login Request that the state machine decides (RFC 7143 §11.12); the owner adds ITT, CID and numbers. */
export interface LoginRequestFields {
  /** T bit. */
  readonly transit: boolean;
  /** C bit: the text goes on in the next request. */
  readonly continue: boolean;
  /** Current stage: 0 security, 1 operational. */
  readonly csg: number;
  /** Next stage: 1 operational, 3 full feature; 0 when `transit` is not set. */
  readonly nsg: number;
}

/** Fields of a Login Request that the target's state machine reads. */
export interface LoginRequestHeader extends LoginRequestFields {
  /** Lowest version that the initiator supports. */
  readonly versionMin: number;
  /** Highest version that the initiator supports. */
  readonly versionMax: number;
  /** ISID, 6 bytes. */
  readonly isid: Uint8Array;
  /** 0 for a new or reinstated session. */
  readonly tsih: number;
  /** Connection ID. */
  readonly cid: number;
}

/** Fields of a Login Response that the target's state machine decides (RFC 7143 §11.13); ISID and ITT are the request's. */
export interface LoginResponseFields {
  /** T bit. */
  readonly transit: boolean;
  /** C bit: the text goes on in the next response. */
  readonly continue: boolean;
  /** Current stage. */
  readonly csg: number;
  /** Next stage; 0 when `transit` is not set. */
  readonly nsg: number;
  /** Highest version that the target supports. */
  readonly versionMax: number;
  /** Version in use. */
  readonly versionActive: number;
  /** The session's handle: as in the request, until the final response of a new session. */
  readonly tsih: number;
  /** 0 success, 1 redirection, 2 initiator error, 3 target error. */
  readonly statusClass: number;
  /** Detail of the class. */
  readonly statusDetail: number;
}

/** Fields of a Login Response that the initiator's state machine reads. */
export interface LoginResponseHeader extends LoginResponseFields {
  /** ISID, 6 bytes. */
  readonly isid: Uint8Array;
}

/** What an initiator does next. */
export type LoginStep =
  | {
    /** Send a Login Request. */
    readonly kind: "send";
    /** Its header fields and its data segment; the array is the caller's. */
    readonly request: LoginRequestFields & { readonly data: Uint8Array };
  }
  | {
    /** The full feature phase begins. */
    readonly kind: "done";
    /** Handle of the session. */
    readonly tsih: number;
    /** What was agreed. */
    readonly parameters: NegotiatedParameters;
  }
  | {
    /** The target is elsewhere: close this connection and log in there (RFC 7143 §11.13.5, class 1). */
    readonly kind: "redirect";
    /** `host[:port]` from TargetAddress, IPv6 in brackets, without portal group tag. */
    readonly address: string;
    /** True: remember the new address. False: go back to the old one next time. */
    readonly permanent: boolean;
  };

/** Who asks a target for a login. */
export interface LoginIdentity {
  /** The initiator's iSCSI name. */
  readonly initiatorName: string;
  /** The target's iSCSI name; undefined is possible in discovery sessions only. */
  readonly targetName: string | undefined;
  /** A session for SCSI commands, or one that only asks for targets. */
  readonly sessionType: "normal" | "discovery";
  /** ISID, 6 bytes; the array is the receiver's. */
  readonly isid: Uint8Array;
  /** 0 for a new or reinstated session. */
  readonly tsih: number;
  /** Connection ID. */
  readonly cid: number;
}

/** What a target does next: send this response, then go on, enter the full feature phase, or close the connection. */
export type TargetLoginStep =
  | {
    readonly progress: "continue" | "failed";
    readonly response: LoginResponseFields;
    /** Data segment of the response; the array is the caller's. */
    readonly data: Uint8Array;
  }
  | {
    readonly progress: "done";
    readonly response: LoginResponseFields;
    /** Data segment of the response; the array is the caller's. */
    readonly data: Uint8Array;
    /** Who logged in. */
    readonly identity: LoginIdentity;
    /** CHAP name that was proven; undefined when no authentication took place. */
    readonly authenticatedAs: string | undefined;
    /** Handle of the session. */
    readonly tsih: number;
    /** What was agreed. */
    readonly parameters: NegotiatedParameters;
  };
