import type { DigestPreference } from "../../iscsi/negotiation/login.ts";
import type { LibraryPersonalityName, TapePersonalityName, TargetChap } from "../../sim/mod.ts";
import type { QuirkName } from "./quirk_names.ts";

/** What `tape serve` is to serve. */
export interface ServeSettings {
  /** Address to listen on; port 0 picks a free one. */
  readonly listen: { readonly hostname: string; readonly port: number };
  /** iSCSI name of the target; with the layout `target` what the names of the targets begin with. */
  readonly targetName: string;
  /** Number of drives, at least 1. */
  readonly drives: number;
  /** Image files of any format that is known: in the drives in their order, or in a library in its slots. Drives without one hold a blank tape in memory. */
  readonly media: readonly string[];
  /** Storage slots: with them the drives are in a library, and empty. @default none: no library */
  readonly slots?: number;
  /** Whether all devices are behind one target, or each behind its own. @default "lun" */
  readonly layout?: "lun" | "target";
  /** Which drive the drives pass for. @default "generic" */
  readonly drivePersonality?: TapePersonalityName;
  /** Which library the library passes for. @default "generic" */
  readonly libraryPersonality?: LibraryPersonalityName;
  /** Departures from the standards. @default none */
  readonly quirks?: readonly QuirkName[];
  /** How much longer than the model of drive motions take: 1 is as long. @default nothing takes time */
  readonly timeScale?: number;
  /** Size of a disk in memory beside the drives, in bytes, a multiple of 512. @default none */
  readonly ramDiskBytes?: number;
  /** What initiators must prove, and with `target` what the target proves in return. @default nothing */
  readonly chap?: TargetChap;
  /** Names of the initiators that may log in. @default all */
  readonly initiators?: readonly string[];
  /** CRC32C over headers: `crc32c` insists, `none` refuses. @default as the initiator likes */
  readonly headerDigest?: DigestPreference;
  /** CRC32C over data. @default as the initiator likes */
  readonly dataDigest?: DigestPreference;
}
