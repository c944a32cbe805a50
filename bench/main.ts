/**
 * Measures everything and prints tables:
 *
 *     deno task bench [--save] [--rounds N] [--runtimes deno,node,bun] [PART...]
 *     deno task bench --list
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { ROOT, runProgram } from "../tests/interop/harness/tape_command.ts";
import { load, machineName } from "./machine.ts";
import type { Part, Plot } from "./part.ts";
import { PARTS } from "./part_table.ts";
import { type Circumstances, sectionText, withPart } from "./report/saved_results.ts";
import { svgPlot } from "./report/svg_plot.ts";
import { type RuntimeName, Workshop } from "./workshop.ts";

const README = `${ROOT}bench/README.md`;
const RUNTIMES: readonly RuntimeName[] = ["deno", "node", "bun"];

interface Wishes {
  readonly parts: readonly Part[];
  readonly rounds: number;
  readonly runtimes: readonly RuntimeName[];
  readonly save: boolean;
  readonly list: boolean;
}

function parseWishes(args: string[]): Wishes {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      save: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      rounds: { type: "string", default: "3" },
      runtimes: { type: "string", default: RUNTIMES.join(",") },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`Cannot start: --rounds ${values.rounds} is no number from 1 on`);
  }
  const runtimes = values.runtimes.split(",").map((name) => oneOf(RUNTIMES, name, (own) => own));
  const parts = positionals.map((name) => oneOf(PARTS, name, (part) => part.name));
  const { save, list } = values;
  return { parts: parts.length > 0 ? parts : PARTS, rounds, runtimes, save, list };
}

function oneOf<T>(choices: readonly T[], name: string, nameOf: (choice: T) => string): T {
  const found = choices.find((choice) => nameOf(choice) === name);
  if (found !== undefined) return found;
  throw new Error(`Cannot start: ${name} is none of ${choices.map(nameOf).join(", ")}`);
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
  const wishes = parseWishes(process.argv.slice(2));
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
