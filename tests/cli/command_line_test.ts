import assert from "node:assert/strict";
import { expandCommandName, parseCommandLine } from "../../cli/command_line.ts";
import { COMMANDS } from "../../cli/command_table.ts";
import { UsageError } from "../../cli/usage_error.ts";

function parse(line: string) {
  const args = line.split(" ").filter((word) => word !== "");
  return parseCommandLine(args, COMMANDS, { version: "1.2.3", columns: 80 });
}

const GOOD = [
  "ls 10.0.0.5",
  "ls 10.0.0.5:3260 [::1] --json",
  "inquiry",
  "status",
  "densities",
  "rewind",
  "fsf",
  "fsf 3",
  "bsf 2",
  "fsr 0",
  "bsr 1",
  "fsfm",
  "bsfm 2",
  "asf 0",
  "eod",
  "eom",
  "seod",
  "tell",
  "seek 12",
  "load",
  "offline",
  "rewoffl",
  "eject",
  "retension",
  "write",
  "write -",
  "write file --block-size 256k --progress",
  "read",
  "read - -b 64k",
  "read file --block-size 1m --read-ahead 16 --count 3",
  "weof",
  "eof 2",
  "erase --long --yes",
  "setblk 0",
  "setblk 64k",
  "compression",
  "compression off",
  "serve --listen 127.0.0.1:0 --media a.tap --media b.tap --drives 3 --iqn iqn.2026-03.a:b",
  "status -v --header-digest crc32c --data-digest none --timeout 2.5 --initiator-name iqn.2026-03.a:b",
  "status --chap-user u --chap-secret-file s --target-user t --target-secret-file z",
];

for (const line of GOOD) {
  Deno.test(`tape ${line} is understood`, () => {
    assert.equal(parse(line).kind, "command");
  });
}

const BAD: readonly (readonly [string, RegExp])[] = [
  ["", /^No command given/],
  ["-f x", /^No command given/],
  ["frobnicate", /^No such command: frobnicate/],
  ["re", /^Ambiguous command re: it may mean .*rewind.*read/],
  ["ls", /PORTAL|argument/],
  ["rewind 3", /Unexpected/],
  ["rewind --frob", /--frob/],
  ["fsf x", /integer/],
  ["fsf -1", /-1/],
  ["fsf 1 2", /Unexpected/],
  ["asf", /N/],
  ["seek", /N/],
  ["seek 1.5", /integer/],
  ["weof 1.5", /integer/],
  ["read a b", /Unexpected/],
  ["copy", /DEVICE/],
  ["map a", /Unexpected/],
  ["write a --start-at 0", /1/],
  ["write a --block-size 0", /at least 1/],
  ["write a --block-size 3x", /3x/],
  ["write a --block-size", /SIZE/],
  ["read a --read-ahead many", /many/],
  ["read a --count 0", /1/],
  ["setblk", /SIZE/],
  ["setblk -4", /-4/],
  ["compression maybe", /maybe/],
  ["serve --listen nowhere", /HOST:PORT/],
  ["serve --drives 0", /1/],
  ["status -f", /DEVICE/],
  ["status --timeout 0", /0/],
  ["status --header-digest md5", /md5/],
  ["status --chap-secret hunter2", /--chap-secret/],
];

for (const [line, message] of BAD) {
  Deno.test(`tape ${line || "(nothing)"} is refused`, () => {
    assert.throws(() => parse(line), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("The device may stand before or behind the command", () => {
  for (const line of ["-f sim:a.tap fsf 2", "fsf 2 -f sim:a.tap", "fsf --device sim:a.tap 2"]) {
    const parsed = parse(line);
    assert.equal(parsed.kind === "command" && parsed.options.device, "sim:a.tap", line);
  }
});

Deno.test("Commands may be abbreviated where it is clear what is meant", () => {
  const expanded = (...args: string[]) => expandCommandName(args, COMMANDS).join(" ");
  assert.equal(expanded("rew"), "rewind");
  assert.equal(expanded("-f", "status", "comp", "on"), "-f status compression on");
  assert.equal(expanded("--json", "off"), "--json offline");
  assert.equal(expanded("ej"), "eject");
  assert.equal(expanded("bsf"), "bsf");
  assert.equal(expanded("--help"), "--help");
});

Deno.test("Every command has a help text with examples", () => {
  for (const { name } of COMMANDS) {
    const parsed = parse(`${name} --help`);
    assert.equal(parsed.kind, "text", name);
    const text = parsed.kind === "text" ? parsed.text : "";
    assert.match(text, new RegExp(`Usage: tape ${name}`), name);
    assert.match(text, new RegExp(`Examples:\\n  .*tape ${name}`), name);
    assert.deepEqual(parse(`help ${name}`), parsed, name);
  }
});

Deno.test("Commands of commands have help texts with examples, too, and help takes abbreviations", () => {
  for (const { name, subcommands = [] } of COMMANDS) {
    for (const sub of subcommands) {
      const parsed = parse(`${name} ${sub} --help`);
      assert.equal(parsed.kind, "text", `${name} ${sub}`);
      const text = parsed.kind === "text" ? parsed.text : "";
      assert.match(text, new RegExp(`Usage: tape ${name} ${sub}`));
      assert.match(text, new RegExp(`Examples:\\n  .*tape ${name} ${sub}`));
      assert.deepEqual(parse(`help ${name} ${sub}`), parsed);
    }
  }
  assert.deepEqual(parse("help chan"), parse("changer --help"));
  assert.deepEqual(parse("help chan unl"), parse("changer unload --help"));
  assert.throws(() => parse("help rewnd"), /did you mean rewind\?/);
});

Deno.test("tape completion prints a script for each shell, and what may follow", () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const parsed = parse(`completion ${shell}`);
    assert.equal(parsed.kind, "text");
    assert.match(parsed.kind === "text" ? parsed.text : "", /tape/, shell);
  }
  const parsed = parseCommandLine(["completion", "bash", "changer", "l"], COMMANDS, {
    version: "1.2.3",
    columns: 80,
  });
  assert.match(parsed.kind === "text" ? parsed.text : "", /^load$/m);
});

Deno.test("tape --help names every command in the groups", () => {
  const parsed = parse("--help");
  assert.equal(parsed.kind, "text");
  const text = parsed.kind === "text" ? parsed.text : "";
  for (const { name, group } of COMMANDS) {
    assert.match(text, new RegExp(`^${group}:$`, "m"));
    assert.match(text, new RegExp(`^  ${name} `, "m"));
  }
});

Deno.test("tape --version prints the version", () => {
  assert.deepEqual(parse("--version"), { kind: "text", text: "1.2.3" });
});
