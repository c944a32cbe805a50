import type { ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";

/** A unit whose commands may be replaced. */
interface Replaceable {
  execute: (command: ScsiCommand) => Promise<ScsiResult>;
}

/** Calls the next command off once the drive has executed it, so that nobody hears what it was answered. The signal is that of the caller. */
export function callOffNext(unit: Replaceable): AbortSignal {
  const caller = new AbortController();
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    await execute(command);
    unit.execute = execute;
    caller.abort(new Error("enough"));
    throw caller.signal.reason;
  };
  return caller.signal;
}
