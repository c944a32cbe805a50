/** What the long forms of the walks have in common: they go on behind a failure, count, and tell. */

const MAX_FAILURES = 5;

/** One walk of a seed, and what it has counted. */
export type CountedWalk = (seed: number) => Promise<Readonly<Record<string, number>>>;

/** Does the walks of `count` seeds, a few failures at most, and ends the process: with status 1 behind a failure. */
export async function walkSeeds(
  walks: readonly CountedWalk[],
  { count, seed, reportEvery }: { count: number; seed: number; reportEvery: number },
): Promise<never> {
  const totals: Record<string, number> = {};
  let failures = 0;
  console.log(`SEED=${seed}`);
  for (let done = 0; done < count && failures < MAX_FAILURES; done++) {
    for (const walk of walks) {
      try {
        for (const [name, value] of Object.entries(await walk(seed + done))) {
          totals[name] = (totals[name] ?? 0) + value;
        }
      } catch (error) {
        failures++;
        console.error((error as Error).message);
      }
    }
    if ((done + 1) % reportEvery === 0) console.log(JSON.stringify(totals));
  }
  console.log(JSON.stringify(totals), `${failures} failures`);
  Deno.exit(failures > 0 ? 1 : 0);
}
