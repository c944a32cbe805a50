import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";

/** A tag of a docstring. */
export interface DocTag {
  readonly kind: string;
  readonly doc?: string;
  /** What `@throws` names. */
  readonly tsType?: { readonly repr: string };
}

/** A docstring. */
export interface DocComment {
  readonly doc?: string;
  readonly tags?: readonly DocTag[];
}

/** A type, as far as it is one name, one literal or several. */
export interface DocType {
  readonly kind: string;
  readonly repr: string;
  readonly value?: unknown;
}

/** A method or property of a class or an interface. */
export interface DocMember {
  readonly name: string;
  readonly tsType?: DocType;
  readonly jsDoc?: DocComment;
}

/** One declaration of an exported name. */
export interface DocDeclaration {
  readonly kind: string;
  readonly jsDoc?: DocComment;
  readonly location: { readonly filename: string; readonly line: number };
  readonly def?: {
    readonly extends?: unknown;
    readonly methods?: readonly DocMember[];
    readonly properties?: readonly DocMember[];
    /** What an alias stands for. */
    readonly tsType?: DocType;
  };
}

/** An exported name. */
export interface DocSymbol {
  readonly name: string;
  readonly declarations?: readonly DocDeclaration[];
}

const ROOT = new URL("../", import.meta.url);

/** The entry points for programs, by the names for those who import them. */
export const ENTRY_POINTS: Readonly<Record<string, string>> = {
  "@uiscsi/tape": "mod.ts",
  "@uiscsi/tape/iscsi": "iscsi/mod.ts",
  "@uiscsi/tape/scsi": "scsi/mod.ts",
  "@uiscsi/tape/transport": "transport/mod.ts",
  "@uiscsi/tape/sim": "sim/mod.ts",
};

/** What each entry point exports, by its name for those who import it; in the order given. */
export async function packageDocumentation(
  entryPoints: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, readonly DocSymbol[]>> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["doc", "--json", ...Object.values(entryPoints)],
    { cwd: ROOT, maxBuffer: 256 * 2 ** 20, env: { ...process.env, NO_COLOR: "1" } },
  );
  const { nodes } = JSON.parse(stdout) as { nodes: Record<string, { symbols: DocSymbol[] }> };
  return new Map(
    Object.entries(entryPoints).map((
      [name, file],
    ) => [name, nodes[new URL(file, ROOT).href].symbols]),
  );
}
