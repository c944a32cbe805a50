/**
 * The command: attaches, detaches, cleans up, lists.
 *
 * @module
 */

import { Attachment } from "../attachment.ts";
import { type AttachedDevice, attachedDevices, cleanUp } from "../attached_devices.ts";
import { Backstore } from "../kernel/backstore.ts";
import { TcmuError } from "../tcmu_error.ts";
import { openUnits } from "./simulated_units.ts";
import type { TcmuHost } from "./tcmu_host.ts";
import {
  type AttachValues,
  parseTcmuLine,
  TcmuUsageError,
  type TcmuValues,
} from "./tcmu_options.ts";

const DETACH_POLL_MS = 100;
/** A process may finish its command, and write back its images. */
const DETACH_LIMIT_MS = 30_000;

/**
 * Runs one command line, without the program's name.
 *
 * @returns the exit status: 0 done, 1 bad usage, 2 something failed. Throws nothing: what goes wrong is told on standard error.
 */
export async function runTcmu(args: readonly string[], host: TcmuHost): Promise<number> {
  try {
    const parsed = parseTcmuLine(args, host.columns);
    if (parsed.kind === "text") host.print(parsed.text);
    else await perform(parsed.values, host);
    return 0;
  } catch (error) {
    host.note(`tcmu: ${error instanceof Error ? error.message : String(error)}`);
    if (!(error instanceof TcmuUsageError)) return 2;
    host.note("tcmu --help tells how to use it");
    return 1;
  }
}

async function perform(values: TcmuValues, host: TcmuHost): Promise<void> {
  switch (values.action) {
    case "attach":
      return await attachUntilInterrupted(values, host);
    case "detach":
      return await detach(values.name, host);
    case "cleanup":
      for (const name of await cleanUp(host.kernel)) host.print(`removed ${name}`);
      return;
    case "list":
      for (const device of await attachedDevices(host.kernel)) host.print(line(device));
  }
}

async function attachUntilInterrupted(values: AttachValues, host: TcmuHost): Promise<void> {
  let interrupt = () => {};
  const interrupted = new Promise<void>((resolve) => interrupt = resolve);
  const unlisten = host.onInterrupt(() => {
    // The next signal does what it always does: it ends the process.
    unlisten();
    interrupt();
  });
  try {
    const simulated = openUnits(values);
    try {
      for (const warning of simulated.warnings) host.note(`tcmu: ${warning}`);
      await serve(simulated.units, values, host, interrupted);
    } finally {
      await simulated.close();
    }
  } finally {
    unlisten();
  }
}

async function serve(
  units: Parameters<typeof Attachment.open>[0],
  { name, loopback }: AttachValues,
  host: TcmuHost,
  interrupted: Promise<void>,
): Promise<void> {
  const onDeviceError = (error: unknown) => host.note(`tcmu: this was not expected: ${error}`);
  const attachment = await Attachment.open(units, { name, loopback, onDeviceError }, host.kernel);
  try {
    for (const { name, backstore, deviceFile } of attachment.units) {
      host.print(["ready", name, backstore, deviceFile].filter(Boolean).join(" "));
    }
    await Promise.race([interrupted, attachment.ended]);
  } finally {
    await attachment.close();
  }
}

async function detach(name: string, host: TcmuHost): Promise<void> {
  const devices = (await attachedDevices(host.kernel))
    .filter((one) => one.name === name || one.group === name);
  if (devices.length === 0) {
    throw new TcmuError(`Cannot detach ${name}: nothing of that name is attached`, {
      device: name,
    });
  }
  const processes = new Set(devices.flatMap(({ processId }) => processId ?? []));
  for (const processId of processes) host.terminate(processId);
  for (let waited = 0; waited < DETACH_LIMIT_MS; waited += DETACH_POLL_MS) {
    if (await areOver(processes, host)) return void await cleanUp(host.kernel, { only: name });
    await host.sleep(DETACH_POLL_MS);
    if (!(await Backstore.list(host.kernel.files)).some((one) => one.isCalled(name))) return;
  }
  throw new TcmuError(
    `Cannot detach ${name}: process ${[...processes].join(", ")} does not let go of it; ` +
      "kill it, then run cleanup",
    { device: name },
  );
}

/** One that has ended, and that nobody has taken notice of, has no files any more. */
async function areOver(processes: ReadonlySet<number>, { kernel }: TcmuHost): Promise<boolean> {
  for (const processId of processes) {
    if ((await kernel.files.list(`/proc/${processId}/fd`)).length > 0) return false;
  }
  return true;
}

/** Name, process and places, apart by tabs. */
function line({ name, processId, backstore, places }: AttachedDevice): string {
  const process = processId === undefined ? "no process" : `process ${processId}`;
  return [name, process, backstore, ...places].join("\t");
}
