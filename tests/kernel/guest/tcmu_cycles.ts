import { MemoryMedium, SimulatedDrive } from "../../../sim/mod.ts";
import { attach } from "../../../tcmu/mod.ts";

/** Attaches and detaches a drive as often as its argument says, and tells of what this process has open then. */
async function cycle(times: number): Promise<void> {
  const device = new SimulatedDrive({ medium: new MemoryMedium() });
  let files = 0;
  for (let cycle = 1; cycle <= times; cycle++) {
    const attachment = await attach([{ name: "cycled", device }], { loopback: true });
    const [{ deviceFile }] = attachment.units;
    await attachment.close();
    if (deviceFile === undefined) throw new Error(`No driver took the drive in cycle ${cycle}`);
    const open = [...Deno.readDirSync("/proc/self/fd")].length;
    // What the runtime opens for itself, it has opened by then.
    if (cycle <= 3) files = open;
    else if (open > files) {
      throw new Error(`${open} files are open in cycle ${cycle}, not ${files}`);
    }
  }
  const maps = Deno.readTextFileSync("/proc/self/maps").split("\n");
  if (maps.some((line) => line.includes("uio"))) throw new Error(maps.join("\n"));
  console.log(`cycled ${times} times`);
}

cycle(Number(Deno.args[0])).catch((error) => {
  console.error(error);
  Deno.exitCode = 2;
});
