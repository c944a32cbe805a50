/** What was read of one tape file. */
export interface TapeFileSummary {
  /** Length of each record. */
  readonly recordBytes: readonly number[];
  readonly sha256: string;
}

const BAR_WIDTH = 40;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** `508 × 262144, 1 × 81920`: runs of records of one length. */
function recordRuns(recordBytes: readonly number[]): string {
  const runs: { length: number; count: number }[] = [];
  for (const length of recordBytes) {
    const last = runs.at(-1);
    if (last?.length === length) last.count++;
    else runs.push({ length, count: 1 });
  }
  return runs.map(({ length, count }) => `${count} × ${length}`).join(", ");
}

/** The layout of a tape for people: one line a file, with a bar as long as its share. */
export function drawLayout(files: readonly TapeFileSummary[], names: readonly string[]): string {
  const total = sum(files.flatMap(({ recordBytes }) => recordBytes));
  const lines = files.map(({ recordBytes, sha256 }, index) => {
    const bar = "█".repeat(Math.max(1, Math.round(sum(recordBytes) / total * BAR_WIDTH)));
    return [
      `  file ${index}  ${bar}▏ ${names[index] ?? "?"}`,
      `          ${recordRuns(recordBytes)}  sha256 ${sha256.slice(0, 16)}…`,
    ].join("\n");
  });
  return ["layout   each file ends with a filemark", ...lines].join("\n");
}
