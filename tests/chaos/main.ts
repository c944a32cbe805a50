/**
 * Strikes each conversation at each of its PDUs: `deno task chaos [--every N] [--from N] [CAMPAIGN...]`.
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple } from "@optique/core/modifiers";
import { argument } from "@optique/core/primitives";
import { choice } from "@optique/core/valueparser";
import { countOption, taskOptions } from "../../tools/task_options.ts";
import { CAMPAIGNS, countPdus, strike } from "./campaign.ts";

const NAMES = CAMPAIGNS.map(({ name }) => name);

const { every, from, campaigns } = taskOptions(
  "chaos",
  object({
    every: countOption("--every", { min: 1, byDefault: 1, about: message`Strike each Nth PDU.` }),
    from: countOption("--from", { byDefault: 0, about: message`The first PDU that is struck.` }),
    campaigns: multiple(argument(choice(NAMES, { metavar: "CAMPAIGN" }), {
      description: message`Conversations to strike. Default: all.`,
    })),
  }),
);
let failures = 0;
for (const campaign of CAMPAIGNS) {
  if (campaigns.length > 0 && !campaigns.includes(campaign.name)) continue;
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
