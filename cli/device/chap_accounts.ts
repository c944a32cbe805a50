import type { ChapAccount } from "../../mod.ts";
import type { CliHost } from "../host/host.ts";
import { UsageError } from "../usage_error.ts";

/**
 * The accounts in a file: `user:secret` a line. Blank lines and those that begin with # say nothing. A secret may hold
 * colons, a user name none.
 *
 * @throws {UsageError} when a line is none of these, or there is no account; no message shows a secret.
 * @throws the system's error when the file cannot be read.
 */
export async function readChapAccounts(host: CliHost, path: string): Promise<ChapAccount[]> {
  const lines = (await host.readTextFile(path)).split(/\r?\n/);
  const accounts = lines.flatMap((line, index) => {
    if (line.trim() === "" || line.startsWith("#")) return [];
    const colon = line.indexOf(":");
    if (colon > 0) return [{ name: line.slice(0, colon), secret: line.slice(colon + 1) }];
    throw new UsageError(`Reading accounts from ${path}: line ${index + 1} is not USER:SECRET`);
  });
  if (accounts.length > 0) return accounts;
  throw new UsageError(`Reading accounts from ${path}: it has no line USER:SECRET`);
}
