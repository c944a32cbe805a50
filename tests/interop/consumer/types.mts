// What TypeScript has to accept, and what it has to refuse, of the installed package.
import { openTape, type TapeDrive, TapeError } from "@uiscsi/tape";
import { nodeHost, run } from "@uiscsi/tape/cli";
import { Session } from "@uiscsi/tape/iscsi";
import type { LogicalUnit } from "@uiscsi/tape/scsi";
import { MemoryMedium, SimulatedDrive } from "@uiscsi/tape/sim";
import type { Dialer } from "@uiscsi/tape/transport";

const drive: TapeDrive = await openTape("sim:scratch.tap", { readAhead: 4 });
const result = await drive.read();
if (result.kind === "record") result.data satisfies Uint8Array;
else result.kind satisfies "filemark" | "end-of-data";
// @ts-expect-error: there is no such option
await openTape("sim:scratch.tap", { readAhaed: 4 });

export const status: Promise<number> = run(["--version"], nodeHost);
export const double: SimulatedDrive = new SimulatedDrive({ medium: new MemoryMedium() });
export type Layers = [LogicalUnit, Dialer];
export { Session, TapeError };
