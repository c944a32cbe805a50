import { readdirSync, readFileSync } from "node:fs";
import type { SourceTree } from "./layer_rules.ts";
import { type SourceFacts, sourceFacts } from "./source_facts.ts";

/** Reads every TypeScript file of the repository. */
export function readSourceTree(root: URL): SourceTree {
  const tree = new Map<string, SourceFacts>();
  for (const path of typeScriptFiles(root, "")) {
    tree.set(path, sourceFacts(path, readFileSync(new URL(path, root), "utf8")));
  }
  return tree;
}

function typeScriptFiles(root: URL, folder: string): string[] {
  return readdirSync(new URL(`./${folder}`, root), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith(".") || entry.name === "node_modules") return [];
    const path = folder + entry.name;
    if (entry.isDirectory()) return typeScriptFiles(root, `${path}/`);
    return path.endsWith(".ts") ? [path] : [];
  });
}
