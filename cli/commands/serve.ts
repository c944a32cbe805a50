import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple, optional, withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import { type Command, defineCommand } from "../command.ts";
import { connectionSettings } from "../device/connection_settings.ts";
import { portalAddress } from "../device/portal_address.ts";
import { UsageError } from "../usage_error.ts";

const DEFAULT_TARGET_NAME = "iqn.2026-03.com.example:tape";

/** `tape serve`. */
export const serveCommand: Command = defineCommand({
  name: "serve",
  group: "Simulate",
  brief: "Serve simulated tape drives over iSCSI until interrupted.",
  details: 'Prints a line "ready iscsi://HOST:PORT/IQN/LUN" for each drive once it accepts ' +
    "connections. With --chap-user, initiators must log in with that name and secret; with " +
    "--target-user, the target proves itself in return. A digest option insists on that digest.",
  examples: [
    "tape serve --listen 127.0.0.1:0 --media scratch.tap",
    "tape serve --listen [::1]:3260 --drives 2",
  ],
  parser: object({
    listen: withDefault(
      option("--listen", portalAddress(), {
        description: message`Where to listen; port 0 picks a free one. Default: 127.0.0.1:3260.`,
      }),
      { hostname: "127.0.0.1", port: 3260 },
    ),
    media: multiple(option("--media", string({ metavar: "FILE.tap" }), {
      description:
        message`Image file in the next drive; made if missing. Default: a blank tape in memory.`,
    })),
    drives: optional(option("--drives", integer({ min: 1, max: 256, metavar: "N" }), {
      description: message`Number of drives, LUN 0 and up. Default: one for each --media.`,
    })),
    targetName: withDefault(
      option("--iqn", string({ metavar: "IQN" }), {
        description: message`iSCSI name of the target. Default: ${DEFAULT_TARGET_NAME}.`,
      }),
      DEFAULT_TARGET_NAME,
    ),
  }),
  run: async ({ listen, media, drives, targetName }, context) => {
    const { host, interruption, devices, options, reporter } = context;
    const { signal } = interruption;
    const { chap, headerDigest, dataDigest } = await connectionSettings({ options, host, signal });
    // A signal that comes while the target starts must not be missed.
    const stopped = interruption.requested();
    const target = await devices.serve({
      listen,
      targetName,
      media: mediaOfDrives(media, drives),
      chap,
      headerDigest,
      dataDigest,
    });
    try {
      for (const warning of target.warnings) reporter.warn(warning);
      const text = target.addresses.map((address) => `ready ${address}`).join("\n");
      await reporter.result({ ready: target.addresses }, text);
      await stopped;
    } finally {
      await target.close();
    }
  },
});

/** @throws {UsageError} when there are more images than drives. */
function mediaOfDrives(
  media: readonly string[],
  drives: number | undefined,
): readonly (string | undefined)[] {
  const count = drives ?? Math.max(1, media.length);
  if (media.length > count) {
    throw new UsageError(`There are ${media.length} images for ${count} drive(s)`);
  }
  return Array.from({ length: count }, (_, index) => media[index]);
}
