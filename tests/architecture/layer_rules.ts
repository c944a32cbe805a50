import type { SourceFacts } from "./source_facts.ts";

/** Every source file of the repository: its path from the root, with slashes, and what it says. */
export type SourceTree = ReadonlyMap<string, SourceFacts>;

/** What of a session serves either role: the wire, numbers and clocks, but nothing that an initiator decides. */
const EITHER_ROLE: readonly string[] = [
  "iscsi/connection/clock.ts",
  "iscsi/connection/connection_driver.ts",
  "iscsi/connection/keepalive.ts",
  "iscsi/connection/output_batch.ts",
  "iscsi/connection/serial_number.ts",
];

/**
 * What each folder of the library may import beside itself: whole folders, or single files and subfolders.
 * Files in the root compose all of it; the command is a user of all of it.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "transport/": [],
  "scsi/": [],
  "tape/": ["scsi/"],
  "changer/": ["scsi/"],
  "iscsi/": ["scsi/", "transport/"],
  "sim/": [
    "scsi/",
    "transport/",
    "iscsi/pdu/",
    "iscsi/negotiation/",
    "iscsi/errors.ts",
    "iscsi/portal.ts",
    ...EITHER_ROLE,
  ],
  "": ["transport/", "scsi/", "iscsi/", "tape/", "changer/", "sim/"],
  "cli/": ["", "transport/", "scsi/", "iscsi/", "tape/", "changer/", "sim/"],
};

/** Which folder may use which package, beside the host's own modules. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@logtape/logtape": ["transport/", "scsi/", "iscsi/", "tape/", "changer/", "sim/", "", "cli/"],
  "@optique/core": ["cli/"],
  "@optique/run": ["cli/"],
};

/** The files and folders that own a host facility: the only ones that name `Deno`, `Bun` or `node:`. */
export const HOST_FACILITIES: readonly string[] = [
  "transport/bun.ts",
  "transport/deno.ts",
  "transport/deno_tls.ts",
  "transport/node.ts",
  "transport/node_stream.ts",
  "transport/node_tls.ts",
  "environment_secrets.ts",
  "iscsi/initiator_name.ts",
  "iscsi/negotiation/chap.ts",
  "sim/images/foreign/inflate.ts",
  "sim/images/image_file.ts",
  "sim/images/image_lock.ts",
  "sim/tape/security/record_cipher.ts",
  "cli/",
];

/** Files that keep a table made on first use in a variable: nobody can see when it was made. */
const LAZY_TABLES: readonly string[] = ["scsi/sense_codes.ts"];

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = /(^|\/)(index|utils?|helpers?|types|common)\.ts$/;

/** All rules over one tree; an empty answer means that the architecture holds. */
export function violations(
  tree: SourceTree,
  hostFacilities: readonly string[] = HOST_FACILITIES,
): string[] {
  const found: string[] = [];
  for (const [path, facts] of tree) {
    found.push(...nameViolations(path), ...importViolations(path, facts, tree));
    if (layerOf(path) !== undefined) found.push(...libraryViolations(path, facts, hostFacilities));
  }
  return [...found, ...cycles(tree).map((cycle) => `${cycle.join(" -> ")}: is an import cycle`)];
}

/** The folder whose rules a file obeys; `undefined` for tests, benchmarks and examples. */
function layerOf(path: string): string | undefined {
  if (!path.includes("/")) return "";
  return Object.keys(MAY_IMPORT).find((layer) => layer !== "" && path.startsWith(layer));
}

function nameViolations(path: string): string[] {
  const found: string[] = [];
  if (EMPTY_NAMES.test(path)) found.push(`${path}: the name says nothing about what is inside`);
  if (/[A-Z-]/.test(path.split("/").at(-1) ?? "")) {
    found.push(`${path}: the name is not snake_case`);
  }
  return found;
}

function importViolations(path: string, facts: SourceFacts, tree: SourceTree): string[] {
  return facts.imports.flatMap((specifier) =>
    specifier.startsWith(".")
      ? relativeViolations(path, specifier, tree)
      : packageViolations(path, specifier)
  );
}

function relativeViolations(path: string, specifier: string, tree: SourceTree): string[] {
  const target = resolve(path, specifier);
  if (!tree.has(target)) return [`${path}: imports ${target}, which is not there`];
  const layer = layerOf(path);
  if (layer === undefined || layerOf(target) === layer) return [];
  const allowed = MAY_IMPORT[layer].some((prefix) =>
    prefix === "" ? layerOf(target) === "" : target.startsWith(prefix)
  );
  return allowed ? [] : [`${path}: must not import ${target}`];
}

function packageViolations(path: string, specifier: string): string[] {
  if (specifier.startsWith("node:")) return [];
  if (/^(jsr:|npm:|https?:|@std\/)/.test(specifier)) {
    return [`${path}: imports ${specifier}, which does not come from deno.json's npm packages`];
  }
  const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const layer = layerOf(path);
  if (layer === undefined || PACKAGES[name]?.includes(layer)) return [];
  return [`${path}: must not import the package ${name}`];
}

function libraryViolations(path: string, facts: SourceFacts, hosts: readonly string[]): string[] {
  const found = facts.forbiddenSyntax
    .filter((syntax) => syntax !== "top-level await" || path !== "cli/main.ts")
    .filter((syntax) => syntax !== "global variable" || !LAZY_TABLES.includes(path))
    .map((syntax) => `${path}: uses ${syntax}`);
  const isHost = hosts.some((host) => host.endsWith("/") ? path.startsWith(host) : path === host);
  if (!isHost && facts.namesDeno) found.push(`${path}: names Deno`);
  if (!isHost && facts.namesBun) found.push(`${path}: names Bun`);
  if (!isHost && facts.namesNode) found.push(`${path}: names a node: module`);
  if (!path.startsWith("cli/")) {
    found.push(
      ...facts.ambient.map((name) => `${path}: uses ${name} instead of what it is handed`),
    );
  }
  return found;
}

function resolve(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** Import cycles, each once, beginning at the file whose name sorts first. */
function cycles(tree: SourceTree): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const specifier of tree.get(path)?.imports ?? []) {
      if (specifier.startsWith(".")) walk(resolve(path, specifier), [...trail, path]);
    }
    done.add(path);
  };
  for (const path of [...tree.keys()].sort()) walk(path, []);
  return found;
}
