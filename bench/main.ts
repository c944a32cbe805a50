/**
 * Measures everything and prints tables:
 *
 *     deno task bench [--save] [--rounds N] [--runtimes deno,node,bun] [PART...]
 *     deno task bench --list
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple, withDefault } from "@optique/core/modifiers";
import { argument, flag, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { readFileSync, writeFileSync } from "node:fs";
import { ROOT, runProgram } from "../tests/interop/harness/tape_command.ts";
import { countOption, taskOptions } from "../tools/task_options.ts";
import { load, machineName } from "./machine.ts";
import type { Part, Plot } from "./part.ts";
import { PARTS } from "./part_table.ts";
import { type Circumstances, sectionText, withPart } from "./report/saved_results.ts";
import { svgPlot } from "./report/svg_plot.ts";
import { type RuntimeName, Workshop } from "./workshop.ts";

const README = `${ROOT}bench/README.md`;
const RUNTIMES: readonly RuntimeName[] = ["deno", "node", "bun"];
const RUNTIME_LIST = /^(deno|node|bun)(,(deno|node|bun))*$/;

interface Wishes {
  readonly parts: readonly Part[];
  readonly rounds: number;
  readonly runtimes: readonly RuntimeName[];
  readonly save: boolean;
  readonly list: boolean;
}

function parseWishes(): Wishes {
  const { names, runtimes, ...others } = taskOptions(
    "bench",
    object({
      save: withDefault(
        flag("--save", { description: message`Keep what comes out in bench/README.md.` }),
        false,
      ),
      list: withDefault(flag("--list", { description: message`List the parts.` }), false),
      rounds: countOption("--rounds", { min: 1, byDefault: 3, about: message`Of each part.` }),
      runtimes: withDefault(
        option("--runtimes", string({ metavar: "LIST", pattern: RUNTIME_LIST }), {
          description: message`Those of deno, node and bun that are measured.`,
        }),
        RUNTIMES.join(","),
      ),
      names: multiple(argument(choice(PARTS.map(({ name }) => name), { metavar: "PART" }), {
        description: message`What to measure. Default: everything.`,
      })),
    }),
  );
  return {
    ...others,
    parts: PARTS.filter(({ name }) => names.length === 0 || names.includes(name)),
    runtimes: RUNTIMES.filter((name) => runtimes.split(",").includes(name)),
  };
}

async function measure(part: Part, wishes: Wishes, workshop: Workshop): Promise<void> {
  const { rounds, save } = wishes;
  const at: Circumstances = {
    date: new Date().toISOString().slice(0, 10),
    machine: machineName(),
    versions: `Deno ${Deno.version.deno}`,
    rounds,
    load: load(),
  };
  const say = (line: string) => console.error(`${part.name}: ${line}`);
  say(part.about);
  const section = await part.measure({ rounds, workshop, say });
  const text = sectionText(section, at);
  console.log(`${text}\n`);
  if (save) await keep(part.name, text, section.plot);
}

async function keep(name: string, text: string, plot: Plot | undefined): Promise<void> {
  writeFileSync(README, withPart(readFileSync(README, "utf8"), name, text));
  if (plot !== undefined) writeFileSync(`${ROOT}bench/${plot.file}`, svgPlot(plot));
  const { code, stderr } = await runProgram(Deno.execPath(), ["fmt", `${ROOT}bench`]);
  if (code !== 0) throw new Error(`Cannot save: deno fmt: ${stderr}`);
}

async function main(): Promise<void> {
  const wishes = parseWishes();
  if (wishes.list) {
    for (const { name, about } of PARTS) console.log(`${name.padEnd(16)}${about}`);
    return;
  }
  const workshop = new Workshop(wishes.runtimes);
  try {
    for (const part of wishes.parts) await measure(part, wishes, workshop);
  } finally {
    workshop.close();
  }
}

await main();
