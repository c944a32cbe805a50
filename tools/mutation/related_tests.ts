/**
 * Which tests may notice a change of a file.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** The tests beneath the folder that mirrors the file's, as far as they reach the file by what they import. */
export function relatedTests(root: string, file: string): string[] {
  let folder = join("tests", dirname(file));
  while (!existsSync(join(root, folder))) folder = dirname(folder);
  return testsBeneath(root, folder).filter((test) => reaches(root, test, file));
}

/** The files of tests at a path: itself, or all in the folder. */
export function testsBeneath(root: string, path: string): string[] {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("_test.ts")).map((name) => join(path, name)).sort();
}

function reaches(root: string, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const file of seen) {
    if (file === to) return true;
    for (const imported of importsOf(root, file)) seen.add(imported);
  }
  return false;
}

function importsOf(root: string, file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), "utf8"));
  return importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith(".") && name.endsWith(".ts"))
    .map((name) => join(dirname(file), name));
}
