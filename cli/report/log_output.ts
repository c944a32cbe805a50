import { configureSync, getTextFormatter, resetSync } from "@logtape/logtape";
import type { TextOutput } from "../host/host.ts";

/**
 * Sends what the libraries log to `output` until the returned function is called. Logging is configured for the whole
 * process, as it is for every application.
 */
export function logTo(output: TextOutput): () => void {
  const format = getTextFormatter();
  configureSync({
    reset: true,
    sinks: { output: (record) => output.write(format(record)) },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["output"] },
      { category: [], lowestLevel: "debug", sinks: ["output"] },
    ],
  });
  return resetSync;
}
