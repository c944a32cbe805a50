import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHost } from "../../cli/host/node_host.ts";
import { packageDevices } from "../../cli/device/package_devices.ts";
import { run } from "../../cli/run.ts";
import { TapMedium } from "../../sim/images/tap_medium.ts";
import { MemoryHost, MemorySink, patternBytes } from "./memory_host.ts";

/**
 * In the lines below, `@NAME` is a file in the folder of the test, `TAKEN` a port that somebody else listens on, `GONE`
 * one where nobody does, and `KEY` what must never be shown.
 */
const WRONG: readonly (readonly [line: string, status: 1 | 2, message: RegExp])[] = [
  // What is to be done.
  ["", 1, /No command given/],
  ["--json", 1, /No command given/],
  ["rewnd", 1, /No such command: rewnd; did you mean rewind\?/],
  ["statsu", 1, /did you mean status\?/],
  ["changer laod 1", 1, /did you mean changer load\?/],
  ["encryption onn", 1, /did you mean encryption on\?/],
  ["image", 1, /needs one of its commands: save, load, inspect/],
  ["frobnicate", 1, /^tape: No such command: frobnicate$/m],
  ["re", 1, /Ambiguous command re: it may mean .*rewind/],
  ["se 5", 1, /Ambiguous command se: it may mean .*seek/],
  ["help rewnd", 1, /did you mean rewind\?/],
  ["completion tcsh", 1, /tcsh.*bash.*zsh/],
  ["completion", 1, /Missing shell name/],
  ["status --jsn", 1, /--jsn.*--json/],
  ["status --jsno --json", 1, /--jsno.*did you mean .*--json/],
  ["rewind 3", 1, /Unexpected.*3/],
  ["rewind status", 1, /cannot be used together/],
  ["fsf -1", 1, /"-1"; numbers are not negative here/],
  ["setpartition -1", 1, /"-1"; numbers are not negative here/],
  ["-f", 1, /-f needs a value behind it/],
  ["write @data -b", 1, /-b requires SIZE/],
  ["compression maybe", 1, /maybe/],
  ["fsf many", 1, /many/],
  ["seek", 1, /N/],
  ["seek", 1, /^tape: N is missing$/m],
  ["copy", 1, /^tape: DEVICE is missing$/m],
  ["image save", 1, /^tape: FILE\|- is missing$/m],
  ["write @data --count 1", 1, /^tape: Unexpected option or argument: "--count"$/m],
  ["status status", 1, /^tape: Unexpected option or argument: "status"$/m],
  ["weof 1.5", 1, /1.5/],
  // Sizes and numbers.
  ["setblk 12q", 1, /size like 65536, 256k, 1m or 2g, but got .*12q/],
  ["write @data --block-size 0", 1, /at least 1/],
  ["write @data --block-size 1.5k", 1, /1\.5k/],
  ["write @data --block-size -5", 1, /size like 65536, 256k, 1m or 2g, but got "-5"/],
  ["write @data --block-size 99999999999g", 1, /size like 65536, 256k, 1m or 2g/],
  ["read @out --read-ahead -1", 1, /greater than or equal to 0, but got "-1"/],
  ["-f sim:@drive.tap weof 99999999", 2, /0 to 16777215/],
  ["write @data --start-at 50", 1, /--start-at needs --buffer/],
  ["read --count 0", 1, /1/],
  ["status --timeout soon", 1, /soon/],
  ["mkpartition 5x --yes", 1, /5x/],
  ["-f sim:@drive.tap setblk 32m", 2, /33554432/],
  // Which device.
  ["rewind", 1, /No device given: use -f DEVICE or set TAPE/],
  ["changer status", 1, /No device given/],
  ["-f nonsense rewind", 1, /expected an address that begins with iscsi:\/\/ or sim:/],
  ["-f @drive.tap rewind", 1, /begins with iscsi:\/\/ or sim:.*\n.*sim:FILE for a tape image/],
  ["-f iscsi://host rewind", 1, /expected iscsi:/],
  ["-f iscsi:// rewind", 1, /expected iscsi:/],
  ["-f iscsi://127.0.0.1/foo/0 rewind", 1, /"foo" is no iSCSI target name/],
  ["-f iscsi://127.0.0.1:99999/iqn.2026-03.a:b/0 rewind", 1, /expected HOST, HOST:PORT.*65535/],
  ["-f iscsi://127.0.0.1/iqn.2026-03.a:b/x rewind", 1, /LUN.*"x"/],
  ["-f iscsi://127.0.0.1:GONE/iqn.2026-03.a:b/0 rewind", 2, /refused/],
  ["-f sim: rewind", 1, /expected sim:PATH\.tap/],
  ["-f sim:@drive.tap changer status", 1, /holds one drive and no library/],
  ["-f sim:@drive.tap --chap-user ann status", 1, /--chap-user needs a secret/],
  ["-f sim:@drive.tap --chap-user ann --chap-secret KEY status", 1, /--chap-secret/],
  ["-f sim:@drive.tap --initiator-name me status", 1, /initiator name/],
  ["ls", 1, /PORTAL/],
  ["ls 10.0.0.5:99999", 1, /expected HOST, HOST:PORT/],
  ["ls 127.0.0.1:GONE", 2, /refused/],
  ["ls [::1", 1, /expected HOST, HOST:PORT or \[IPV6\]:PORT/],
  // Files.
  ["-f sim:@text rewind", 2, /Cannot use .*text as a tape image/],
  ["-f sim:@folder rewind", 2, /Cannot open .*folder: it is a directory$/m],
  ["-f sim:@missing/a.tap rewind", 2, /Cannot open .*a\.tap: no such file or directory$/m],
  ["-f sim:@drive.tap write @missing", 2, /Failed to open .*missing: no such file/],
  ["-f sim:@drive.tap write @folder", 2, /Failed to open .*folder: it is a directory/],
  [
    "-f sim:@drive.tap read @text/out",
    2,
    /Failed to open .*text\/out: a part of the path is not a/,
  ],
  [`-f sim:@drive.tap read @${"n".repeat(300)}`, 2, /Failed to open .*nnn: the name is too long/],
  ["-f sim:@drive.tap write - -", 1, /- is there twice/],
  ["-f sim:@drive.tap read @folder", 2, /folder: it is a directory/],
  ["-f sim:@drive.tap read @missing/out", 2, /missing.*no such file/],
  ["-f sim:@drive.tap read @full", 2, /no space left/],
  ["-f sim:@drive.tap read -", 2, /the program that reads it has ended/],
  ["-f sim:@drive.tap read - --json", 1, /--json needs a FILE/],
  ["-f sim:@drive.tap verify --manifest @text", 2, /manifest/],
  ["-f sim:@drive.tap image load @text", 2, /Cannot use .*text as a tape image/],
  ["-f sim:@drive.tap image load @cut.tap --yes", 2, /cut within a record.*--salvage/],
  ["-f sim:@drive.tap image save @text", 2, /it exists; --force overwrites it/],
  ["image inspect @missing", 2, /no such file/],
  ["-f sim:@drive.tap encryption on --key-file @text", 1, /tape serve --media .*drive\.tap/],
  // The tape.
  ["-f sim:@drive.tap fsf 3", 2, /end-of-data/],
  ["-f sim:@drive.tap bsf", 2, /beginning/],
  ["-f sim:@drive.tap setpartition 1", 2, /partition/i],
  ["-f sim:@protected.tap weof", 2, /07\/27\/00|27\/00|write.protect/i],
  ["-f sim:@drive.tap copy sim:@drive.tap", 1, /copied to itself/],
  ["-f sim:@drive.tap copy nonsense", 1, /begins with iscsi:/],
  ["-f sim:@drive.tap seek 99999", 2, /end-of-data/],
  ["-f sim:@drive.tap log nosuch", 1, /tape log lists those/],
  ["-f sim:@drive.tap log FFh", 1, /No such log page: FFh; the last code is 3Fh/],
  // Nobody to ask.
  ["-f sim:@drive.tap erase", 1, /needs --yes when there is no terminal/],
  ["-f sim:@drive.tap mkpartition 5", 1, /needs --yes when there is no terminal/],
  ["-f sim:@drive.tap image load @good.tap", 1, /needs --yes when there is no terminal/],
  // Serving.
  ["serve --listen nowhere", 1, /HOST:PORT/],
  ["serve --listen 127.0.0.1:99999", 1, /a port up to 65535/],
  ["serve -f sim:@drive.tap", 1, /serve takes no -f DEVICE: --media FILE names an image/],
  ["serve --media @drive.tap --media @folder/../drive.tap", 1, /drive\.tap is there twice/],
  ["serve --listen 127.0.0.1:TAKEN", 2, /127\.0\.0\.1:\d+.*in use/],
  ["serve --listen 127.0.0.1:0 --iqn me", 1, /"me" is no iSCSI name/],
  ["serve --listen 127.0.0.1:0 --allow foo", 1, /--allow takes an iSCSI name .*, not foo/],
  ["serve --listen 127.0.0.1:0 --media @text", 2, /Cannot use .*text/],
  ["serve --personality ibm-ult3580-td12", 1, /ibm-ult3580-td12/],
  ["serve --chap @missing", 2, /no such file/],
  ["serve --drives 1 --media @a.tap --media @b.tap", 1, /2 images for 1 drive/],
  ["serve --drives 0", 1, /greater than or equal to 1/],
  [
    "-f sim:@drive.tap seek 99999999999999999999",
    1,
    /whole number from 0 to 9007199254740991, but/,
  ],
  ["-f sim:@drive.tap alerts --watch --interval 3000000", 1, /less than or equal to 2,?147,?483/],
  [
    "-f iscsi://h/iqn.2026-03.com.example:t/0 --chap-user u --chap-secret-file @folder tell",
    2,
    /^tape: Failed to open .*folder: it is a directory$/m,
  ],
];

const KEY = "hunter2hunter2";

/** Lines with a secret where none belongs. */
const INDISCREET: readonly string[] = [
  "--chap-secret=KEY status",
  "--chap-secret KEY status",
  "-f sim:x.tap status --chap-secret=KEY",
  "status iscsi://user%KEY@127.0.0.1/iqn.2026-03.a:b/0",
  "iscsi://user%KEY@127.0.0.1/iqn.2026-03.a:b/0 status",
  "changer iscsi://user%KEY@127.0.0.1/iqn.2026-03.a:b/0",
  "-f iscsi://user:KEY@127.0.0.1/iqn.2026-03.a:b/0 status",
  "-f iscsii://user%KEY@127.0.0.1/iqn.2026-03.a:b/0 status",
  "-f iscsi://127.0.0.1/iqn.2026-03.a:b/0&target_password=KEY status",
  "ls user%KEY@127.0.0.1",
  "ls iscsi://user%KEY@127.0.0.1",
  "ls --json user%KEY@127.0.0.1",
];

/** Real files and devices; but somebody has filled the disk, and nobody reads standard output any more. */
class TroubledHost extends MemoryHost {
  override openFile = nodeHost.openFile;
  override checkFile = nodeHost.checkFile;
  override realPath = nodeHost.realPath;
  override createFile = (path: string) =>
    path.endsWith("full") ? Promise.resolve(failingSink("ENOSPC")) : nodeHost.createFile(path);
  override readTextFile = nodeHost.readTextFile;
  override openStdout = () => failingSink("EPIPE");
}

function failingSink(code: string): MemorySink {
  const sink = new MemorySink();
  sink.write = () => Promise.reject(Object.assign(new Error(code), { code, syscall: "write" }));
  return sink;
}

async function prepare(folder: string): Promise<void> {
  const at = (name: string) => join(folder, name);
  await mkdir(at("folder"));
  await writeFile(at("text"), "This file is no tape image at all, whatever its name says.");
  await writeFile(at("data"), patternBytes(5000));
  for (const name of ["good.tap", "protected.tap"]) writeTape(at(name));
  const image = new Uint8Array(600);
  image.set([0xe8, 0x03, 0, 0]);
  await writeFile(at("cut.tap"), image);
}

/** A record and a filemark. */
function writeTape(path: string): void {
  const medium = TapMedium.open(path);
  medium.partitions[0].appendRecord(patternBytes(1000));
  medium.partitions[0].appendFilemarks(1);
  medium.state.writeProtected = path.endsWith("protected.tap");
  medium.close();
}

/** The tape of the test, at its beginning. */
async function newDrive(folder: string): Promise<void> {
  const path = join(folder, "drive.tap");
  for (const each of [path, `${path}.json`]) await rm(each, { force: true });
  writeTape(path);
}

/** Runs `use` while a port is taken by somebody else, and another is free. */
async function withPorts(use: (taken: number, gone: number) => Promise<void>): Promise<void> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map((server) =>
      new Promise<number>((resolve) =>
        server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
      )
    ),
  );
  const close = (server: typeof servers[number]) =>
    new Promise<void>((resolve) => server.close(() => resolve()));
  try {
    await close(servers[1]);
    await use(ports[0], ports[1]);
  } finally {
    await close(servers[0]);
  }
}

Deno.test("Whatever is asked for wrongly is told in a line that helps, with exit status 1 or 2, and without a stack", async (t) => {
  assert.ok(WRONG.length >= 60);
  const folder = await mkdtemp(join(tmpdir(), "tape-wrong-"));
  try {
    await prepare(folder);
    await withPorts(async (taken, gone) => {
      const fill = (text: string) =>
        text.replaceAll("@", `${folder}/`).replaceAll("TAKEN", String(taken))
          .replaceAll("GONE", String(gone)).replaceAll("KEY", KEY);
      for (const [line, status, message] of WRONG) {
        await t.step(`tape ${line || "(nothing)"}`, async () => {
          const host = new TroubledHost();
          await newDrive(folder);
          const args = fill(line).split(" ").filter(Boolean);
          assert.equal(await run(args, host, { devices: packageDevices }), status, host.errors);
          const lines = host.errors.trimEnd().split("\n");
          const start = lines.findIndex((each) => /^tape: (?!warning)/.test(each));
          const [first, ...hints] = lines.slice(start);
          assert.match(host.errors, message);
          assert.match(first, /^tape: \S/, host.errors);
          assert.ok(hints.length <= 3, host.errors);
          assert.doesNotMatch(host.errors, /\n\s+at |not expected|undefined|\[object/, host.errors);
          assert.ok(!host.errors.includes(KEY));
          assert.equal(host.listeners, 0);
        });
      }
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

for (const line of INDISCREET) {
  Deno.test(`tape ${line} does not show the secret`, async () => {
    const host = new MemoryHost();
    const args = line.replaceAll("KEY", KEY).split(" ");
    assert.notEqual(await run(args, host, { devices: packageDevices }), 0);
    assert.match(host.errors, /^tape: \S/);
    assert.ok(!`${host.errors}${host.output}`.includes(KEY), host.errors);
  });
}
