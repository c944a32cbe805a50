import assert from "node:assert/strict";
import { HOST_FACILITIES, type SourceTree, violations } from "./layer_rules.ts";
import { sourceFacts } from "./source_facts.ts";
import { readSourceTree } from "./source_tree.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("the repository keeps to its layers, names and syntax, without import cycles", () => {
  const tree = readSourceTree(ROOT);
  assert.ok(tree.has("transport/byte_stream.ts"), "the walk found the library");
  assert.deepEqual(violations(tree), []);
});

Deno.test("every file that may name a host facility exists and does so", () => {
  const tree = readSourceTree(ROOT);
  const idle = HOST_FACILITIES.filter((host) => !host.endsWith("/")).filter((host) => {
    const facts = tree.get(host);
    return facts === undefined || !(facts.namesDeno || facts.namesBun || facts.namesNode);
  });
  assert.deepEqual(idle, []);
});

/** A made-up repository: path to source. */
function made(files: Record<string, string>): SourceTree {
  return new Map(
    Object.entries(files).map(([path, source]) => [path, sourceFacts(path, source)]),
  );
}

const BROKEN: readonly [rule: string, files: Record<string, string>, message: RegExp][] = [
  ["transport imports nothing of ours", {
    "transport/a.ts": `import { b } from "../scsi/b.ts";`,
    "scsi/b.ts": "",
  }, /^transport\/a\.ts: must not import scsi\/b\.ts$/],
  ["scsi knows no iSCSI, not even in a type", {
    "scsi/a.ts": `import type { B } from "../iscsi/b.ts";`,
    "iscsi/b.ts": "",
  }, /^scsi\/a\.ts: must not import iscsi\/b\.ts$/],
  ["tape reaches the device through scsi alone", {
    "tape/a.ts": `export * from "../iscsi/session/b.ts";`,
    "iscsi/session/b.ts": "",
  }, /^tape\/a\.ts: must not import iscsi\/session\/b\.ts$/],
  ["changer knows no tape", {
    "changer/a.ts": `type B = typeof import("../tape/b.ts");`,
    "tape/b.ts": "",
  }, /^changer\/a\.ts: must not import tape\/b\.ts$/],
  ["iscsi knows no tape, not even late", {
    "iscsi/a.ts": `export const b = () => import("../tape/b.ts");`,
    "tape/b.ts": "",
  }, /^iscsi\/a\.ts: must not import tape\/b\.ts$/],
  ["the simulator does not use the initiator's session", {
    "sim/a.ts": `import { b } from "../iscsi/session/b.ts";`,
    "iscsi/session/b.ts": "",
  }, /^sim\/a\.ts: must not import iscsi\/session\/b\.ts$/],
  ["no layer imports the front door", {
    "tape/a.ts": `import { b } from "../mod.ts";`,
    "mod.ts": "",
  }, /^tape\/a\.ts: must not import mod\.ts$/],
  ["the front door does not use the command", {
    "mod.ts": `import { a } from "./cli/a.ts";`,
    "cli/a.ts": "",
  }, /^mod\.ts: must not import cli\/a\.ts$/],
  ["the library does not import its tests", {
    "scsi/a.ts": `import { b } from "../tests/b.ts";`,
    "tests/b.ts": "",
  }, /^scsi\/a\.ts: must not import tests\/b\.ts$/],
  ["an import leads somewhere", {
    "scsi/a.ts": `import { b } from "./b.ts";`,
  }, /^scsi\/a\.ts: imports scsi\/b\.ts, which is not there$/],
  ["nothing comes from JSR", {
    "tests/a_test.ts": `import { b } from "jsr:@std/assert";`,
  }, /^tests\/a_test\.ts: imports jsr:@std\/assert, which does not come/],
  ["nothing comes from the standard library's packages", {
    "cli/a.ts": `import { b } from "@std/path/join";`,
  }, /^cli\/a\.ts: imports @std\/path\/join, which does not come/],
  ["a package stays where it is used", {
    "tape/a.ts": `import { b } from "@optique/core/parser";`,
  }, /^tape\/a\.ts: must not import the package @optique\/core$/],
  ["files do not import each other in a circle", {
    "scsi/a.ts": `import type { B } from "./b.ts";`,
    "scsi/b.ts": `import type { C } from "./c.ts";`,
    "scsi/c.ts": `import type { A } from "./a.ts";`,
  }, /^scsi\/a\.ts -> scsi\/b\.ts -> scsi\/c\.ts -> scsi\/a\.ts: is an import cycle$/],
  ["Deno is named by its owners only", {
    "tape/a.ts": `export const b = globalThis.Deno.pid;`,
  }, /^tape\/a\.ts: names Deno$/],
  ["a Deno type is a name as well", {
    "tape/a.ts": `export type B = Deno.Conn;`,
  }, /^tape\/a\.ts: names Deno$/],
  ["Bun is named by its owners only", {
    "tape/a.ts": `export const b = globalThis.Bun.version;`,
  }, /^tape\/a\.ts: names Bun$/],
  ["node: is named by its owners only", {
    "tape/a.ts": `import b from "node:fs";`,
  }, /^tape\/a\.ts: names a node: module$/],
  ["a node: module fetched by name counts too", {
    "scsi/a.ts": `export const b = globalThis.process.getBuiltinModule("node:net");`,
  }, /^scsi\/a\.ts: names a node: module$/],
  ["a file name says what is inside", {
    "tests/helpers.ts": "",
  }, /^tests\/helpers\.ts: the name says nothing/],
  ["a file name is snake_case", {
    "tape/tapeDrive.ts": "",
  }, /^tape\/tapeDrive\.ts: the name is not snake_case$/],
  ["no enum", { "tape/a.ts": "export enum B {}" }, /uses enum$/],
  [
    "no namespace",
    { "tape/a.ts": "export namespace B { export const c = 1; }" },
    /uses namespace$/,
  ],
  ["no parameter property", {
    "tape/a.ts": "class B { constructor(readonly c: number) {} }",
  }, /uses parameter property$/],
  ["no decorator", { "tape/a.ts": "class B { @c d() {} }" }, /uses decorator$/],
  ["no using, which Node 22 cannot parse", {
    "tape/a.ts": "async function b() { await using c = d(); }",
  }, /uses using$/],
  ["no global variable", { "tape/a.ts": "export let b = 1;" }, /uses global variable$/],
  ["no top-level await", { "tape/a.ts": "export const b = await c();" }, /uses top-level await$/],
  ["no console in the library", {
    "tape/a.ts": `export const b = () => console.log("c");`,
  }, /uses console instead of what it is handed$/],
  ["no clock of its own in the library", {
    "tape/a.ts": "export const b = () => Date.now();",
  }, /uses Date\.now instead of what it is handed$/],
];

for (const [rule, files, message] of BROKEN) {
  Deno.test(`breaking a rule is found: ${rule}`, () => {
    const found = violations(made(files));
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0], message);
  });
}

Deno.test("a tree that keeps the rules passes, whatever its comments and strings say", () => {
  const found = violations(made({
    "mod.ts": `export { a } from "./iscsi/session/session.ts"; export { b } from "./tape/b.ts";`,
    "iscsi/session/session.ts": `
      // import { x } from "../tape/b.ts"; Deno.connect(); node:net
      import { c } from "../../scsi/c.ts";
      import { d } from "../../transport/deno.ts";
      import { getLogger } from "@logtape/logtape";
      export const a = () => { let mutable = "enum Deno"; return [mutable, c, d, getLogger]; };`,
    "tape/b.ts": `import { c } from "../scsi/c.ts"; export const b = async () => await c;`,
    "scsi/c.ts": "export const c = 1;",
    "transport/deno.ts": "export const d = Deno.connect;",
    "sim/e.ts": `import { f } from "../iscsi/pdu/f.ts"; export const e = f;`,
    "iscsi/pdu/f.ts": "export const f = 1;",
    "cli/main.ts": `import { g } from "./g.ts"; await g();`,
    "cli/g.ts": `import { b } from "../mod.ts"; import h from "node:fs"; export const g = [b, h];`,
    "tests/g_test.ts": `import { g } from "../cli/g.ts"; enum Fine {} Deno.test("x", g);`,
  }));
  assert.deepEqual(found, []);
});
