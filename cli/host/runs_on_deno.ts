/** Whether Deno runs this process, whose descriptors differ from those of the others. */
export function runsOnDeno(): boolean {
  return "Deno" in globalThis;
}
