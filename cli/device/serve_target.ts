import { formatPortal } from "../../iscsi/portal.ts";
import { RamDisk, type RunningTarget, serveTarget, type TargetOptions } from "../../sim/mod.ts";
import { targetFaults } from "./quirk_names.ts";
import type { ServeSettings } from "./serve_settings.ts";
import { openLibrary, openSingleDrives, type SimulatedUnits } from "./simulated_units.ts";

/** A target that accepts connections. */
export interface ServedTarget {
  /** The address of each drive: `iscsi://HOST:PORT/IQN/LUN`. */
  readonly addresses: readonly string[];
  /** The address of the library's changer. */
  readonly changer?: string;
  /** The address of the disk. */
  readonly disk?: string;
  /** What is odd about the images, for people. */
  readonly warnings: readonly string[];
  /** Ends sessions and writes back the images. */
  close(): Promise<void>;
}

/** Bytes of a block of the disk in memory. */
const DISK_BLOCK_BYTES = 512;

/** Where a device of a target is. */
interface Place {
  readonly targetName: string;
  readonly lun: number;
}

/** The targets to serve, and which devices are where. */
interface Plan {
  readonly targets: readonly Pick<TargetOptions, "targetName" | "units">[];
  readonly drives: readonly Place[];
  readonly changer?: Place;
  readonly disk?: Place;
}

/**
 * Starts a target with simulated drives, and around them a library if slots are asked for.
 *
 * @throws {ImageFormatError} when a file is not a tape image.
 * @throws {ImageInUseError} when another process uses an image.
 * @throws {InvalidOptionError} when a name or a number cannot be right.
 * @throws {TransportError} when the address cannot be listened on.
 */
export async function startTarget(settings: ServeSettings): Promise<ServedTarget> {
  const { listen, chap, initiators, headerDigest, dataDigest, quirks = [] } = settings;
  const units = settings.slots === undefined ? openSingleDrives(settings) : openLibrary(settings);
  try {
    const plan = planTargets(settings, units);
    const access = { chap, initiators, headerDigest, dataDigest };
    const [first, ...furtherTargets] = plan.targets.map((target) => ({ ...target, ...access }));
    const faults = targetFaults(quirks);
    const target = await serveTarget({ listen, ...first, furtherTargets, faults });
    return {
      ...addressesOf(plan, target),
      warnings: units.warnings,
      close: () => target.close(),
    };
  } catch (error) {
    await units.close();
    throw error;
  }
}

function addressesOf(plan: Plan, { address }: RunningTarget) {
  const urlOf = ({ targetName, lun }: Place) =>
    `iscsi://${formatPortal(address)}/${targetName.toLowerCase()}/${lun}`;
  return {
    addresses: plan.drives.map(urlOf),
    ...(plan.changer && { changer: urlOf(plan.changer) }),
    ...(plan.disk && { disk: urlOf(plan.disk) }),
  };
}

function planTargets(settings: ServeSettings, units: SimulatedUnits): Plan {
  const drives = units.library === undefined
    ? planDrives(settings, units)
    : planLibrary(settings, units.library);
  const { ramDiskBytes, targetName } = settings;
  if (ramDiskBytes === undefined) return drives;
  const device = new RamDisk({
    blocks: ramDiskBytes / DISK_BLOCK_BYTES,
    blockBytes: DISK_BLOCK_BYTES,
  });
  if (settings.layout === "target") {
    const disk = { targetName: `${targetName}-disk`, lun: 0 };
    const target = { targetName: disk.targetName, units: [{ lun: 0, device }] };
    return { ...drives, disk, targets: [...drives.targets, target] };
  }
  const [only] = drives.targets;
  const lun = only.units.length;
  const target = { ...only, units: [...only.units, { lun, device }] };
  return { ...drives, disk: { targetName, lun }, targets: [target] };
}

/** The drives at LUN 0, 1 and so on of one target, or each at LUN 0 of its own, named as those of a library. */
function planDrives({ targetName, layout }: ServeSettings, { drives }: SimulatedUnits): Plan {
  if (layout !== "target") {
    const units = drives.map((device, lun) => ({ lun, device }));
    return {
      targets: [{ targetName, units }],
      drives: units.map(({ lun }) => ({ targetName, lun })),
    };
  }
  const targets = drives.map((device, index) => ({
    targetName: `${targetName}-tapedrive-${String(index + 1).padStart(2, "0")}`,
    units: [{ lun: 0, device }],
  }));
  return { targets, drives: targets.map((target) => ({ targetName: target.targetName, lun: 0 })) };
}

function planLibrary(
  { targetName, layout }: ServeSettings,
  library: NonNullable<SimulatedUnits["library"]>,
): Plan {
  const { furtherTargets, ...first } = library.targets(targetName, layout);
  const targets = [first, ...furtherTargets];
  const [changer, ...drives] = targets.flatMap((target) =>
    target.units.map(({ lun }) => ({ targetName: target.targetName, lun }))
  );
  return { targets, drives, changer };
}
