import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTcmu } from "../command/run_tcmu.ts";
import type { TcmuHost } from "../command/tcmu_host.ts";
import { FakeLinux } from "./fake_linux.ts";

/** A computer whose output and signals a test has in hand. */
class FakeHost implements TcmuHost {
  readonly kernel: FakeLinux = new FakeLinux();
  readonly columns = 80;
  readonly printed: string[] = [];
  readonly noted: string[] = [];
  readonly terminated: number[] = [];
  /** How long the command has waited, in milliseconds. */
  slept = 0;
  onTerminate: () => Promise<void> = () => Promise.resolve();
  readonly #listeners = new Set<() => void>();
  #ready = () => {};
  #ending: Promise<void> | undefined;

  /** Whether a signal would be heard. */
  get listens(): boolean {
    return this.#listeners.size > 0;
  }

  /** Resolves when it has printed that `count` devices are ready. */
  ready(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#ready = () => this.printed.length >= count && resolve();
      this.#ready();
    });
  }

  interrupt(): void {
    for (const listener of this.#listeners) listener();
  }

  print(line: string): void {
    this.printed.push(line);
    this.#ready();
  }

  note(line: string): void {
    this.noted.push(line);
  }

  onInterrupt(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  terminate(processId: number): void {
    this.terminated.push(processId);
    this.#ending = this.onTerminate();
  }

  async sleep(milliseconds: number): Promise<void> {
    this.slept += milliseconds;
    await this.#ending;
  }
}

async function withImage(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tcmu-"));
  try {
    await use(join(folder, "image.tap"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

Deno.test("attach says what is ready, serves until interrupted, and writes the image back", () =>
  withImage(async (image) => {
    const host = new FakeHost();
    const before = host.kernel.tree();
    const running = runTcmu(["attach", "--media", image, "--name", "mine", "--loopback"], host);
    await host.ready(1);
    assert.deepEqual(host.printed, [
      "ready mine /sys/kernel/config/target/core/user_0/mine /dev/nst0",
    ]);
    assert.ok(host.listens);
    host.interrupt();
    assert.ok(!host.listens, "a second signal ends the process at once");
    assert.equal(await running, 0);
    assert.deepEqual(host.kernel.tree(), before);
    assert.deepEqual(host.noted, []);
    assert.ok(existsSync(image));
  }));

Deno.test("attach makes a library of several images", () =>
  withImage(async (image) => {
    const host = new FakeHost();
    const running = runTcmu(["attach", "--media", image, "--slots", "3"], host);
    await host.ready(3);
    host.interrupt();
    assert.equal(await running, 0);
    assert.deepEqual(host.printed.map((line) => line.split(" ")[1]), [
      ...["tape-changer", "tape-drive0", "tape-drive1"],
    ]);
  }));

Deno.test("attach ends when somebody takes the device away", () =>
  withImage(async (image) => {
    const host = new FakeHost();
    const running = runTcmu(["attach", "--media", image], host);
    await host.ready(1);
    host.kernel.rings[0].remove();
    assert.equal(await running, 0);
    assert.ok(!host.listens);
  }));

Deno.test("attach fails with status 2 where the kernel has no place for the device, and lets the image go", () =>
  withImage(async (image) => {
    for (let time = 0; time < 2; time++) {
      const host = new FakeHost();
      host.kernel.refused = 0;
      assert.equal(await runTcmu(["attach", "--media", image], host), 2);
      assert.match(host.noted[0], /modprobe -a target_core_user tcm_loop/);
    }
  }));

Deno.test("detach ends the process, and waits until its devices are gone", () =>
  withImage(async (image) => {
    const host = new FakeHost();
    const server = runTcmu(["attach", "--media", image, "--name", "mine"], host);
    await host.ready(1);
    host.kernel.setServer(0, 77);
    host.onTerminate = async () => {
      host.interrupt();
      await server;
    };
    assert.equal(await runTcmu(["detach", "mine"], host), 0);
    assert.deepEqual(host.terminated, [77]);
    assert.equal(await server, 0);
  }));

Deno.test("detach gives up a process that does not let go, and says what to do", () =>
  withImage(async (image) => {
    const host = new FakeHost();
    const server = runTcmu(["attach", "--media", image, "--name", "mine"], host);
    await host.ready(1);
    host.kernel.setServer(0, 77);
    assert.equal(await runTcmu(["detach", "mine"], host), 2);
    assert.match(host.noted[0], /process 77 does not let go of it; kill it, then run cleanup/);
    assert.equal(host.slept, 30_000);
    host.interrupt();
    await server;
  }));

Deno.test("detach cleans up behind a process that ends without doing so", () =>
  withImage(async (image) => {
    const host = new FakeHost();
    const before = host.kernel.tree();
    const server = runTcmu(["attach", "--media", image, "--name", "mine"], host);
    await host.ready(1);
    host.kernel.setServer(0, 77);
    host.onTerminate = () => {
      host.kernel.setServer(0, undefined);
      host.kernel.rings[0].closed = true;
      return Promise.resolve();
    };
    assert.equal(await runTcmu(["detach", "mine"], host), 0);
    assert.deepEqual(host.kernel.tree(), before);
    host.interrupt();
    await server;
  }));

Deno.test("list and cleanup tell of what a dead process left", () =>
  withImage(async (image) => {
    const host = new FakeHost();
    const before = host.kernel.tree();
    const server = runTcmu(["attach", "--media", image, "--loopback"], host);
    await host.ready(1);
    const { printed, kernel } = host;
    printed.length = 0;
    kernel.setServer(0, 77);
    assert.equal(await runTcmu(["list"], host), 0);
    kernel.setServer(0, undefined);
    kernel.rings[0].closed = true;
    assert.equal(await runTcmu(["list"], host), 0);
    assert.equal(await runTcmu(["cleanup"], host), 0);
    const folder = "/sys/kernel/config/target/core/user_0/tape";
    assert.deepEqual(printed, [
      `tape\tprocess 77\t${folder}\t/dev/nst0`,
      `tape\tno process\t${folder}\t/dev/nst0`,
      "removed tape",
    ]);
    assert.deepEqual(kernel.tree(), before);
    host.interrupt();
    await server;
  }));

const MISUSED: readonly (readonly string[])[] = [
  [],
  ["fly"],
  ["attach"],
  ["attach", "--media", "a.tap", "--media", "b.tap"],
  ["attach", "--media", "a.tap", "--drives", "2"],
  ["attach", "--slots", "1", "--media", "a.tap", "--media", "b.tap"],
  ["detach"],
  ["cleanup", "more"],
];

for (const args of MISUSED) {
  Deno.test(`tcmu ${args.join(" ")} is bad usage`, async () => {
    const host = new FakeHost();
    assert.equal(await runTcmu(args, host), 1);
    assert.match(host.noted.join("\n"), /tcmu --help tells how to use it$/);
  });
}

Deno.test("detach of a name that nothing has fails", async () => {
  const host = new FakeHost();
  assert.equal(await runTcmu(["detach", "x"], host), 2);
  assert.deepEqual(host.noted, ["tcmu: Cannot detach x: nothing of that name is attached"]);
});

Deno.test("--help tells of every command", async () => {
  const host = new FakeHost();
  assert.equal(await runTcmu(["--help"], host), 0);
  for (const word of ["attach", "detach", "cleanup", "list", "--loopback"]) {
    assert.ok(host.printed[0].includes(word), word);
  }
});
