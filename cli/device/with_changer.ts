import type { MediaChanger } from "../../mod.ts";
import type { CommandContext } from "../command.ts";
import { connectionSettings } from "./connection_settings.ts";
import { commandTimeouts, deviceAddress } from "./with_drive.ts";

/** Opens the media changer that the command line or the environment names, uses it, closes it whatever happens. */
export async function withChanger<T>(
  context: CommandContext,
  use: (changer: MediaChanger) => Promise<T>,
): Promise<T> {
  const address = deviceAddress(context);
  const { host, interruption: { signal }, devices, options } = context;
  const settings = await connectionSettings({ options, host, signal, address });
  const changer = await devices.openChanger(address, {
    ...settings,
    ...changerTimeouts(options.timeoutMs),
  });
  try {
    return await use(changer);
  } finally {
    await changer.close();
  }
}

/** The same time for every command, and for the library to become ready. */
function changerTimeouts(timeoutMs: number | undefined) {
  if (timeoutMs === undefined) return {};
  const readyPolling = { intervalMs: 1000, count: Math.ceil(timeoutMs / 1000) };
  return { timeouts: commandTimeouts(timeoutMs), readyPolling };
}
