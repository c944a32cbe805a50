import { parseCommandLine, type ParsedCommand } from "./command_line.ts";
import { COMMANDS } from "./command_table.ts";
import type { Devices } from "./device/devices.ts";
import { describeFailure } from "./report/failure.ts";
import type { CliHost } from "./host/host.ts";
import { Interruption } from "./host/interruption.ts";
import { logTo } from "./report/log_output.ts";
import { Reporter } from "./report/reporter.ts";
import { VERSION } from "./version.ts";

/** Options of {@link run}. */
export interface RunOptions {
  /** What reaches devices. @default the network, image files and the simulator of this package */
  readonly devices?: Devices;
}

/**
 * Runs one command line, without the program's name.
 *
 * @returns the exit status: 0 done, 1 bad usage, 2 the operation failed. Throws nothing: what goes wrong is told on the
 * host's standard error.
 */
export async function run(
  args: readonly string[],
  host: CliHost,
  options: RunOptions = {},
): Promise<number> {
  try {
    const { columns } = host.stderr;
    const parsed = parseCommandLine(args, COMMANDS, { version: VERSION, columns });
    if (parsed.kind === "command") return await runCommand(parsed, host, options);
    await new Reporter(host, { json: false }).result(undefined, parsed.text);
    return 0;
  } catch (error) {
    // What cannot be parsed may still ask for the failure as a document.
    const json = args.includes("--json");
    return await report(error, new Reporter(host, { json }), { verbose: false });
  }
}

async function runCommand(
  parsed: ParsedCommand,
  host: CliHost,
  runOptions: RunOptions,
): Promise<number> {
  const { options, invoke } = parsed;
  const { json, verbose } = options;
  const reporter = new Reporter(host, { json });
  const interruption = new Interruption(host);
  const stopLogging = verbose ? logTo(host.stderr) : () => {};
  try {
    const devices = runOptions.devices ?? await packageDevices();
    await interruption.supervise(invoke({ host, reporter, options, devices, interruption }));
    return 0;
  } catch (error) {
    return await report(error, reporter, { verbose });
  } finally {
    stopLogging();
    interruption.close();
  }
}

/** Loaded when needed, so that `tape --help` does not wait for the whole package. */
async function packageDevices(): Promise<Devices> {
  const module = await import("./device/package_devices.ts");
  return module.packageDevices;
}

async function report(
  error: unknown,
  reporter: Reporter,
  options: { readonly verbose: boolean },
): Promise<number> {
  const { exitStatus, lines: [what, ...hints], document } = describeFailure(error, options);
  reporter.fail(what);
  for (const hint of hints) reporter.note(hint);
  try {
    await reporter.failure(document);
  } catch {
    // Standard output is gone; standard error has told it.
  }
  return exitStatus;
}
