import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runProgram, TAPE_COMMAND } from "./tape_command.ts";

/** A command of a document, and what the document says that it prints. */
export interface ConsoleStep {
  readonly command: string;
  readonly printed: string;
}

/** The steps of the blocks ```` ```console ````: a command behind `$ `, and below it what it prints. */
export function consoleSteps(document: string): ConsoleStep[] {
  const blocks = [...document.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block]) => block);
  return blocks.flatMap((block) =>
    block.split(/^\$ /m).slice(1).map((step) => {
      // A backslash at its end carries a line on.
      const command = /^(?:.*\\\n)*.*/.exec(step)![0];
      return { command, printed: withoutEdges(step.slice(command.length)) };
    })
  );
}

/** Runs commands one behind the other in one shell, in `dir`; resolves to what each of them printed. */
export async function runConsole(commands: readonly string[], dir: string): Promise<string[]> {
  const tape = [Deno.execPath(), ...TAPE_COMMAND].map((word) => `'${word}'`).join(" ");
  writeFileSync(join(dir, "tape"), `#!/bin/sh\nexec ${tape} "$@"\n`, { mode: 0o755 });
  const script = ["exec 2>&1", ...commands.flatMap((command) => [`echo '${MARK}'`, command])];
  // What is still at work in the background ends with the document.
  script.push("kill $(jobs -p) 2>/dev/null", "wait", "true");
  const { code, stdout, stderr } = await runProgram("/bin/bash", ["-c", script.join("\n")], {
    cwd: dir,
    env: { PATH: `${dir}:${process.env.PATH}` },
  });
  if (code !== 0) throw new Error(`Running a document: ${stdout}${stderr}`);
  return stdout.split(`${MARK}\n`).slice(1).map(withoutEdges);
}

const MARK = "=== next command ===";

/** A text without empty lines at its ends. */
function withoutEdges(text: string): string {
  return text.replace(/^\n+/, "").trimEnd();
}

/** A text without what differs from run to run. */
export function comparable(text: string): string {
  return text.replace(/\d+\.\d s, \d+\.\d MB\/s/g, "SECONDS, RATE").replace(/ +$/gm, "");
}
