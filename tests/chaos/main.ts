/**
 * Strikes each conversation at each of its PDUs: `deno task chaos [--every N] [--from N] [CAMPAIGN...]`.
 */

import { parseArgs } from "node:util";
import { CAMPAIGNS, countPdus, strike } from "./campaign.ts";

const { values, positionals } = parseArgs({
  options: { every: { type: "string" }, from: { type: "string" } },
  allowPositionals: true,
});
const every = Number(values.every ?? 1);
const from = Number(values.from ?? 0);
let failures = 0;
for (const campaign of CAMPAIGNS) {
  if (positionals.length > 0 && !positionals.includes(campaign.name)) continue;
  const total = await countPdus(campaign);
  for (const kind of campaign.kinds) {
    const begin = performance.now();
    let runs = 0;
    for (let index = from; index < total; index += every, runs++) {
      try {
        await strike(campaign, kind, index);
      } catch (error) {
        if (failures++ < 20) console.error(error);
      }
    }
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(`${campaign.name}, ${kind}: ${runs} runs of ${total} PDUs in ${seconds} s`);
  }
}
console.log(`${failures} failures`);
Deno.exit(failures > 0 ? 1 : 0);
