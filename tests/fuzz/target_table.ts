/** All fuzz targets. */

import type { FuzzTarget } from "./fuzz_target.ts";
import { addressTarget } from "./targets/address.ts";
import { binaryValueTarget } from "./targets/binary_value.ts";
import { framerTarget } from "./targets/framer.ts";
import { loginTargets } from "./targets/login.ts";
import { observersTarget } from "./targets/observers.ts";
import { pduTarget } from "./targets/pdu.ts";
import { portalTarget } from "./targets/portal.ts";
import { scsiPagesTarget } from "./targets/scsi_pages.ts";
import { senseTarget } from "./targets/sense.ts";
import { simulatedDriveTarget } from "./targets/simulated_drive.ts";
import { sessionTarget } from "./targets/session.ts";
import { tapImageTarget } from "./targets/tap_image.ts";
import { tapeDriverTarget } from "./targets/tape_driver.ts";
import { textTarget } from "./targets/text.ts";

/** Makes them ready; some need WebAssembly, or a conversation to begin with. */
export async function fuzzTargets(): Promise<readonly FuzzTarget[]> {
  return [
    pduTarget,
    framerTarget(),
    textTarget,
    binaryValueTarget,
    addressTarget,
    ...loginTargets(),
    observersTarget(),
    senseTarget,
    scsiPagesTarget,
    tapImageTarget,
    simulatedDriveTarget,
    tapeDriverTarget,
    await sessionTarget(),
    await portalTarget(),
  ];
}
