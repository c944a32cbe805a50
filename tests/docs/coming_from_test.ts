import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { promisify } from "node:util";
import { COMMANDS } from "../../cli/command_table.ts";

const ROOT = new URL("../../", import.meta.url);
const DOCUMENTS = ["docs/coming-from-uiscsi.md", "docs/coming-from-iscsi-client-rs.md"];
const ENTRY_POINTS = ["mod.ts", "iscsi/mod.ts", "scsi/mod.ts", "transport/mod.ts", "sim/mod.ts"];

/** What `deno doc --json` says of a symbol, as far as it matters here. */
interface DocSymbol {
  readonly name: string;
  readonly declarations?: readonly { readonly def?: DocDefinition }[];
}

interface DocDefinition {
  readonly methods?: readonly { readonly name: string }[];
  readonly properties?: readonly { readonly name: string }[];
  readonly extends?: unknown;
}

/** Every exported name, and every `Type.member`. Members that a type inherits count for it, too. */
async function publicNames(): Promise<Set<string>> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["doc", "--json", ...ENTRY_POINTS],
    { cwd: ROOT, maxBuffer: 256 * 2 ** 20, env: { ...process.env, NO_COLOR: "1" } },
  );
  const { nodes } = JSON.parse(stdout) as { nodes: Record<string, { symbols: DocSymbol[] }> };
  const names = new Set<string>();
  for (const { symbols } of Object.values(nodes)) {
    for (const { name, declarations = [] } of symbols) {
      names.add(name);
      for (const { def } of declarations) {
        for (const member of [...def?.methods ?? [], ...def?.properties ?? []]) {
          names.add(`${name}.${member.name}`);
        }
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
