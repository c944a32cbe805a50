/**
 * Makes the programs that are measured: ours on each runtime, and the one that uses libiscsi.
 *
 * @module
 */

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileC, LIBISCSI_PACKAGES } from "../tests/interop/harness/c_program.ts";
import { runtimePath } from "../tests/interop/harness/consumer.ts";
import { requirePrograms } from "../tests/interop/harness/programs.ts";
import { mustRun, ROOT } from "../tests/interop/harness/tape_command.ts";
import { makeTempDir, removeTempDir } from "../tests/interop/harness/temp_dir.ts";
import { contest, type Contestant } from "./contestants.ts";
import type { ThroughputJob } from "./throughput_job.ts";

/** A runtime that ours can be measured on. */
export type RuntimeName = "deno" | "node" | "bun";

/** The folders that `tape_throughput.ts` needs, beside the files of the root. */
const FOLDERS = ["bench", "changer", "iscsi", "scsi", "sim", "tape", "transport"];
const PROGRAM = "bench/tape_throughput.ts";
/** What npx fetches: the oldest that README promises. Type stripping has to be asked for in early releases of 22. */
const NPX = {
  node: { title: "Node 22", package: "node@22", flags: ["--experimental-strip-types"] },
  bun: { title: "Bun 1.3", package: "bun@1.3", flags: [] },
} as const;

/** Makes each program when it is first asked for, in a folder that goes away with {@link close}. */
export class Workshop {
  readonly #runtimes: readonly RuntimeName[];
  readonly #dir: string = makeTempDir("tape-bench");
  #ours: Promise<Contestant[]> | undefined;
  #libiscsi: Promise<Contestant> | undefined;

  constructor(runtimes: readonly RuntimeName[]) {
    this.#runtimes = runtimes;
  }

  /** Ours on Deno. */
  get deno(): Contestant {
    const command = [Deno.execPath(), "run", "-A", "--frozen", `${ROOT}${PROGRAM}`];
    return { name: "Deno", command };
  }

  /** Ours on each runtime that was asked for, Deno first. */
  ours(): Promise<Contestant[]> {
    return this.#ours ??= this.#makeOurs();
  }

  /** The same work with libiscsi, in C. Needs gcc and libiscsi-dev. */
  libiscsi(): Promise<Contestant> {
    return this.#libiscsi ??= this.#makeLibiscsi();
  }

  /** Has libiscsi write so many records to the tape, one at a time; `say` is told why it could not. */
  async writeTape(
    job: Pick<ThroughputJob, "url" | "recordBytes" | "count">,
    say: (line: string) => void,
  ): Promise<void> {
    const writing = { ...job, operation: "write", depth: 1 } as const;
    await contest([await this.libiscsi()], writing, { rounds: 1, say });
  }

  /** Removes what was made. */
  close(): void {
    removeTempDir(this.#dir);
  }

  async #makeOurs(): Promise<Contestant[]> {
    const others = this.#runtimes.filter((name) => name !== "deno");
    if (others.length > 0) await this.#copySource();
    return [this.deno, ...await Promise.all(others.map((name) => this.#onOther(name)))];
  }

  async #onOther(name: "node" | "bun"): Promise<Contestant> {
    const { title, package: wanted, flags } = NPX[name];
    // Not npx itself: its start is no part of what is measured.
    const path = await runtimePath(wanted);
    return { name: title, command: [path, ...flags, join(this.#dir, PROGRAM)] };
  }

  /** The source as it is, with its packages beside it: these runtimes strip the types themselves. */
  async #copySource(): Promise<void> {
    for (const folder of FOLDERS) this.#copy(folder);
    for (const { name, isFile } of Deno.readDirSync(ROOT)) {
      if (isFile && name.endsWith(".ts")) this.#copy(name);
    }
    const { imports } = JSON.parse(readFileSync(`${ROOT}deno.json`, "utf8"));
    const dependencies = Object.fromEntries(
      Object.entries<string>(imports).map((
        [name, from],
      ) => [name, from.slice(from.lastIndexOf("@") + 1)]),
    );
    const manifest = { private: true, type: "module", dependencies };
    writeFileSync(join(this.#dir, "package.json"), JSON.stringify(manifest));
    const [npm] = requirePrograms("npm");
    await mustRun(npm, ["install", "--no-audit", "--no-fund", "--prefix", this.#dir]);
  }

  #copy(name: string): void {
    cpSync(`${ROOT}${name}`, join(this.#dir, name), { recursive: true });
  }

  async #makeLibiscsi(): Promise<Contestant> {
    const program = join(this.#dir, "libiscsi_tape");
    await compileC(`${ROOT}bench/peers/libiscsi_tape.c`, program, {
      libraries: ["iscsi"],
      needs: LIBISCSI_PACKAGES,
    });
    return { name: "libiscsi", command: [program] };
  }
}
