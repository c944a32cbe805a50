import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "./target.ts";
import { startTgtd } from "./tgtd.ts";

/** A library on tgt: its changer is LUN 3, its drives LUN 1 and 2. */
export interface TgtLibrary extends Target {
  /** The changer's address. */
  readonly changerUrl: string;
  /** The drives' addresses, by their number in the library. */
  readonly driveUrls: readonly string[];
}

const IQN = "iqn.2026-03.com.example:tgt-library";
const CHANGER_LUN = 3;
const DRIVES = [1, 2];

/** The labels of the cartridges, in slots 1 to 4 of 6. */
export const BARCODES = ["A00001", "A00002", "A00003", "A00004"];

/** Element types as tgtadm numbers them: first address and number of elements. */
const ELEMENTS = [
  "element_type=1,start_address=16,quantity=1",
  "element_type=2,start_address=1024,quantity=6",
  "element_type=3,start_address=2048,quantity=1",
  "element_type=4,start_address=1,quantity=2",
];

/** Starts a private tgtd (Debian package `tgt`) with a library on a free port of 127.0.0.1. Needs root, as tgtd does. */
export async function startTgtLibrary(): Promise<TgtLibrary> {
  const { port, stop } = await startTgtd({
    name: "tape-interop-library",
    makeMedia,
    configuration,
  });
  const portal = `127.0.0.1:${port}`;
  const url = `iscsi://${portal}/${IQN}`;
  const driveUrls = DRIVES.map((lun) => `${url}/${lun}`);
  const changerUrl = `${url}/${CHANGER_LUN}`;
  return { portal, port, iqn: IQN, url: driveUrls[0], changerUrl, driveUrls, stop };
}

function makeMedia(dir: string, tgtimg: (...args: string[]) => void): void {
  mkdirSync(join(dir, "media"));
  writeFileSync(join(dir, "changer"), "");
  for (const barcode of BARCODES) {
    const args = ["--op", "new", "--device-type", "tape", `--barcode=${barcode}`, "--size=64"];
    args.push("--type=data", `--file=${join(dir, "media", barcode)}`, "--thin-provisioning");
    tgtimg(...args);
  }
}

/** The tgtadm commands that make the library. A drive is made with a cartridge, and emptied. */
function configuration(dir: string): string[][] {
  const unit = ["--mode", "logicalunit", "--tid", "1", "--lun"];
  const update = (lun: number, params: string) => [
    "--op",
    "update",
    ...unit,
    `${lun}`,
    "--params",
    params,
  ];
  return [
    ["--op", "new", "--mode", "target", "--tid", "1", "-T", IQN],
    ...DRIVES.flatMap((lun) => {
      const image = join(dir, "media", BARCODES[lun - 1]);
      const make = ["--op", "new", ...unit, `${lun}`, "--device-type", "tape", "--bstype", "ssc"];
      return [[...make, "-b", image], update(lun, "online=0")];
    }),
    [
      "--op",
      "new",
      ...unit,
      `${CHANGER_LUN}`,
      "--device-type",
      "changer",
      "-b",
      join(dir, "changer"),
    ],
    update(CHANGER_LUN, `media_home=${join(dir, "media")}`),
    ...ELEMENTS.map((elements) => update(CHANGER_LUN, elements)),
    ...DRIVES.map((lun) => update(CHANGER_LUN, `element_type=4,address=${lun},tid=1,lun=${lun}`)),
    ...BARCODES.map((barcode, i) =>
      update(CHANGER_LUN, `element_type=2,address=${1024 + i},barcode=${barcode},sides=1`)
    ),
    ["--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL"],
  ];
}
