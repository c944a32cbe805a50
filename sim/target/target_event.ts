/**
 * What a simulated target tells whoever watches it.
 *
 * @module
 */

/** Who is at the other end of a connection, as far as is known. */
export interface TargetPeer {
  /** Number of the connection, counted from 1 by the portal. */
  readonly connection: number;
  /** The initiator's iSCSI name, once it has logged in. */
  readonly initiatorName?: string;
}

/** One thing that happened. No event holds a secret. */
export type TargetEvent =
  & TargetPeer
  & (
    | { readonly kind: "connected" }
    /** The portal has no room: the connection was closed, or a login that was slow made room for another. */
    | { readonly kind: "turned-away" }
    | {
      readonly kind: "logged-in";
      readonly sessionType: "normal" | "discovery";
      readonly targetName: string | undefined;
      /** CHAP name that was proven. */
      readonly authenticatedAs: string | undefined;
    }
    /** `status` in words. */
    | { readonly kind: "login-refused"; readonly status: string }
    /** The target answered a PDU with a Reject. */
    | { readonly kind: "rejected"; readonly pdu: string; readonly reason: string }
    /** The connection is over; `error` says why, unless it ended in order. A `ProtocolError` is the initiator's fault. */
    | { readonly kind: "disconnected"; readonly error: unknown }
    /** A device threw instead of answering; the initiator got INTERNAL TARGET FAILURE. */
    | { readonly kind: "device-failed"; readonly error: unknown }
    /** Something odd that harms nobody. */
    | { readonly kind: "notice"; readonly message: string }
  );

/** What happened, without who it happened to. */
export type ConnectionEvent = TargetEvent extends infer Event
  ? Event extends TargetEvent ? Omit<Event, keyof TargetPeer> : never
  : never;
