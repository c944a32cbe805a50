import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { COMMANDS } from "../../cli/command_table.ts";
import { ENTRY_POINTS, packageDocumentation } from "../../tools/package_documentation.ts";

const ROOT = new URL("../../", import.meta.url);
const DOCUMENTS = ["docs/coming-from-uiscsi.md", "docs/coming-from-iscsi-client-rs.md"];

/** Every exported name, and every `Type.member`. Members that a type inherits count for it, too. */
async function publicNames(): Promise<Set<string>> {
  const documentation = await packageDocumentation(ENTRY_POINTS);
  const names = new Set<string>();
  for (const { name, declarations = [] } of [...documentation.values()].flat()) {
    names.add(name);
    for (const { def } of declarations) {
      for (const member of [...def?.methods ?? [], ...def?.properties ?? []]) {
        names.add(`${name}.${member.name}`);
      }
    }
  }
  return names;
}

/** The names in backticks in the last column of all tables of a document. */
function namesIn(text: string): string[] {
  const rows = text.split("\n").filter((line) =>
    line.startsWith("| ") && !line.startsWith("| ---")
  );
  const cells = rows.map((row) => row.split(" | ").at(-1)!);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
}

/** What is no name of the API: an entry point, an option of the command line, a word of a type. */
const OTHER = /^(?:\/\w+|--[\w-]+|sim:|signal|AbortSignal)$/;

Deno.test("The guides for those who come from elsewhere name only what there is", async () => {
  const known = await publicNames();
  const commands = new Set(COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]));
  const missing: string[] = [];
  for (const document of DOCUMENTS) {
    const names = namesIn(await readFile(new URL(document, ROOT), "utf8"));
    assert.ok(names.length > 50, document);
    for (const name of names) {
      const isCommand = name.startsWith("tape ") && commands.has(name.slice("tape ".length));
      if (!isCommand && !OTHER.test(name) && !known.has(name)) missing.push(`${document}: ${name}`);
    }
  }
  assert.deepEqual(missing, []);
});
