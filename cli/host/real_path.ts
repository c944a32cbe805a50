import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { naming, systemCode } from "./system_call.ts";

/** The path without symbolic links, as far as there is something. @throws the system's error, but ENOENT. */
export async function realPath(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch (error) {
    const folder = dirname(absolute);
    if (systemCode(error) !== "ENOENT" || folder === absolute) {
      throw naming(error, "open", path);
    }
    return join(await realPath(folder), basename(absolute));
  }
}
