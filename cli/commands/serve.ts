import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple, optional, withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { choice, float, string } from "@optique/core/valueparser";
import { filePath } from "../file_path.ts";
import { byteSize } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { readChapAccounts } from "../device/chap_accounts.ts";
import { connectionSettings, targetAccount } from "../device/connection_settings.ts";
import {
  isDriveName,
  isLibraryName,
  PERSONALITY_NAMES,
  type PersonalityName,
} from "../device/personality_names.ts";
import { portalAddress } from "../device/portal_address.ts";
import { QUIRK_NAMES, type QuirkName, REQUIRE_UNLOAD } from "../device/quirk_names.ts";
import type { ServeSettings } from "../device/serve_settings.ts";
import type { ServedTarget } from "../device/serve_target.ts";
import { UsageError } from "../usage_error.ts";
import { wholeNumber } from "../whole_number.ts";

const DEFAULT_TARGET_NAME = "iqn.2026-03.com.example:tape";
const DISK_BLOCK_BYTES = 512;

/** What the options of `tape serve` say. */
interface ServeValues {
  readonly listen: ServeSettings["listen"];
  readonly targetName: string;
  readonly media: readonly string[];
  readonly drives?: number;
  readonly slots?: number;
  readonly layout?: "lun" | "target";
  readonly personalities: readonly PersonalityName[];
  readonly quirks: readonly QuirkName[];
  readonly timeScale?: number;
  readonly ramDiskBytes?: number;
  readonly chapFile?: string;
  readonly initiators: readonly string[];
}

/** `tape serve`. */
export const serveCommand: Command = defineCommand<ServeValues>({
  name: "serve",
  group: "Simulate",
  brief: "Serve simulated tape drives, or a library, over iSCSI until interrupted.",
  details: 'Prints a line "ready iscsi://HOST:PORT/IQN/LUN" for each drive once it accepts ' +
    "connections, and one that begins with changer or disk for those. With --slots the drives " +
    "are empty and in a library, the images in its slots; without images every slot has a blank " +
    "tape. Anybody who can reach the address may use it, unless --chap, --chap-user or --allow " +
    "says who; with --target-user, the target proves itself in return. A digest option insists " +
    "on that digest.",
  examples: [
    "tape serve --listen 127.0.0.1:0 --media scratch.tap",
    "tape serve --slots 20 --drives 2 --layout target --personality aws-gateway-vtl",
    "tape serve --personality ibm-ult3580-td8 --timing 0.1 --quirk flags-without-asc",
    "tape serve --chap accounts.txt --allow iqn.2026-03.com.example:host",
  ],
  parser: object({
    listen: withDefault(
      option("--listen", portalAddress(), {
        description: message`Where to listen; port 0 picks a free one. Default: 127.0.0.1:3260.`,
      }),
      { hostname: "127.0.0.1", port: 3260 },
    ),
    media: multiple(option("--media", filePath("FILE"), {
      description:
        message`Image in the next drive, or slot: .tap, made if missing; AWSTAPE, HET, copytape, E11 or TPC, write protected. Default: blank tapes in memory.`,
    })),
    drives: optional(option("--drives", wholeNumber({ min: 1, max: 256, metavar: "N" }), {
      description: message`Number of drives. Default: one for each --media; two with --slots.`,
    })),
    slots: optional(option("--slots", wholeNumber({ min: 1, max: 60_000, metavar: "N" }), {
      description:
        message`A library with so many slots, and one for import and export. Default: none, drives alone.`,
    })),
    layout: optional(option("--layout", choice(["lun", "target"] as const, { metavar: "LAYOUT" }), {
      description:
        message`lun: all devices behind one target; target: each behind its own. Default: lun.`,
    })),
    personalities: multiple(
      option("--personality", choice(PERSONALITY_NAMES, { metavar: "NAME" }), {
        description: message`Model of drive, and once more of library, to pass for: ${
          PERSONALITY_NAMES.join(", ")
        }.`,
      }),
      { max: 2 },
    ),
    quirks: multiple(option("--quirk", choice(QUIRK_NAMES, { metavar: "NAME" }), {
      description: message`Depart from the standard as some devices do: ${QUIRK_NAMES.join(", ")}.`,
    })),
    timeScale: optional(option("--timing", float({ min: 0, metavar: "SCALE" }), {
      description:
        message`Take the time that the model needs to wind, times this: 1 is as long. Default: 0.`,
    })),
    ramDiskBytes: optional(option("--ram-disk", byteSize(DISK_BLOCK_BYTES), {
      description:
        message`A disk in memory of so many bytes beside the drives, as the last LUN. Default: none.`,
    })),
    chapFile: optional(option("--chap", filePath("FILE"), {
      description:
        message`File of accounts that may log in, one USER:SECRET a line. Default: no CHAP.`,
    })),
    initiators: multiple(option("--allow", string({ metavar: "IQN" }), {
      description: message`Name of an initiator that may log in; again for more. Default: all.`,
    })),
    targetName: withDefault(
      option("--iqn", string({ metavar: "IQN" }), {
        description: message`iSCSI name of the target. Default: ${DEFAULT_TARGET_NAME}.`,
      }),
      DEFAULT_TARGET_NAME,
    ),
  }),
  run: async (values, context) => {
    const { interruption, devices, reporter } = context;
    refuseDevice(context);
    refuseOddNames(values.initiators);
    const settings = { ...deviceSettings(values), ...await accessSettings(values, context) };
    await refuseTwice(values.media, context);
    // A signal that comes while the target starts must not be missed.
    const stopped = interruption.requested();
    const target = await devices.serve(settings);
    try {
      for (const warning of target.warnings) reporter.warn(warning);
      const { addresses: ready, changer, disk } = target;
      await reporter.result({ ready, changer, disk }, readyText(target));
      await stopped;
    } finally {
      await target.close();
    }
  },
});

/** What `-f` names would not be served. @throws {UsageError} when it is there; `$TAPE` may be. */
function refuseDevice({ options: { device } }: CommandContext): void {
  if (device === undefined) return;
  throw new UsageError("serve takes no -f DEVICE: --media FILE names an image to serve");
}

/** RFC 7143 §4.2.7: types of names. */
const ISCSI_NAME = /^(?:iqn|eui|naa)\../i;

/** No initiator has such a name: nobody would get in. @throws {UsageError} */
function refuseOddNames(initiators: readonly string[]): void {
  const odd = initiators.find((name) => !ISCSI_NAME.test(name));
  if (odd === undefined) return;
  throw new UsageError(`--allow takes an iSCSI name (iqn., eui. or naa.), not ${odd}`);
}

/** @throws {UsageError} when an image is to be in two places. */
async function refuseTwice(media: readonly string[], { host }: CommandContext): Promise<void> {
  const seen = new Set<string>();
  for (const path of media) {
    const realPath = await host.realPath(path);
    if (seen.has(realPath)) throw new UsageError(`--media ${path} is there twice`);
    seen.add(realPath);
  }
}

/** @throws {UsageError} when options contradict one another. */
function deviceSettings(values: ServeValues): Omit<ServeSettings, "chap" | "initiators"> {
  const { listen, targetName, media, slots, layout, quirks, ramDiskBytes } = values;
  const drives = values.drives ?? (slots === undefined ? Math.max(1, media.length) : 2);
  const room = slots ?? drives;
  if (media.length > room) {
    const what = slots === undefined ? "drive" : "slot";
    throw new UsageError(`There are ${media.length} images for ${room} ${what}(s)`);
  }
  if (slots === undefined && quirks.includes(REQUIRE_UNLOAD)) {
    throw new UsageError(`--quirk ${REQUIRE_UNLOAD} needs --slots: it is a library's`);
  }
  if (ramDiskBytes !== undefined && ramDiskBytes % DISK_BLOCK_BYTES !== 0) {
    throw new UsageError(`--ram-disk takes a multiple of ${DISK_BLOCK_BYTES} bytes`);
  }
  // No time is what drives take unless told otherwise.
  const timeScale = values.timeScale || undefined;
  const shared = { listen, targetName, media, drives, slots, layout, quirks, timeScale };
  return { ...shared, ramDiskBytes, ...personalitySettings(values) };
}

/** @throws {UsageError} when two models of one kind are named, or a library without slots. */
function personalitySettings({ personalities, slots }: ServeValues) {
  const drives = personalities.filter(isDriveName);
  const libraries = personalities.filter(isLibraryName);
  if (drives.length > 1 || libraries.length > 1) {
    throw new UsageError(`--personality names two models of one kind: ${personalities.join(", ")}`);
  }
  if (libraries.length > 0 && slots === undefined) {
    throw new UsageError(`--personality ${libraries[0]} needs --slots: it is a library's`);
  }
  return { drivePersonality: drives[0], libraryPersonality: libraries[0] };
}

/** Who may log in, and how. */
async function accessSettings(
  { chapFile, initiators }: ServeValues,
  { options, host, interruption: { signal } }: CommandContext,
): Promise<Pick<ServeSettings, "chap" | "initiators" | "headerDigest" | "dataDigest">> {
  const { headerDigest, dataDigest } = options;
  const listed = chapFile === undefined ? [] : await readChapAccounts(host, chapFile);
  const needsOwn = listed.length === 0 || options.chapUser !== undefined;
  const own = needsOwn ? (await connectionSettings({ options, host, signal })).chap : undefined;
  const accounts = own === undefined ? listed : [...listed, { name: own.name, secret: own.secret }];
  const target = own?.target ?? await targetAccount({ options, host });
  return {
    ...(accounts.length > 0 && { chap: { accounts, ...(target && { target }) } }),
    ...(initiators.length > 0 && { initiators }),
    headerDigest,
    dataDigest,
  };
}

function readyText({ addresses, changer, disk }: ServedTarget): string {
  return [
    ...addresses.map((address) => `ready ${address}`),
    ...(changer === undefined ? [] : [`changer ${changer}`]),
    ...(disk === undefined ? [] : [`disk ${disk}`]),
  ].join("\n");
}
