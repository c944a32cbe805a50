import { constants, openSync, statSync } from "node:fs";
import { DescriptorSource } from "./file_descriptor.ts";
import { runsOnDeno } from "./runs_on_deno.ts";
import { naming, systemCode } from "./system_call.ts";

/** The last one that every program has. */
const STANDARD_ERROR = 2;

/** What there is at a number that is no descriptor, or one of what cannot be opened: Deno's own are such, too. */
const NONE: ReadonlySet<unknown> = new Set(["ENOENT", "ENXIO"]);

/**
 * The bytes of a descriptor that the process was started with; closing it leaves it open. Deno reads none that it has not
 * opened, so there it is opened anew, and a file is read from its beginning.
 *
 * @throws the system's error.
 */
export function inheritedDescriptor(descriptor: number): DescriptorSource {
  const name = `descriptor ${descriptor}`;
  if (!runsOnDeno() || descriptor <= STANDARD_ERROR) {
    return new DescriptorSource(descriptor, { owned: false, name });
  }
  const path = `/dev/fd/${descriptor}`;
  try {
    // A named pipe would be waited for until somebody writes.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    return new DescriptorSource(openSync(path, flags), { owned: true, name });
  } catch (error) {
    const isNone = NONE.has(systemCode(error)) && !isSocket(path);
    const code = isNone ? "EBADF" : systemCode(error);
    throw naming(Object.assign(error as Error, { code }), "read", name);
  }
}

/** A socket is there and cannot be opened, which is another mistake than a number that nothing stands behind. */
function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}
