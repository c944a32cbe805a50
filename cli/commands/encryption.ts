import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional, withDefault } from "@optique/core/modifiers";
import { flag, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { filePath } from "../file_path.ts";
import type { EncryptionStatus, TapeDrive } from "../../mod.ts";
import {
  type Command,
  type CommandContext,
  defineCommand,
  defineCommandFamily,
} from "../command.ts";
import { simulatedImage } from "../device/simulated_image.ts";
import { deviceAddress, withDrive } from "../device/with_drive.ts";
import { byteStream } from "../host/byte_stream.ts";
import { labelled } from "../report/reporter.ts";
import { ifKnown } from "../report/if_known.ts";
import { UsageError } from "../usage_error.ts";
import { wholeNumber } from "../whole_number.ts";

const group = "Health";

const on = defineCommand({
  name: "on",
  group,
  brief: "Give the drive a key: what is written from here on is encrypted.",
  details: "The key is 32 bytes, or 64 hex digits, from a file or an open descriptor; never from " +
    "the command line, which every user of this computer can read. It stays in the drive until " +
    "tape encryption off, until the cartridge is unloaded, or until the drive is switched off. A " +
    "sim: address has no drive that stays: tape serve has.",
  examples: [
    "tape encryption on --key-file tape.key",
    "tape encryption on --key-fd 3 --key-name 2026-01 3< tape.key",
  ],
  parser: object({
    keyFile: optional(option("--key-file", filePath("FILE|-"), {
      description: message`File that holds the key; - is standard input.`,
    })),
    keyDescriptor: optional(option("--key-fd", wholeNumber({ min: 0, metavar: "N" }), {
      description: message`Open descriptor that gives the key.`,
    })),
    keyName: optional(option("--key-name", string({ metavar: "NAME" }), {
      description: message`Written beside each block, and readable without the key.`,
    })),
    decryptOnly: withDefault(
      flag("--decrypt-only", { description: message`Read what is encrypted, write in clear.` }),
      false,
    ),
    keep: withDefault(
      flag("--keep", { description: message`Keep the key when the cartridge is unloaded.` }),
      false,
    ),
  }),
  run: async ({ keyFile, keyDescriptor, keyName, decryptOnly, keep }, context) => {
    if ((keyFile === undefined) === (keyDescriptor === undefined)) {
      throw new UsageError("encryption on needs --key-file FILE or --key-fd N, one of them");
    }
    refuseFleetingDrive(context);
    await withDrive(context, async (drive) => {
      const source = keyFile === undefined
        ? context.host.openDescriptor(keyDescriptor!)
        : keyFile === "-"
        ? context.host.openStdin()
        : await context.host.openFile(keyFile);
      try {
        const state = await drive.encryption.set({
          key: byteStream(source),
          encrypt: !decryptOnly,
          clearOnUnload: !keep,
          ...(keyName !== undefined && { keyName }),
          signal: context.interruption.signal,
        });
        await context.reporter.result({ encryption: state }, "");
      } finally {
        await source.close();
      }
    });
  },
});

/**
 * A key would be lost with the command, and what the next one writes would be in clear.
 *
 * @throws {UsageError} when the address is that of an image, whose drive is a new one for each command.
 */
function refuseFleetingDrive(context: CommandContext): void {
  const path = simulatedImage(deviceAddress(context));
  if (path === undefined) return;
  throw new UsageError(
    "A sim: address is a new drive for each command, which would not keep the key: serve the " +
      `image with tape serve --media ${path} and use the iscsi:// address that it prints`,
  );
}

const off = defineCommand({
  name: "off",
  group,
  brief: "Make the drive forget its key: what is written from here on is not encrypted.",
  examples: ["tape encryption off"],
  parser: object({}),
  run: (_values, context) =>
    withDrive(context, async (drive) => {
      const { signal } = context.interruption;
      await drive.encryption.clear({ signal });
      const encryption = await drive.encryption.status({ signal });
      await context.reporter.result({ encryption }, "");
    }, { requireMedium: false }),
});

const status = defineCommand({
  name: "status",
  group,
  brief: "Say whether the drive has a key, and whether the next record is encrypted.",
  examples: ["tape encryption status", "tape encryption status --json"],
  parser: object({}),
  run: (_values, context) => withDrive(context, tellStatus(context), { requireMedium: false }),
});

function tellStatus({ reporter, interruption: { signal } }: CommandContext) {
  return async (drive: TapeDrive): Promise<void> => {
    const encryption = await drive.encryption.status({ signal });
    const capabilities = await drive.encryption.capabilities({ signal });
    const nextBlock = await ifKnown(() => drive.encryption.nextBlock({ signal }));
    const { algorithms } = capabilities;
    const algorithm = algorithms.find(({ index }) => index === encryption.algorithmIndex);
    const isIdle = encryption.encryption === "off" && encryption.decryption === "off";
    const text = labelled([
      ["Writing", encryption.encryption === "off" ? "in clear" : "encrypted"],
      ["Reading", READING[encryption.decryption]],
      ["Algorithm", isIdle ? undefined : algorithm?.name ?? algorithm?.code],
      ["Key name", keyName(encryption)],
      ["Key instance", isIdle ? undefined : encryption.keyInstance],
      ["Next record", nextBlock?.encryption.replaceAll("-", " ")],
    ]);
    await reporter.result({ encryption, nextBlock, algorithms }, text);
  };
}

const READING: Readonly<Record<EncryptionStatus["decryption"], string>> = {
  "off": "in clear alone",
  "raw": "encrypted records as they are on tape",
  "on": "encrypted records alone, decrypted",
  "mixed": "encrypted records, decrypted, and records in clear",
};

/** The names that hosts write are ASCII as a rule. */
function keyName({ keyAssociatedData }: EncryptionStatus): string | undefined {
  const data = keyAssociatedData.find(({ type }) => type === "unauthenticated")?.data;
  const isText = data?.every((byte) => byte >= 0x20 && byte < 0x7f);
  return isText ? new TextDecoder().decode(data) : undefined;
}

/** `tape encryption`. */
export const encryptionCommand: Command = defineCommandFamily({
  name: "encryption",
  group,
  brief: "Encrypt in the drive: on, off, status.",
  examples: [
    "tape encryption on --key-file tape.key",
    "tape encryption status",
    "tape encryption off",
  ],
}, [on, off, status]);
