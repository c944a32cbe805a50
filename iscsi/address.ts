/**
 * Addresses of logical units in the form that users of libiscsi and QEMU know:
 * `iscsi://[user[%secret]@]host[:port]/target-iqn/lun[?argument&...]`.
 *
 * The first percent sign ends the user. User and secret stand as they are, as with libiscsi; target name and arguments may be percent-encoded.
 *
 * @module
 */

import { AuthenticationError, InvalidOptionError } from "./errors.ts";
import type { ChapAlgorithm, ChapOptions, DigestPreference } from "./negotiation/login.ts";
import { formatPortal, parsePortal } from "./portal.ts";

/** What an address says. */
export interface IscsiAddress {
  /** `host:port`, IPv6 in brackets. */
  readonly portal: string;
  /** iSCSI name of the target. */
  readonly targetName: string;
  /** LUN as people count, 0 to 16383. */
  readonly lun: number;
  /** CHAP name, if there is one. */
  readonly user?: string;
  /** CHAP secret, if the address holds it. */
  readonly secret?: string;
  /** Name that the target must prove (mutual CHAP). */
  readonly targetUser?: string;
  /** Secret that the target must prove. */
  readonly targetSecret?: string;
  /** The one hash algorithm to offer. */
  readonly algorithm?: ChapAlgorithm;
  /** Digest over headers. */
  readonly headerDigest?: DigestPreference;
  /** Digest over data. */
  readonly dataDigest?: DigestPreference;
}

const SYNTAX = /^iscsi:\/\/(?:([^/]*)@)?([^/@?]+)\/([^/@?]+)\/([^/@?]+)(?:\?(.*))?$/;
const FORM = "iscsi://[user[%secret]@]host[:port]/target-iqn/lun[?argument&...]";
/** The longest iSCSI name (RFC 7143 §4.2.7.2). */
const MAX_NAME_BYTES = 223;
const MAX_LUN = 0x3fff;

const ALGORITHMS: Readonly<Record<string, ChapAlgorithm>> = {
  "md5": "md5",
  "sha1": "sha1",
  "sha-256": "sha256",
  "sha256": "sha256",
  "sha3-256": "sha3-256",
};

type AddressArguments = Partial<
  Record<"targetUser" | "targetSecret" | "algorithm" | "headerDigest" | "dataDigest", string>
>;

/** Reads one argument into the fields of an address. */
const ARGUMENTS: Readonly<Record<string, (value: string) => AddressArguments>> = {
  target_user: (targetUser) => ({ targetUser }),
  target_password: (targetSecret) => ({ targetSecret }),
  header_digest: (value) => ({ headerDigest: digest("header_digest", value) }),
  data_digest: (value) => ({ dataDigest: digest("data_digest", value) }),
  auth: (value) => ({ algorithm: algorithm(value) }),
};

/**
 * Takes an address apart. No message of its errors holds a secret.
 *
 * @throws {InvalidOptionError} when it is none; the message says what is wrong with it.
 */
export function parseIscsiAddress(address: string): IscsiAddress {
  const match = SYNTAX.exec(address);
  if (!match) throw invalid(`Read the address "${hideSecrets(address)}": expected ${FORM}`);
  const [, credentials, portal, target, lun, query] = match;
  const [user, secret] = splitOnce(credentials ?? "", "%");
  return {
    portal: formatPortal(parsePortal(portal)),
    targetName: iscsiName(decode(target)),
    lun: lunNumber(lun),
    ...(user !== "" && { user }),
    ...(secret !== undefined && { secret }),
    ...parseArguments(query ?? ""),
  };
}

/**
 * An address as it may be shown: secrets are replaced by three asterisks. What is no address, because something in it is mistyped, may hold a secret too, so
 * rather more is hidden than less.
 */
export function hideSecrets(address: string): string {
  if (address.startsWith("sim:")) return address;
  const [, place = address, query = ""] = WITH_QUERY.exec(address) ?? [];
  const [scheme] = /^(?:[a-z]*:?\/+)?/i.exec(place)!;
  return scheme + place.slice(scheme.length)
    .replace(SECRET_ARGUMENT, "$1***")
    .replace(/^([^%:]*[%:]).*@/s, "$1***@")
    .replace(/^([^%@/[]*%)[^@/]*/, "$1***") +
    query.replace(SECRET_ARGUMENT, "$1***");
}

/** An address up to its LUN is as it should be: an at sign behind that ends no secret. */
const WITH_QUERY = /^(iscsi:\/\/(?:[^/]*@)?[^/@?]+\/(?:iqn|eui|naa)\.[^/@?]+\/\d+)(\?.*)$/s;

/** A secret may hold an ampersand that should have been written %26. */
const SECRET_ARGUMENT =
  /((?:pass|secret)\w*=).*?(?=&(?:target_user|header_digest|data_digest|auth)=|$)/gis;

/**
 * The CHAP options that an address amounts to; `undefined` when neither it nor `given` names a user. What `given` leaves unsaid of the target's account
 * and the hash, the address says: a target that is to prove itself there is not let off by an account from elsewhere.
 *
 * @throws {AuthenticationError} when a name comes without a secret.
 * @throws {InvalidOptionError} when the target is to prove itself to nobody, or a secret comes without a name.
 */
export function chapOf(
  address: IscsiAddress,
  fallback: (side: "initiator" | "target") => string | undefined,
  given?: ChapOptions,
): ChapOptions | undefined {
  const { user, secret, targetUser, targetSecret, algorithm } = address;
  const name = given?.name ?? user;
  if (name === undefined) {
    if (secret !== undefined) throw invalid("Read the address: a secret needs a user before it");
    if (targetUser !== undefined) {
      throw invalid("Read the address: target_user needs a user of your own before the host");
    }
  }
  if (targetSecret !== undefined && (targetUser ?? given?.target) === undefined) {
    throw invalid("Read the address: target_password needs a target_user");
  }
  if (name === undefined) return undefined;
  return {
    ...(given ?? { name, secret: secretOf(name, secret ?? fallback("initiator")) }),
    ...(targetUser !== undefined && given?.target === undefined && {
      target: {
        name: targetUser,
        secret: secretOf(targetUser, targetSecret ?? fallback("target")),
      },
    }),
    ...(algorithm && given?.algorithms === undefined && { algorithms: [algorithm] }),
  };
}

function secretOf(name: string, secret: string | undefined): string {
  if (secret !== undefined && secret !== "") return secret;
  const shown = name.replace(/:.*/s, ":***");
  throw new AuthenticationError(`Log in as "${shown}": no CHAP secret was given for that name`, {
    reason: "no-credentials",
  });
}

function parseArguments(query: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const part of query.split("&").filter((one) => one !== "")) {
    const [name, value] = splitOnce(part, "=");
    if (!Object.hasOwn(ARGUMENTS, name)) {
      // Behind a secret it may be a part of that.
      const shown = value === undefined || found.targetSecret !== undefined ? "" : ` "${name}"`;
      throw invalid(
        `Read the address: unknown argument${shown}, known are ${
          Object.keys(ARGUMENTS).join(", ")
        }`,
      );
    }
    Object.assign(found, ARGUMENTS[name](decode(value ?? "")));
  }
  return found;
}

function digest(name: string, value: string): DigestPreference {
  const lower = value.toLowerCase();
  if (lower === "crc32c" || lower === "none") return lower;
  throw invalid(`Read the address: ${name} is crc32c or none`);
}

function algorithm(value: string): ChapAlgorithm {
  const name = value.toLowerCase();
  if (Object.hasOwn(ALGORITHMS, name)) return ALGORITHMS[name];
  throw invalid(`Read the address: auth is md5, sha1, sha-256 or sha3-256`);
}

function iscsiName(name: string): string {
  const bytes = new TextEncoder().encode(name).length;
  if (/^(iqn|eui|naa)\.\S+$/.test(name) && bytes <= MAX_NAME_BYTES) return name;
  throw invalid(
    `Read the address: "${hideSecrets(name)}" is no iSCSI target name (iqn., eui. or naa., ` +
      `at most ${MAX_NAME_BYTES} bytes)`,
  );
}

function lunNumber(text: string): number {
  const lun = Number(text);
  if (/^\d+$/.test(text) && lun <= MAX_LUN) return lun;
  throw invalid(
    `Read the address: the LUN is a number up to ${MAX_LUN}, not "${hideSecrets(text)}"`,
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function invalid(message: string): InvalidOptionError {
  return new InvalidOptionError("address", message);
}
