import { type IscsiAddress, parseIscsiAddress } from "../../iscsi/address.ts";
import type { ChapOptions, DigestPreference } from "../../iscsi/negotiation/login.ts";
import type { CliHost } from "../host/host.ts";
import { UsageError } from "../usage_error.ts";
import type { DeviceOptions } from "./device_options.ts";

/** How to reach a device: the part that the options of `openTape` and `listLogicalUnits` have in common. */
export interface ConnectionSettings {
  /** CHAP credentials. @default those of the address, or none */
  readonly chap?: ChapOptions;
  /** CRC32C over headers. @default that of the address, or the session's own */
  readonly headerDigest?: DigestPreference;
  /** CRC32C over data. @default as for headers */
  readonly dataDigest?: DigestPreference;
  /** iSCSI name to log in with. @default the session's own */
  readonly initiatorName?: string;
  /** Milliseconds for the connection. @default the session's own */
  readonly connectTimeoutMs?: number;
  /** Milliseconds for the login. @default the session's own */
  readonly loginTimeoutMs?: number;
  /** Ends connecting. */
  readonly signal: AbortSignal;
}

/** What {@link connectionSettings} works from. */
export interface ConnectionSources {
  readonly options: DeviceOptions;
  readonly host: CliHost;
  /** Ends connecting. */
  readonly signal: AbortSignal;
  /** The device's address: names and secrets that no option gives come from there. @default none */
  readonly address?: string;
}

/**
 * Gathers from options, files, environment and address how to reach a device. Left out is what nothing was said about.
 *
 * @throws {UsageError} when a name comes without a secret or the reverse.
 * @throws {InvalidOptionError} when the address is none.
 */
export async function connectionSettings(sources: ConnectionSources): Promise<ConnectionSettings> {
  const { options, signal } = sources;
  const { headerDigest, dataDigest, initiatorName, timeoutMs } = options;
  const chap = await chapOptions(sources);
  return {
    signal,
    ...(chap && { chap }),
    ...(headerDigest && { headerDigest }),
    ...(dataDigest && { dataDigest }),
    ...(initiatorName && { initiatorName }),
    ...(timeoutMs && { connectTimeoutMs: timeoutMs, loginTimeoutMs: timeoutMs }),
  };
}

/** `undefined` when no option says anything: the address and the environment alone then do. */
async function chapOptions(sources: ConnectionSources): Promise<ChapOptions | undefined> {
  const { options, host } = sources;
  const { chapUser, chapSecretFile, targetUser, targetSecretFile } = options;
  if (
    [chapUser, chapSecretFile, targetUser, targetSecretFile].every((each) => each === undefined)
  ) {
    return undefined;
  }
  const address = addressFields(sources.address);
  const own = await credentials(host, {
    ...OWN,
    name: chapUser,
    file: chapSecretFile,
    addressed: { name: address.user, secret: address.secret },
  });
  const target = await targetAccount(sources);
  if (own === undefined) {
    throw new UsageError("--target-user needs --chap-user: a target proves itself only in return");
  }
  const { algorithm } = address;
  return { ...own, ...(target && { target }), ...(algorithm && { algorithms: [algorithm] }) };
}

/**
 * The name with which a target proves itself, and its secret; `undefined` when no option says anything.
 *
 * @throws {UsageError} when only one of them is there.
 */
export async function targetAccount(
  { options, host, address }: Pick<ConnectionSources, "options" | "host" | "address">,
): Promise<{ name: string; secret: string } | undefined> {
  const { targetUser, targetSecret } = addressFields(address);
  return await credentials(host, {
    ...TARGET,
    name: options.targetUser,
    file: options.targetSecretFile,
    addressed: { name: targetUser, secret: targetSecret },
  });
}

function addressFields(address: string | undefined): Partial<IscsiAddress> {
  return address?.startsWith("iscsi://") ? parseIscsiAddress(address) : {};
}

/** What the secrets of one side are called. */
interface CredentialNames {
  readonly nameOption: string;
  readonly fileOption: string;
  readonly variable: string;
}

const OWN: CredentialNames = {
  nameOption: "--chap-user",
  fileOption: "--chap-secret-file",
  variable: "TAPE_CHAP_SECRET",
};

const TARGET: CredentialNames = {
  nameOption: "--target-user",
  fileOption: "--target-secret-file",
  variable: "TAPE_CHAP_TARGET_SECRET",
};

/** Where one name and its secret come from. */
interface CredentialSources extends CredentialNames {
  readonly name: string | undefined;
  readonly file: string | undefined;
  readonly addressed: { readonly name: string | undefined; readonly secret: string | undefined };
}

/**
 * One name and its secret. Secrets are no options, since every user of a computer can read those.
 *
 * @throws {UsageError} when only one of them is there.
 */
async function credentials(
  host: CliHost,
  sources: CredentialSources,
): Promise<{ name: string; secret: string } | undefined> {
  const { file, nameOption, fileOption, variable, addressed } = sources;
  const name = sources.name ?? addressed.name;
  if (name === undefined) {
    if (file !== undefined) throw new UsageError(`${fileOption} needs ${nameOption}`);
    return undefined;
  }
  const addressedSecret = name === addressed.name ? addressed.secret : undefined;
  const secret = file !== undefined
    ? await readSecret(host, file)
    : addressedSecret ?? host.env[variable];
  if (secret !== undefined && secret !== "") return { name, secret };
  throw new UsageError(`${nameOption} needs a secret: give ${fileOption} or set ${variable}`);
}

/** The first line of a file. */
async function readSecret(host: CliHost, path: string): Promise<string> {
  const text = await host.readTextFile(path);
  return text.replace(/\r?\n[^]*$/, "");
}
