import { setTimeout as delay } from "node:timers/promises";

/** A pipe that another program has made non-blocking has nothing for us just now, or no room. */
const RETRY_MS = 2;

/** Calls `attempt` until it fails with something else than EAGAIN, or succeeds. */
export async function whenReady(attempt: () => Promise<number>): Promise<number> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (systemCode(error) !== "EAGAIN") throw error;
      await delay(RETRY_MS);
    }
  }
}

/** What the system calls an error, `ENOENT` say; `undefined` for an error that is not its own. */
export function systemCode(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

/** Errors of descriptors do not say which file it is. */
export function naming(error: unknown, syscall: string, path: string): unknown {
  return error instanceof Error ? Object.assign(error, { syscall, path }) : error;
}
