import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional, withDefault } from "@optique/core/modifiers";
import type { InferValue } from "@optique/core/parser";
import { flag, option } from "@optique/core/primitives";
import { choice, float, string } from "@optique/core/valueparser";
import { filePath } from "../file_path.ts";

const digest = choice(["none", "crc32c"] as const, { metavar: "DIGEST" });
const path = filePath("FILE");

/** The options that every command takes: which device, and how to reach it. */
export const deviceOptions = object("Device and output (every command)", {
  device: optional(option("-f", "--device", string({ metavar: "DEVICE" }), {
    description: message`iscsi://HOST[:PORT]/TARGET/LUN or sim:FILE.tap; default: $TAPE.`,
  })),
  json: withDefault(
    flag("--json", { description: message`Print the result as one JSON document.` }),
    false,
  ),
  verbose: withDefault(
    flag("-v", "--verbose", { description: message`Log what happens to standard error.` }),
    false,
  ),
  chapUser: optional(option("--chap-user", string({ metavar: "NAME" }), {
    description: message`CHAP: log in as this user.`,
  })),
  chapSecretFile: optional(option("--chap-secret-file", path, {
    description: message`CHAP: file that holds our secret; default: $TAPE_CHAP_SECRET.`,
  })),
  targetUser: optional(option("--target-user", string({ metavar: "NAME" }), {
    description: message`Mutual CHAP: the name that the target must prove.`,
  })),
  targetSecretFile: optional(option("--target-secret-file", path, {
    description: message`Mutual CHAP: file with its secret; default: $TAPE_CHAP_TARGET_SECRET.`,
  })),
  headerDigest: optional(option("--header-digest", digest, {
    description:
      message`Checksums of iSCSI headers: none or crc32c. Default: none, unless the target insists.`,
  })),
  dataDigest: optional(option("--data-digest", digest, {
    description:
      message`Checksums of iSCSI data: none or crc32c. Default: none, unless the target insists.`,
  })),
  initiatorName: optional(option("--initiator-name", string({ metavar: "IQN" }), {
    description:
      message`The iSCSI name that we log in with. Default: made from the name of this computer.`,
  })),
  timeoutMs: optional(option("--timeout", float({ min: 0.001, metavar: "SECONDS" }), {
    description:
      message`Give up connecting, loading and each command after so long. Default: 10 s to connect, 15 s to log in, hours for what winds the tape.`,
  })).map((seconds) => seconds && seconds * 1000),
});

/** Values of {@link deviceOptions}. */
export type DeviceOptions = InferValue<typeof deviceOptions>;

/** The options above that take a value: what stands after one of these is no command. */
export const OPTIONS_WITH_VALUE: ReadonlySet<string> = new Set([
  "-f",
  "--device",
  "--chap-user",
  "--chap-secret-file",
  "--target-user",
  "--target-secret-file",
  "--header-digest",
  "--data-digest",
  "--initiator-name",
  "--timeout",
]);
