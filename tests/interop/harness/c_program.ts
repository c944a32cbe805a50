import { fileURLToPath } from "node:url";
import { requirePrograms } from "./programs.ts";
import { runProgram } from "./tape_command.ts";

/** The Debian packages with which a program that uses libiscsi is compiled. */
export const LIBISCSI_PACKAGES = "gcc libc6-dev libiscsi-dev";

/** Options of {@link compileC}. */
export interface CompileOptions {
  /** Libraries to link with, by the names that `-l` takes. @default none */
  readonly libraries?: readonly string[];
  /** Whether to make a library to load instead of a program. @default false */
  readonly shared?: boolean;
  /** The Debian packages that it needs, for people. @default "gcc libc6-dev" */
  readonly needs?: string;
}

/** A source file beside this one. */
export function harnessSource(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/**
 * Compiles one file of C.
 *
 * @throws {Error} with the compiler's complaint, and the packages to install.
 */
export async function compileC(
  source: string,
  program: string,
  { libraries = [], shared = false, needs = "gcc libc6-dev" }: CompileOptions = {},
): Promise<void> {
  const [gcc] = requirePrograms("gcc");
  const kind = shared ? ["-shared", "-fPIC"] : [];
  const linked = libraries.map((name) => `-l${name}`);
  const args = ["-O2", "-Wall", "-Wextra", ...kind, "-o", program, source, ...linked];
  const { code, stderr } = await runProgram(gcc, args);
  if (code === 0) return;
  throw new Error(`Cannot compile ${source} (Debian packages: ${needs}): ${stderr}`);
}
