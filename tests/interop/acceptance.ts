import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { randomBytes } from "./harness/random_bytes.ts";
import { type CommandOptions, type CommandOutput, tape } from "./harness/tape_command.ts";
import { type Target, withTarget } from "./harness/target.ts";
import { withTempDir } from "./harness/temp_dir.ts";

/** What the acceptance tests know of a kind of target. */
export interface TargetKind {
  readonly name: string;
  start(): Promise<Target>;
  /** What the drive calls itself. */
  readonly product: RegExp;
}

const MIB = 1 << 20;
/** Not a multiple of any record size here, so that each file ends in a short record. */
const TAIL_BYTES = 777;
/** All sizes at 64 MiB, as someone who trusts us with the only copy would try. */
const FULL = process.env.TAPE_INTEROP_FULL === "1";

const FILE_SIZES: readonly [recordBytes: number, fileBytes: number][] = [
  [262144, 64 * MIB + TAIL_BYTES],
  [65536, 64 * MIB + TAIL_BYTES],
  [1000, (FULL ? 64 : 2) * MIB + TAIL_BYTES],
];

/** Runs the command against `target` and insists on success. */
export async function mustDo(
  target: Target,
  args: readonly string[],
  options?: CommandOptions,
): Promise<CommandOutput> {
  const output = await tape(["-f", target.url, ...args], options);
  assert.equal(output.code, 0, `tape ${args.join(" ")}: ${output.stderr}`);
  return output;
}

/** Like `assert.deepEqual` for bytes, quick and without printing megabytes. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length, "as many bytes as were written");
  assert.equal(Buffer.compare(actual, expected), 0, "the same bytes as were written");
}

/** Registers the tests that the command must pass against a kind of target. */
export function acceptanceTests(kind: TargetKind): void {
  const test = (title: string, run: (target: Target, dir: string) => Promise<void>) =>
    Deno.test(`${kind.name}: ${title}`, () =>
      withTarget(kind.start(), (target) => withTempDir((dir) => run(target, dir))));

  for (const [recordBytes, fileBytes] of FILE_SIZES) {
    test(
      `two files in records of ${recordBytes} bytes come back as they were written`,
      (target, dir) => twoFiles(target, dir, recordBytes, fileBytes),
    );
  }
  test("the last record of a file is as short as what was left", lastRecordIsShort);
  test("fsf 1 stands before the second file", secondFileAfterSpacing);
  test("read at the end of data says so, succeeds and gives no bytes", readAtEndOfData);
  test("write and read work in a pipeline", pipeline);
  test("the device comes from $TAPE where -f is not given", deviceFromEnvironment);
  test("status and inquiry name the drive", (target) => namesTheDrive(target, kind.product));
  test("ls prints the tape's line", (target) => listsTheTape(target, kind.product));
}

async function twoFiles(target: Target, dir: string, recordBytes: number, fileBytes: number) {
  const files = [randomBytes(fileBytes, 1), randomBytes(fileBytes - 1, 2)];
  await mustDo(target, ["rewind"]);
  for (const bytes of files) {
    writeFileSync(join(dir, "in"), bytes);
    await mustDo(target, ["write", join(dir, "in"), "--block-size", `${recordBytes}`]);
  }
  for (const readAhead of [[], ["--read-ahead", "16"]]) {
    await mustDo(target, ["rewind"]);
    for (const bytes of files) {
      const out = join(dir, "out");
      await mustDo(target, ["read", out, "--block-size", `${recordBytes}`, ...readAhead]);
      assertSameBytes(readFileSync(out), bytes);
    }
  }
}

/** From behind a filemark, because istgt lands one record short when it spaces over records from the beginning. */
async function lastRecordIsShort(target: Target) {
  const bytes = randomBytes(3 * 65536 + TAIL_BYTES, 3);
  await mustDo(target, ["write", "-"], { stdin: randomBytes(1000, 8) });
  await mustDo(target, ["write", "-", "--block-size", "64k"], { stdin: bytes });
  await mustDo(target, ["rewind"]);
  await mustDo(target, ["fsf", "1"]);
  await mustDo(target, ["fsr", "3"]);
  const { stdoutBytes } = await mustDo(target, ["read", "-", "--block-size", "64k"]);
  assertSameBytes(stdoutBytes, bytes.subarray(3 * 65536));
}

async function secondFileAfterSpacing(target: Target) {
  const files = [randomBytes(300_000, 4), randomBytes(200_000, 5)];
  for (const bytes of files) {
    await mustDo(target, ["write", "-", "--block-size", "64k"], { stdin: bytes });
  }
  await mustDo(target, ["rewind"]);
  await mustDo(target, ["fsf", "1"]);
  const { stdoutBytes } = await mustDo(target, ["read", "-", "--block-size", "64k"]);
  assertSameBytes(stdoutBytes, files[1]);
}

async function readAtEndOfData(target: Target) {
  await mustDo(target, ["write", "-"], { stdin: randomBytes(1000, 6) });
  const output = await mustDo(target, ["read", "-"]);
  assert.equal(output.stdoutBytes.length, 0);
  assert.match(output.stderr, /end of data/i);
}

async function pipeline(target: Target) {
  const bytes = randomBytes(5 * MIB + TAIL_BYTES, 7);
  await mustDo(target, ["write", "-", "--block-size", "256k"], { stdin: bytes });
  await mustDo(target, ["rewind"]);
  const args = ["read", "-", "--block-size", "256k", "--read-ahead", "4"];
  const { stdoutBytes } = await mustDo(target, args);
  assertSameBytes(stdoutBytes, bytes);
}

async function deviceFromEnvironment(target: Target) {
  const { code, stderr } = await tape(["rewind"], { env: { TAPE: target.url } });
  assert.equal(code, 0, stderr);
}

async function namesTheDrive(target: Target, product: RegExp) {
  assert.match((await mustDo(target, ["status"])).stdout, product);
  assert.match((await mustDo(target, ["inquiry"])).stdout, product);
  for (const command of ["status", "inquiry"]) {
    const { stdout } = await mustDo(target, ["--json", command]);
    assert.match(JSON.stringify(JSON.parse(stdout)), product);
  }
}

async function listsTheTape(target: Target, product: RegExp) {
  const { code, stdout, stderr } = await tape(["ls", target.portal]);
  assert.equal(code, 0, stderr);
  const line = stdout.split("\n").find((text) => product.test(text));
  assert.ok(line?.includes(target.iqn) && line.includes(target.portal), stdout);
}
