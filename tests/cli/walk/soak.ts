/** The walk in its long form: `deno run -A tests/cli/walk/soak.ts [--operations N] [--seed N]`. */

import { parseArgs } from "node:util";
import { walkChanger } from "./changer_walk.ts";
import { walkCommands } from "./command_walk.ts";

const COMMANDS_A_WALK = 40;
/** A library takes part in every tenth walk. */
const CHANGER_EVERY = 10;
/** Walks. */
const REPORT_EVERY = 100;

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "10000" },
    seed: { type: "string", default: `${crypto.getRandomValues(new Uint32Array(1))[0] >>> 1}` },
  },
});
console.log(`SEED=${values.seed}`);
let failures = 0;
const commands = Number(values.operations);
for (let done = 0, walk = Number(values.seed); done < commands; done += COMMANDS_A_WALK, walk++) {
  const goes = walk % CHANGER_EVERY === 0 ? walkChanger : walkCommands;
  failures += await goes(walk, COMMANDS_A_WALK);
  if ((walk - Number(values.seed)) % REPORT_EVERY === 0) console.log(`${done} steps, seed ${walk}`);
}
console.log(
  `All ${commands} commands did what the model does; ${failures} failed and told the truth`,
);
