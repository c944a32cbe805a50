import { Random, seed } from "../scsi/random.ts";
import { CAMPAIGNS, countPdus, strike } from "./campaign.ts";

/** PDUs from one that is struck to the next; `deno task chaos` strikes each. */
const STRIDE = 400;

for (const campaign of CAMPAIGNS) {
  const { name, kinds } = campaign;
  const ends = name.includes("without digests") ? "settles" : "ends as it should";
  Deno.test(`${name} ${ends}, whatever happens to the connection: ${kinds.join(", ")}`, async () => {
    const random = new Random(seed());
    const total = await countPdus(campaign);
    for (const kind of kinds) {
      for (let index = random.below(STRIDE); index < total; index += STRIDE) {
        await strike(campaign, kind, index);
      }
    }
  });
}
