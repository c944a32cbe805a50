import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** As bash does when somebody presses TAB behind a line: prints what it would offer. */
const PRESS_TAB = `
press_tab() {
  COMP_LINE="$*" COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  COMP_POINT=\${#COMP_LINE}
  _tape tape "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
  echo "\${COMPREPLY[*]}"
}
eval "$(tape completion bash)"
complete -p tape
`;

/** What is typed, and what bash offers. */
const TYPED: readonly (readonly [line: string, offered: string])[] = [
  ["tape rewi", "rewind"],
  ["tape changer in", "inventory"],
  ["tape -f sim:x.tap write --man", "--manifest"],
  ["tape compression o", "on off"],
  ["tape write phot", "photos.tar photos.txt"],
  ["tape verify --manifest tape7", "tape7.json"],
];

Deno.test("bash completes commands, options, values and files once it has read what tape completion prints", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tape-completion-"));
  try {
    for (const name of ["photos.tar", "photos.txt", "tape7.json"]) {
      await writeFile(join(folder, name), "");
    }
    const command = `#!/bin/sh\nexec '${process.execPath}' run -A --no-check '${MAIN}' "$@"\n`;
    await writeFile(join(folder, "tape"), command, { mode: 0o755 });
    const script = [PRESS_TAB, ...TYPED.map(([line]) => `press_tab ${line}`)].join("\n");
    const { stdout, stderr } = await promisify(execFile)("bash", ["-c", script], {
      cwd: folder,
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    });
    assert.equal(stderr, "");
    const [registered, ...offered] = stdout.trimEnd().split("\n");
    assert.equal(registered, "complete -F _tape tape");
    assert.deepEqual(offered, TYPED.map(([, expected]) => expected));
  } finally {
    await rm(folder, { recursive: true });
  }
});
