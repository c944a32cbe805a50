import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { COMMANDS } from "../../cli/command_table.ts";
import { parseCommandLine } from "../../cli/command_line.ts";

const ROOT = new URL("../../", import.meta.url);
const DOCUMENTS = [
  "README.md",
  "CONTRIBUTING.md",
  "examples/README.md",
  ...readdirSync(new URL("docs/", ROOT)).filter((name) => name.endsWith(".md")).sort()
    .map((name) => `docs/${name}`),
];
const IMAGES = readdirSync(new URL("docs/images/", ROOT)).sort();

const textOf = (path: string) => readFileSync(new URL(path, ROOT), "utf8");

/** The headings of a document as GitHub makes links of them; of several alike the later ones are numbered. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of text.matchAll(/^#+ (.+)$/gm)) {
    const plain = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
    let anchor = plain;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${plain}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** What of a document's links leads nowhere. */
function deadLinks(document: string): string[] {
  const text = textOf(document);
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target).filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [path, anchor] = target.split("#");
    const url = path === "" ? new URL(document, ROOT) : new URL(path, new URL(document, ROOT));
    if (!existsSync(url)) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(url, "utf8")).has(anchor);
  });
}

for (const document of DOCUMENTS) {
  Deno.test(`Every link in ${document} leads somewhere`, () => {
    assert.deepEqual(deadLinks(document), []);
  });
}

/** The arguments of each `tape` in a shell script, without what the shell keeps for itself. */
function tapeCommands(script: string): string[][] {
  const commands = script.split("\n").flatMap((line) => line.split(/\s&&\s|\s\|\s|;|\s&(?:\s|$)/));
  return commands.map((command) => command.replace(/\s\d?[<>]\s*\S+/g, "").trim().split(/\s+/))
    .filter(([name]) => name === "tape").map(([, ...args]) => args);
}

Deno.test("Every command line in the documents is one that the command takes", () => {
  let count = 0;
  const wrong: string[] = [];
  for (const document of DOCUMENTS) {
    for (const [, script] of textOf(document).matchAll(/^```sh\n([^]*?)^```$/gm)) {
      for (const args of tapeCommands(script)) {
        count++;
        try {
          parseCommandLine(args, COMMANDS, { version: "0", columns: 80 });
        } catch (error) {
          wrong.push(`${document}: tape ${args.join(" ")}: ${(error as Error).message}`);
        }
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(count > 50, `${count} command lines`);
});

Deno.test("Every drawing is shown in a document, and is drawn for light and dark backgrounds", () => {
  const shown = DOCUMENTS.map(textOf).join("\n");
  assert.ok(IMAGES.length > 0);
  for (const name of IMAGES) {
    assert.ok(shown.includes(`](images/${name})`), name);
    const drawing = textOf(`docs/images/${name}`);
    assert.match(drawing, /prefers-color-scheme: dark/, name);
    assert.match(drawing, /<title id="title">.+<\/title>/, name);
    const classes = new Set(
      [...drawing.matchAll(/class="([^"]+)"/g)].flatMap(([, c]) => c.split(" ")),
    );
    for (const one of classes) assert.ok(drawing.includes(`.${one} {`), `${name}: ${one}`);
  }
});
