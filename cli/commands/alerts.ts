import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import { flag, option } from "@optique/core/primitives";
import { float } from "@optique/core/valueparser";
import type { TapeAlert, TapeDrive } from "../../mod.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { withDrive } from "../device/with_drive.ts";

/** How often drive makers recommend to look. */
const DEFAULT_INTERVAL_SECONDS = 60;

/** Timers count milliseconds in 31 bits; a longer one would not wait at all. */
const MAX_INTERVAL_SECONDS = 2_147_483;

/** `tape alerts`. */
export const alertsCommand: Command = defineCommand({
  name: "alerts",
  group: "Health",
  brief: "Say what the drive complains of (TapeAlert), and what to do about it.",
  details: "Most drives take a flag down once it has been read. With --watch, asks again and " +
    "again, tells what is new, and ends when interrupted. Works without a cartridge, too.",
  examples: ["tape alerts", "tape alerts --watch --interval 300", "tape alerts --json"],
  parser: object({
    watch: withDefault(
      flag("--watch", { description: message`Go on until interrupted.` }),
      false,
    ),
    interval: withDefault(
      option("--interval", float({ min: 0.1, max: MAX_INTERVAL_SECONDS, metavar: "SECONDS" }), {
        description: message`Time between two looks. Default: 60.`,
      }),
      DEFAULT_INTERVAL_SECONDS,
    ),
  }),
  run: ({ watch, interval }, context) =>
    withDrive(context, async (drive) => {
      if (watch) return await watchAlerts(drive, interval * 1000, context);
      const { active } = await drive.alerts({ signal: context.interruption.signal });
      const text = active.length === 0 ? "No alerts" : active.map(alertText).join("\n");
      await context.reporter.result({ alerts: active }, text);
    }, { requireMedium: false }),
});

/** `critical: cleaning required (20). The drive has to be cleaned now.` */
export function alertText({ flag: number, name, severity, advice }: TapeAlert): string {
  return `${severity}: ${name} (${number}). ${advice}.`;
}

async function watchAlerts(
  drive: TapeDrive,
  intervalMs: number,
  context: CommandContext,
): Promise<void> {
  const { host, interruption, reporter } = context;
  const stopped = new AbortController();
  interruption.stopGently(() => stopped.abort());
  const either = AbortSignal.any([interruption.signal, stopped.signal]);
  if (host.stderr.isTerminal) {
    reporter.note(`Watching for alerts every ${intervalMs / 1000} s; interrupt to end`);
  }
  let up = new Set<number>();
  for (;;) {
    const { active, seen } = await drive.alerts({ signal: interruption.signal });
    const fresh = active.filter((alert) => !up.has(alert.flag));
    up = new Set(active.map((alert) => alert.flag));
    if (!reporter.json && fresh.length > 0) {
      await reporter.result(undefined, fresh.map(alertText).join("\n"));
    }
    if (!stopped.signal.aborted) await sleepUnlessStopped(host.sleep(intervalMs, either), stopped);
    if (!stopped.signal.aborted) continue;
    if (reporter.json) await reporter.result({ alerts: active, seen }, "");
    return;
  }
}

async function sleepUnlessStopped(sleep: Promise<void>, stopped: AbortController): Promise<void> {
  try {
    await sleep;
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
  }
}
