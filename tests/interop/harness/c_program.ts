import { requirePrograms } from "./programs.ts";
import { runProgram } from "./tape_command.ts";

/** Options of {@link compileC}. */
export interface CompileOptions {
  /** Libraries to link. @default none */
  readonly libraries?: readonly string[];
  /** More arguments for the compiler. @default none */
  readonly flags?: readonly string[];
  /** Debian packages to name when it fails. @default gcc libc6-dev */
  readonly needs?: string;
}

/**
 * Compiles one file of C.
 *
 * @throws {Error} with the compiler's complaint, and `needs`, the Debian packages to install.
 */
export async function compileC(
  source: string,
  program: string,
  options: CompileOptions = {},
): Promise<void> {
  const { libraries = [], flags = [], needs = "gcc libc6-dev" } = options;
  const [gcc] = requirePrograms("gcc");
  const linked = libraries.map((name) => `-l${name}`);
  const args = ["-O2", "-Wall", "-Wextra", ...flags, "-o", program, source, ...linked];
  const { code, stderr } = await runProgram(gcc, args);
  if (code === 0) return;
  throw new Error(`Cannot compile ${source} (Debian packages: ${needs}): ${stderr}`);
}
