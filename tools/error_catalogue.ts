/**
 * Makes `docs/errors.md` from the docstrings: every exported class of errors, what it adds, and who says that it
 * throws it.
 *
 * @module
 */

import { oneLine } from "./formatted_markdown.ts";
import {
  type DocComment,
  type DocDeclaration,
  type DocMember,
  type DocSymbol,
  type DocType,
  ENTRY_POINTS,
  packageDocumentation,
} from "./package_documentation.ts";

/** Headings by the folder that a class is declared in. */
const SECTIONS: readonly (readonly [folder: string, heading: string, introduction: string])[] = [
  ["tape/", "Of a tape drive", "What the drive says, and what the driver finds out about it."],
  ["changer/", "Of a media changer", "What the robot of a library says."],
  ["iscsi/", "Of a session", "What keeps a command from getting an answer, below the drive."],
  ["scsi/", "Of a SCSI command", "For those who send CDBs themselves."],
  ["transport/", "Of a transport", "What a stream of bytes meets; a session gives it as `cause`."],
  ["sim/", "Of the simulator", "What opening a simulated cartridge or an image meets."],
];

const INTRODUCTION = `# Errors

<!-- Made by \`deno task docs\` from the docstrings; do not edit. -->

Every class of errors that this package exports, what it means, and what says that it throws it.
How to use them is told in [concepts](concepts.md) and, by symptom, in
[troubleshooting](troubleshooting.md).

A class stands under the one that it extends: who catches that, catches it too. A method that is said
to throw a class may throw those that extend it. What a drive or a network may say to any command is
said of none: every operation may throw it.
`;

interface ErrorClass {
  readonly name: string;
  readonly parent: string;
  readonly folder: string;
  readonly entryPoint: string;
  readonly declaration: DocDeclaration;
}

/** The catalogue as Markdown, not yet formatted. */
export async function errorCatalogue(): Promise<string> {
  const documentation = await packageDocumentation(ENTRY_POINTS);
  const classes = errorClasses(documentation);
  const facts = { throwers: throwersByClass(documentation), choices: choicesOf(documentation) };
  const sections = SECTIONS.map(([folder, heading, introduction]) => {
    const inside = classes.filter((one) => one.folder === folder);
    const entries = inFamilies(inside).map((one) => entryText(one, facts));
    return [`## ${heading}`, introduction, treeText(inside), ...entries].join("\n\n");
  });
  return [INTRODUCTION, ...sections].join("\n\n");
}

/** All classes that descend from Error, each once: it belongs to the first entry point that exports it. */
function errorClasses(documentation: ReadonlyMap<string, readonly DocSymbol[]>): ErrorClass[] {
  const found = new Map<string, ErrorClass>();
  for (const [entryPoint, symbols] of documentation) {
    for (const { name, declarations = [] } of symbols) {
      const declaration = declarations.find(({ kind }) => kind === "class");
      const parent = declaration?.def?.extends;
      if (declaration === undefined || typeof parent !== "string") continue;
      const folder = folderOf(declaration);
      const key = `${folder}${name}`;
      if (found.has(key)) continue;
      found.set(key, { name, parent, folder, entryPoint, declaration });
    }
  }
  const all = [...found.values()];
  return all.filter((one) => isError(one, all));
}

function isError({ parent }: ErrorClass, all: readonly ErrorClass[]): boolean {
  if (parent === "Error") return true;
  return all.some((one) => one.name === parent && isError(one, all));
}

/** The first folder of the path; classes of the root would have none, and be missed by the sections. */
function folderOf({ location }: DocDeclaration): string {
  const path = location.filename.slice(new URL("../", import.meta.url).href.length);
  return path.slice(0, path.indexOf("/") + 1);
}

/** Parents before their children, each family together. */
function inFamilies(classes: readonly ErrorClass[]): ErrorClass[] {
  const names = new Set(classes.map(({ name }) => name));
  const family = (one: ErrorClass): ErrorClass[] => [
    one,
    ...classes.filter(({ parent }) => parent === one.name).flatMap(family),
  ];
  return classes.filter(({ parent }) => !names.has(parent)).flatMap(family);
}

/** The family tree as a nested list of links. */
function treeText(classes: readonly ErrorClass[]): string {
  const byName = new Map(classes.map((one) => [one.name, one]));
  const depth = ({ parent }: ErrorClass): number => {
    const above = byName.get(parent);
    return above === undefined ? 0 : 1 + depth(above);
  };
  return inFamilies(classes).map((one) => {
    const foreign = byName.has(one.parent) || one.parent === "Error" ? "" : `, a \`${one.parent}\``;
    return `${"  ".repeat(depth(one))}- [\`${one.name}\`](#${one.name.toLowerCase()})${foreign}`;
  }).join("\n");
}

/** What is known beside the classes themselves. */
interface Facts {
  /** Who throws a class, by its name. */
  readonly throwers: ReadonlyMap<string, readonly string[]>;
  /** The values of each type that is a choice of strings, by its name. */
  readonly choices: ReadonlyMap<string, readonly string[]>;
}

function entryText(one: ErrorClass, { throwers, choices }: Facts): string {
  const { name, parent, entryPoint, declaration } = one;
  const members = fieldsText(declaration.def?.properties ?? [], choices);
  const thrownBy = throwers.get(name) ?? [];
  return [
    `### ${name}`,
    prose(declaration.jsDoc),
    `Extends \`${parent}\`; from \`${entryPoint}\`.`,
    members,
    thrownBy.length > 0 ? `Thrown by ${thrownBy.map((by) => `\`${by}\``).join(", ")}.` : "",
  ].filter(Boolean).join("\n\n");
}

function fieldsText(properties: readonly DocMember[], choices: Facts["choices"]): string {
  return properties.filter(({ name }) => name !== "name").map(({ name, jsDoc, tsType }) => {
    const values = choices.get(tsType?.repr ?? "")?.map((value) => `\`${value}\``) ?? [];
    const oneOf = values.length > 0 ? ` One of ${values.join(", ")}.` : "";
    return `- \`${name}\`: ${oneLine(prose(jsDoc) + oneOf)}`;
  }).join("\n");
}

/** Who says `@throws` of which class: functions, and methods with their class. */
function throwersByClass(
  documentation: ReadonlyMap<string, readonly DocSymbol[]>,
): ReadonlyMap<string, readonly string[]> {
  const throwers = new Map<string, Set<string>>();
  const note = (jsDoc: DocComment | undefined, by: string) => {
    for (const { kind, tsType } of jsDoc?.tags ?? []) {
      if (kind !== "throws" || tsType === undefined) continue;
      throwers.set(tsType.repr, (throwers.get(tsType.repr) ?? new Set()).add(by));
    }
  };
  for (const symbols of documentation.values()) {
    for (const { name, declarations = [] } of symbols) {
      for (const declaration of declarations) {
        note(declaration.jsDoc, declaration.kind === "function" ? `${name}()` : name);
        for (const method of declaration.def?.methods ?? []) {
          note(method.jsDoc, `${name}.${method.name}()`);
        }
      }
    }
  }
  return new Map([...throwers].map(([key, names]) => [key, [...names].sort()]));
}

/** The exported types that are a choice of strings. */
function choicesOf(
  documentation: ReadonlyMap<string, readonly DocSymbol[]>,
): ReadonlyMap<string, readonly string[]> {
  const choices = new Map<string, readonly string[]>();
  for (const { name, declarations = [] } of [...documentation.values()].flat()) {
    const alias = declarations.find(({ kind }) => kind === "typeAlias")?.def?.tsType;
    if (alias?.kind !== "union") continue;
    const types = alias.value as readonly DocType[];
    if (types.every(({ kind }) => kind === "literal")) {
      choices.set(name, types.map(({ repr }) => repr));
    }
  }
  return choices;
}

/** A docstring's text, its links as code. */
function prose(jsDoc: DocComment | undefined): string {
  return (jsDoc?.doc ?? "").trim().replace(/\{@link(?:code|plain)? ([^}]+)\}/g, "`$1`");
}
