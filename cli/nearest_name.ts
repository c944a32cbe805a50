/** Typing mistakes that still let a name be recognized: one in three letters. */
const LETTERS_A_MISTAKE = 3;

/** The name that was most likely meant; `undefined` when none is near. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(typed.length / LETTERS_A_MISTAKE)) + 1;
  for (const name of names) {
    const mistakes = mistakesBetween(typed, name);
    if (mistakes >= least) continue;
    least = mistakes;
    nearest = name;
  }
  return nearest;
}

/** Letters to put in, leave out, change, or swap with their neighbour (optimal string alignment). */
function mistakesBetween(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min(last[column] + 1, next[column - 1] + 1, last[column - 1] + change);
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] &&
        a[row - 2] === b[column - 1];
      if (isSwapped) least = Math.min(least, before[column - 2] + 1);
      next.push(least);
    }
    before = last;
    last = next;
  }
  return last[b.length];
}
