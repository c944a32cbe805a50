/**
 * The data encryption parameters of a drive, by I_T nexus, and what they make of records (SSC-4 §4.2.21).
 *
 * @module
 */

import type { Nexus } from "../../device_server.ts";
import { type Condition, Conditions } from "../conditions.ts";
import { decryptRecord, encryptRecord, keyIdentifier } from "./record_cipher.ts";
import { decodeEnvelope, encodeEnvelope, type KeyAssociatedData } from "./record_envelope.ts";

/** Whose parameters: everybody's who has none of his own, one nexus's, or set by one for all. */
export const EncryptionScope = { Public: 0, Local: 1, All: 2 } as const;

/** ENCRYPTION MODE. EXTERNAL (1) is not there. */
export const EncryptionMode = { Disable: 0, Encrypt: 2 } as const;

/** DECRYPTION MODE. */
export const DecryptionMode = { Disable: 0, Raw: 1, Decrypt: 2, Mixed: 3 } as const;

/** Data encryption parameters. */
export interface EncryptionParameters extends KeyAssociatedData {
  readonly scope: number;
  readonly encryptionMode: number;
  readonly decryptionMode: number;
  /** 32 bytes; empty when both modes are off. */
  readonly key: Uint8Array;
  /** Whether records written with it may be read raw. */
  readonly rawReadEnabled: boolean;
  /** Cleared when the volume is taken out (CKOD). */
  readonly clearOnDemount: boolean;
  /** Cleared when the reservation is lost (CKORL), or preempted (CKORP). */
  readonly clearOnReservationLoss: boolean;
  readonly clearOnReservationPreempted: boolean;
}

const NO_BYTES = new Uint8Array(0);

const NONE: EncryptionParameters = {
  scope: EncryptionScope.Public,
  encryptionMode: EncryptionMode.Disable,
  decryptionMode: DecryptionMode.Disable,
  key: NO_BYTES,
  unauthenticated: NO_BYTES,
  authenticated: NO_BYTES,
  rawReadEnabled: false,
  clearOnDemount: false,
  clearOnReservationLoss: false,
  clearOnReservationPreempted: false,
};

/** Parameters with their key instance counter. */
interface Instance {
  readonly parameters: EncryptionParameters;
  readonly counter: number;
  readonly setBy: Nexus | undefined;
}

/** What a record becomes on the way to the tape. */
export interface SealedRecord {
  readonly data: Uint8Array;
  readonly seal?: Uint8Array;
}

/** What becomes of a record on the way from the tape. */
export type OpenedRecord = { readonly data: Uint8Array } | { readonly refused: Condition };

/** The parameters in force in one drive. */
export class EncryptionState {
  #shared: Instance = { parameters: NONE, counter: 0, setBy: undefined };
  readonly #local = new Map<Nexus, Instance>();
  #counter = 0;

  /** The parameters that hold for a nexus. */
  parametersOf(nexus: Nexus): EncryptionParameters {
    return this.#instanceOf(nexus).parameters;
  }

  /** KEY INSTANCE COUNTER of the parameters that hold for a nexus. */
  counterOf(nexus: Nexus): number {
    return this.#instanceOf(nexus).counter;
  }

  /** The scope that a nexus has asked for itself. */
  scopeOf(nexus: Nexus): number {
    if (this.#local.has(nexus)) return EncryptionScope.Local;
    return this.#shared.setBy === nexus ? EncryptionScope.All : EncryptionScope.Public;
  }

  /** Sets parameters; true when they change what holds for others too. */
  set(nexus: Nexus, parameters: EncryptionParameters): boolean {
    const wasShared = this.#shared.setBy === nexus;
    this.#local.delete(nexus);
    if (parameters.scope === EncryptionScope.Public) {
      if (wasShared) this.#clearShared();
      return wasShared;
    }
    const instance = { parameters, counter: this.#nextCounter(), setBy: nexus };
    if (parameters.scope === EncryptionScope.Local) this.#local.set(nexus, instance);
    else this.#shared = instance;
    return parameters.scope === EncryptionScope.All;
  }

  /** Whether a nexus has parameters of its own, so that those of others do not matter to it. */
  isLocal(nexus: Nexus): boolean {
    return this.#local.has(nexus);
  }

  /** The volume is out. */
  volumeGone(): void {
    this.#clearWhere(({ parameters }) => parameters.clearOnDemount);
  }

  /** Nexuses have lost the reservation that they held. */
  reservationLost(isLoser: (nexus: Nexus) => boolean, isPreempted: boolean): void {
    this.#clearWhere(({ parameters, setBy }) =>
      setBy !== undefined && isLoser(setBy) &&
      (isPreempted ? parameters.clearOnReservationPreempted : parameters.clearOnReservationLoss)
    );
  }

  /** A nexus is gone, and its local parameters. */
  nexusLost(nexus: Nexus): void {
    this.#local.delete(nexus);
  }

  /** No parameters, no keys, and the instances are counted anew: after a reset. */
  reset(): void {
    this.#local.clear();
    this.#counter = 0;
    this.#shared = { parameters: NONE, counter: 0, setBy: undefined };
  }

  /** A record as it goes to the tape. */
  seal(nexus: Nexus, data: Uint8Array): SealedRecord {
    const { parameters } = this.#instanceOf(nexus);
    if (parameters.encryptionMode !== EncryptionMode.Encrypt) return { data };
    const { key, authenticated, unauthenticated, rawReadEnabled } = parameters;
    const encrypted = encryptRecord(key, data, authenticated);
    const { nonce, tag } = encrypted;
    const keyId = keyIdentifier(key);
    const seal = encodeEnvelope({
      rawReadEnabled,
      nonce,
      tag,
      keyId,
      unauthenticated,
      authenticated,
    });
    return { data: encrypted.data, seal };
  }

  /** A record as the initiator gets it, or why it does not. */
  open(nexus: Nexus, data: Uint8Array, seal: Uint8Array | undefined): OpenedRecord {
    const refused = this.refusal(nexus, seal);
    if (refused !== undefined) return { refused };
    const { parameters: { decryptionMode, key } } = this.#instanceOf(nexus);
    const envelope = seal && decodeEnvelope(seal);
    if (envelope === undefined || decryptionMode === DecryptionMode.Raw) return { data };
    const plain = decryptRecord(key, { data, ...envelope }, envelope.authenticated);
    return plain === undefined ? { refused: Conditions.integrityValidation } : { data: plain };
  }

  /** Why a nexus cannot read a record with this seal, without one for `undefined`. */
  refusal(nexus: Nexus, seal: Uint8Array | undefined): Condition | undefined {
    const { parameters: { decryptionMode, key } } = this.#instanceOf(nexus);
    if (seal === undefined) {
      const needsKey = decryptionMode === DecryptionMode.Decrypt;
      return needsKey ? Conditions.unencryptedWhileDecrypting : undefined;
    }
    const envelope = decodeEnvelope(seal);
    if (envelope === undefined || decryptionMode === DecryptionMode.Disable) {
      return Conditions.unableToDecrypt;
    }
    if (decryptionMode === DecryptionMode.Raw) {
      return envelope.rawReadEnabled ? undefined : Conditions.rawReadDisabled;
    }
    const id = keyIdentifier(key);
    const isRight = id.every((byte, at) => byte === envelope.keyId[at]);
    return isRight ? undefined : Conditions.incorrectKey;
  }

  #instanceOf(nexus: Nexus): Instance {
    return this.#local.get(nexus) ?? this.#shared;
  }

  #nextCounter(): number {
    this.#counter = (this.#counter + 1) >>> 0;
    return this.#counter;
  }

  #clearShared(): void {
    this.#shared = { parameters: NONE, counter: this.#nextCounter(), setBy: undefined };
  }

  #clearWhere(isDue: (instance: Instance) => boolean): void {
    if (isDue(this.#shared)) this.#clearShared();
    for (const [nexus, instance] of this.#local) {
      if (isDue(instance)) this.#local.delete(nexus);
    }
  }
}
