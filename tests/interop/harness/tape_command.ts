import assert from "node:assert/strict";
import process from "node:process";
import { within } from "./waiting.ts";

/** What a finished command left. */
export interface CommandOutput {
  /** The exit status. */
  readonly code: number;
  readonly stdout: string;
  readonly stdoutBytes: Uint8Array;
  readonly stderr: string;
}

/** Options of {@link tape}, {@link runProgram} and {@link mustRun}. */
export interface CommandOptions {
  /** What the command reads on its standard input. @default nothing */
  readonly stdin?: Uint8Array;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder it runs in. @default this process's own */
  readonly cwd?: string;
  /** Milliseconds after which it is killed. @default 120000 */
  readonly limitMs?: number;
}

/** The repository, as a path. */
export const ROOT: string = new URL("../../../", import.meta.url).pathname;

/** How the command is started, for those who do it themselves. */
export const TAPE_COMMAND: readonly string[] = ["run", "-A", "--frozen", `${ROOT}cli/main.ts`];

/** Runs `tape ARGS...` in a process of its own, as a script would. */
export function tape(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandOutput> {
  return runProgram(Deno.execPath(), [...TAPE_COMMAND, ...args], options);
}

/** Runs a program to its end. */
export async function runProgram(
  path: string,
  args: readonly string[],
  { stdin, env, cwd, limitMs = 120_000 }: CommandOptions = {},
): Promise<CommandOutput> {
  const child = new Deno.Command(path, {
    args: [...args],
    env: { ...withoutTapeVariables(), NO_COLOR: "1", ...env },
    clearEnv: true,
    cwd,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) feed(child.stdin, stdin);
  const output = await within(child.output(), limitMs, () => child.kill("SIGKILL"));
  return {
    code: output.code,
    stdoutBytes: output.stdout,
    stdout: new TextDecoder().decode(output.stdout),
    stderr: new TextDecoder().decode(output.stderr),
  };
}

/** Runs a program that must succeed. */
export async function mustRun(
  path: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandOutput> {
  const output = await runProgram(path, args, options);
  const { code, stdout, stderr } = output;
  assert.equal(code, 0, `${path} ${args.join(" ")}: ${stdout}${stderr}`);
  return output;
}

/** A command may end before it has read all: its exit status tells what that means. */
function feed(stream: WritableStream<Uint8Array>, bytes: Uint8Array): void {
  const writer = stream.getWriter();
  writer.write(bytes).then(() => writer.close()).catch(() => {});
}

/** The settings of whoever runs the tests must not reach the command. */
function withoutTapeVariables(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || /^(TAPE|LIBISCSI_)/.test(name) ? [] : [[name, value]]
    ),
  );
}
