import { requirePrograms } from "./programs.ts";
import { runProgram } from "./tape_command.ts";

/**
 * Compiles one file of C.
 *
 * @throws {Error} with the compiler's complaint, and `needs`, the Debian packages to install.
 */
export async function compileC(
  source: string,
  program: string,
  { libraries = [], needs = "gcc libc6-dev" }: { libraries?: readonly string[]; needs?: string } =
    {},
): Promise<void> {
  const [gcc] = requirePrograms("gcc");
  const linked = libraries.map((name) => `-l${name}`);
  const args = ["-O2", "-Wall", "-Wextra", "-o", program, source, ...linked];
  const { code, stderr } = await runProgram(gcc, args);
  if (code === 0) return;
  throw new Error(`Cannot compile ${source} (Debian packages: ${needs}): ${stderr}`);
}
