/** Soaks for as long as it takes: `deno task soak [--logins N] [--sessions N]`. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { countOption, taskOptions } from "../../tools/task_options.ts";
import { descriptorLimit, memoryNetwork, portNetwork } from "./network.ts";
import { soakLogins, type SoakReport, soakSessions } from "./soak.ts";

const DEFAULT_LOGINS = 10_000;
const DEFAULT_SESSIONS = 1000;
/** Less than this a login, or a session, is no leak but how the runtime keeps its memory. */
const MAX_LEAK_BYTES = 500;
/** Buffers of both ends, the target's instances of WebAssembly among them. */
const MAX_SESSION_BYTES = 512 * 1024;
const SLACK_BYTES = 4 * 1024 * 1024;
/** Descriptors of the process itself, and of what it has for each session: both ends are here. */
const OWN_DESCRIPTORS = 100;

const { logins, sessions } = taskOptions(
  "soak",
  object({
    logins: countOption("--logins", {
      min: 1,
      byDefault: DEFAULT_LOGINS,
      about: message`One after the other.`,
    }),
    sessions: countOption("--sessions", {
      min: 1,
      byDefault: DEFAULT_SESSIONS,
      about: message`At once.`,
    }),
  }),
);
const onPort = Math.min(sessions, Math.floor((descriptorLimit() - OWN_DESCRIPTORS) / 2));
let hasLeaked = false;

show(`${logins} logins in memory`, logins, await soakLogins(memoryNetwork, logins));
show(`${logins} logins on a port`, logins, await soakLogins(portNetwork, logins));
show(
  `${sessions} sessions in memory`,
  sessions,
  await soakSessions(memoryNetwork, sessions),
);
show(`${onPort} sessions on a port`, onPort, await soakSessions(portNetwork, onPort));
Deno.exit(hasLeaked ? 1 : 0);

function show(what: string, count: number, report: SoakReport): void {
  const { seconds, growthBytes, sessionBytes } = report;
  const { leakedSockets, leakedTimers, leakedSessions } = report;
  const size = sessionBytes > 0 ? `, ${Math.round(sessionBytes / 1024)} KiB a session` : "";
  const isLeak = growthBytes > SLACK_BYTES + count * MAX_LEAK_BYTES || leakedSockets > 0 ||
    leakedTimers > 0 || leakedSessions > 0 || sessionBytes > MAX_SESSION_BYTES;
  hasLeaked ||= isLeak;
  console.log(
    `${what}: ${seconds.toFixed(1)} s${size}, ${Math.round(growthBytes / 1024)} KiB more in use ` +
      `at the end; left over: ${leakedSockets} sockets, ${leakedTimers} timers, ` +
      `${leakedSessions} sessions${isLeak ? ": LEAK" : ""}`,
  );
}
