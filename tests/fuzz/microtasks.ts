/** Lets promises run that need no time, so often: what takes longer waits for something else. */
export async function microtasks(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await null;
}
