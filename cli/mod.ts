/**
 * The command `tape`: what `mt`, `dd` and `lsscsi` do with a tape drive, over iSCSI and without root.
 *
 * From a shell, this module run as a program is the command: `deno run -A jsr:@uiscsi/tape/cli status`. To others it is
 * the same command as a function, for programs that bring their own standard streams:
 *
 * ```ts ignore
 * import { nodeHost, run } from "@uiscsi/tape/cli";
 *
 * const status = await run(["-f", "sim:scratch.tap", "status"], nodeHost);
 * ```
 *
 * @module
 */

import { runProgram } from "./program.ts";

export type { ConnectionSettings } from "./device/connection_settings.ts";
export type { Devices } from "./device/devices.ts";
export type { ListedUnit, ListingFailure, PortalListing } from "./device/list_units.ts";
export type { QuirkName } from "./device/quirk_names.ts";
export type { ServeSettings } from "./device/serve_settings.ts";
export type { ServedTarget } from "./device/serve_target.ts";
export type { ByteSink, ByteSource, CliHost, FileCheck, TextOutput } from "./host/host.ts";
export { nodeHost, stderrFlushed } from "./host/node_host.ts";
export { run, type RunOptions } from "./run.ts";

if (import.meta.main) runProgram();
