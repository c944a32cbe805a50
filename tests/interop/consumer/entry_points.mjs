// Loads every entry point that the installed package declares; prints how many there are.
import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync("node_modules/@uiscsi/tape/package.json", "utf8"));
const entryPoints = Object.keys(manifest.exports);
for (const entryPoint of entryPoints) {
  const loaded = await import(`@uiscsi/tape${entryPoint.slice(1)}`);
  if (Object.keys(loaded).length === 0) throw new Error(`${entryPoint} exports nothing`);
}
console.log(`${entryPoints.length} entry points`);
