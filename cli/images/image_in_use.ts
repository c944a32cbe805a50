import { lockPath } from "../../sim/images/tape_files.ts";
import type { CommandContext } from "../command.ts";
import { CommandFailure } from "../command_failure.ts";
import { simulatedImage } from "../device/simulated_image.ts";
import { deviceAddress } from "../device/with_drive.ts";
import type { CliHost } from "../host/host.ts";
import { systemCode } from "../host/system_call.ts";

/** What lies beside an image under its name: sidecar, index, lock, and drafts of those. */
const BESIDE = /\.(?:json|index|lock)(?:\.new)?$/;
const PARTITION = /\.p\d+\.tap$/;

/**
 * For a file that is about to be written, with the drive open: its image is locked from then on.
 *
 * @throws {CommandFailure} when a simulated drive uses the file, and would lose its tape.
 */
export async function refuseWhatIsInUse(path: string, context: CommandContext): Promise<void> {
  const { host } = context;
  const realPath = await host.realPath(path);
  if (await isOfOwnTape(realPath, context)) {
    throw new CommandFailure(`Saving to ${path}: it is a file of the tape in use`);
  }
  for (const image of [...imagesOf(path), ...imagesOf(realPath)]) {
    const lock = lockPath(image);
    if (!await isHeld(lock, host)) continue;
    throw new CommandFailure(
      `Saving to ${path}: a simulated drive uses it; if none does, remove ${lock}`,
    );
  }
}

/**
 * For a file that is about to be read onto the tape.
 *
 * @param doing what messages call that: `Writing`
 * @throws {CommandFailure} when it is a file of that very tape, which writing would cut while it is read.
 */
export async function refuseOwnTape(
  path: string,
  doing: string,
  context: CommandContext,
): Promise<void> {
  if (!await isOfOwnTape(await context.host.realPath(path), context)) return;
  throw new CommandFailure(`${doing} ${path}: it is a file of the tape that is to be written`);
}

/** Images of other formats have no lock: they are only read. */
async function isOfOwnTape(realPath: string, context: CommandContext): Promise<boolean> {
  const image = simulatedImage(deviceAddress(context));
  if (image === undefined) return false;
  return imagesOf(realPath).includes(await context.host.realPath(image));
}

/** The images that a file of this name may be a part of. */
function imagesOf(path: string): string[] {
  const image = path.replace(BESIDE, "");
  const stem = image.replace(PARTITION, "");
  return stem === image ? [image] : [image, stem, `${stem}.tap`];
}

/** There is none, its name would be too long for one, or a folder is called so. */
const NO_LOCK: ReadonlySet<unknown> = new Set(["ENOENT", "ENAMETOOLONG", "EISDIR"]);

/** Whether this is the lock of an image, and not what another program calls so. */
async function isHeld(lock: string, host: CliHost): Promise<boolean> {
  try {
    return Number.isInteger(JSON.parse(await host.readTextFile(lock))?.pid);
  } catch (error) {
    if (error instanceof SyntaxError || NO_LOCK.has(systemCode(error))) return false;
    throw error;
  }
}
