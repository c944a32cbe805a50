import { MemoryMedium, SimulatedDrive, type Task, type TaskResult } from "../../../sim/mod.ts";
import { attach, type AttachOptions } from "../../../tcmu/mod.ts";

const READ_6 = 0x08;
const WRITTEN = new Uint8Array(1000).fill(7);

/** A drive with a record in it, whose reads wait until they are let go. */
class SlowDrive extends SimulatedDrive {
  /** Resolves when a read has come. */
  readonly reading: Promise<void>;
  #come = () => {};
  #letGo = () => {};
  readonly #going: Promise<void>;

  constructor() {
    super({ medium: new MemoryMedium() });
    this.reading = new Promise((resolve) => this.#come = resolve);
    this.#going = new Promise((resolve) => this.#letGo = resolve);
  }

  letGo(): void {
    this.#letGo();
  }

  override async execute(task: Task): Promise<TaskResult> {
    if (task.cdb[0] === READ_6) {
      // The CDB is valid during the call alone.
      task = { ...task, cdb: task.cdb.slice() };
      this.#come();
      await this.#going;
    }
    return super.execute(task);
  }
}

/** Attaches and detaches a drive so many times, and looks at what this process has open then. */
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
}

/** Detaches while the drive does not come to an end with a read. */
async function detachStuck(): Promise<void> {
  const drive = new SlowDrive();
  const attachment = await attachSlow(drive, { closeTimeoutMs: 100 });
  const reader = read();
  await drive.reading;
  await attachment.close();
  must(await reader !== 0, "the read was ended");
}

/** Somebody else removes the device from configfs. */
async function takenAway(): Promise<void> {
  const device = new SimulatedDrive({ medium: new MemoryMedium() });
  const attachment = await attach([{ name: "taken", device }]);
  const { ended, units: [{ backstore }] } = attachment;
  Deno.removeSync(backstore);
  await ended;
  await attachment.close();
}

/** The kernel gives up a read, which the drive answers later. */
async function answerLate(): Promise<void> {
  const drive = new SlowDrive();
  const attachment = await attachSlow(drive, { commandTimeoutS: 5 });
  must(await read() !== 0, "the read was given up");
  drive.letGo();
  must(await run("mt", "-f", "/dev/nst0", "rewind") === 0, "the drive works after a late answer");
  must(await read() === 0, "the drive reads after a late answer");
  await attachment.close();
}

/** Commands wait behind a read: one is aborted by the host meanwhile, the others are served. */
async function abortOne(): Promise<void> {
  const drive = new SlowDrive();
  const attachment = await attachSlow(drive);
  const reader = read();
  await drive.reading;
  const inquiries = [1, 2, 3].map(() => run("sg_inq", "/dev/sg0"));
  const aborted = await run("sg_raw", ..."-t 1 -r 37 /dev/sg0 12 00 00 00 25 00".split(" "));
  must(aborted !== 0, "the command was aborted");
  drive.letGo();
  must(await reader === 0, "the read that ran came to its end");
  must((await Promise.all(inquiries)).every((status) => status === 0), "the others were served");
  must(drive.commands.every(({ cdb }) => cdb[4] !== 0x25), "the drive never saw the command");
  await attachment.close();
}

async function attachSlow(drive: SlowDrive, options: AttachOptions = {}) {
  const nexus = { initiatorName: "here", isid: "000000000000" };
  for (const cdb of [[0x0a, 0, 0, 3, 0xe8, 0], [0x01, 0, 0, 0, 0, 0]]) {
    const dataOut = cdb[0] === 0x0a ? WRITTEN : new Uint8Array(0);
    await drive.execute({ cdb: Uint8Array.from(cdb), dataOut, nexus });
  }
  return await attach([{ name: "slow", device: drive }], { loopback: true, ...options });
}

function read(): Promise<number> {
  return run("dd", "if=/dev/nst0", "of=/dev/null", "bs=4k", "count=1");
}

async function run(program: string, ...args: string[]): Promise<number> {
  const stdio = { stdout: "null", stderr: "null" } as const;
  return (await new Deno.Command(program, { args, ...stdio }).output()).code;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`It does not hold that ${what}`);
}

async function all(): Promise<void> {
  for (const part of [takenAway, detachStuck, answerLate, abortOne, () => cycle(100)]) {
    await part();
    const seconds = Math.round(performance.now() / 1000);
    console.log(`done after ${seconds} s: ${part.name || "a hundred cycles"}`);
  }
}

all().catch((error) => {
  console.error(error);
  Deno.exitCode = 2;
});
