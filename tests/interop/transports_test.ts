import assert from "node:assert/strict";
import { withStrangePeers } from "../transport/strange_peers.ts";
import { runtimePath } from "./harness/consumer.ts";
import { ROOT, runProgram } from "./harness/tape_command.ts";

/** Runs programs that test transports, from source; each must pass at least one test and fail none. */
async function mustPass(runtime: string, program: string, ...args: string[]): Promise<void> {
  const path = `${ROOT}tests/transport/${program}`;
  const flags = runtime.startsWith("node") ? ["--experimental-strip-types", "--no-warnings"] : [];
  const command = await runtimePath(runtime);
  const { code, stdout, stderr } = await runProgram(command, [...flags, path, ...args]);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^[1-9]\d* passed, 0 failed$/m, stderr);
}

for (const [name, runtime] of [["Node 22", "node@22"], ["Bun 1.3", "bun@1.3"]] as const) {
  Deno.test(`${name}: every transport passes the compliance suite`, () =>
    mustPass(runtime, "compliance_elsewhere.ts"));
}

Deno.test("Bun 1.3: its own sockets dial, listen, fail and hold back as the others do", () =>
  withStrangePeers((ports) => mustPass("bun@1.3", "bun_sockets.ts", JSON.stringify(ports))));
