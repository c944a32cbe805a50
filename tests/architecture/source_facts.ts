/** What one source file says, as far as the rules of the architecture ask. */
export interface SourceFacts {
  /** Module specifiers, static, dynamic and in types, in the order of the text. */
  readonly imports: readonly string[];
  /** Whether it names the global `Deno`. */
  readonly namesDeno: boolean;
  /** Whether it names the global `Bun`. */
  readonly namesBun: boolean;
  /** Whether it names a `node:` module. */
  readonly namesNode: boolean;
  /** Syntax that cannot be stripped, or that the style rules out: what, and how often does not matter. */
  readonly forbiddenSyntax: readonly string[];
  /** Ambient facilities that library code gets handed in instead: `console`, `Date.now`, `Math.random`. */
  readonly ambient: readonly string[];
}

type Node = Deno.lint.Node;

/** Reads the facts off the syntax tree that Deno's linter makes, so comments and strings cannot mislead. */
export function sourceFacts(fileName: string, source: string): SourceFacts {
  const found = Deno.lint.runPlugin(PLUGIN, fileName, source);
  const said = (rule: string) =>
    found.filter((one) => one.id === `facts/${rule}`).map((one) => one.message);
  return {
    imports: said("import"),
    namesDeno: said("deno").length > 0,
    namesBun: said("bun").length > 0,
    namesNode: said("node").length > 0,
    forbiddenSyntax: [...new Set(said("syntax"))],
    ambient: [...new Set(said("ambient"))],
  };
}

type Visitor = Deno.lint.LintVisitor;

function rule(visit: (report: (node: Node, message: string) => void) => Visitor): Deno.lint.Rule {
  return { create: (context) => visit((node, message) => context.report({ node, message })) };
}

const PLUGIN: Deno.lint.Plugin = {
  name: "facts",
  rules: {
    import: rule((report) => {
      const specifier = (node: Node & { source: unknown }) => {
        const source = node.source as { value?: unknown; literal?: { value?: unknown } } | null;
        const value = source?.value ?? source?.literal?.value;
        if (typeof value === "string") report(node, value);
      };
      return {
        ImportDeclaration: specifier,
        ExportAllDeclaration: specifier,
        ExportNamedDeclaration: specifier,
        ImportExpression: specifier,
        "TSImportType Literal": (node: Node) =>
          report(node, `${(node as { value?: unknown }).value}`),
      };
    }),
    deno: rule((report) => ({
      Identifier: (node) => node.name === "Deno" && report(node, node.name),
    })),
    bun: rule((report) => ({
      Identifier: (node) => node.name === "Bun" && report(node, node.name),
    })),
    node: rule((report) => ({
      Literal: (node) => `${node.value}`.startsWith("node:") && report(node, `${node.value}`),
    })),
    syntax: rule((report) => ({
      TSEnumDeclaration: (node) => report(node, "enum"),
      TSModuleDeclaration: (node) => report(node, "namespace"),
      TSParameterProperty: (node) => report(node, "parameter property"),
      Decorator: (node) => report(node, "decorator"),
      VariableDeclaration: (node) => {
        if (node.kind.endsWith("using")) report(node, "using");
        if (node.kind !== "let" && node.kind !== "var") return;
        const holder = node.parent.type === "ExportNamedDeclaration"
          ? node.parent.parent
          : node.parent;
        if (holder.type === "Program") report(node, "global variable");
      },
      AwaitExpression: (node) => isTopLevel(node) && report(node, "top-level await"),
    })),
    ambient: rule((report) => ({
      MemberExpression: (node) => {
        if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
        const name = `${node.object.name}.${node.property.name}`;
        if (name === "Date.now" || name === "Math.random") report(node, name);
        if (node.object.name === "console") report(node, "console");
      },
    })),
  },
};

function isTopLevel(node: Node): boolean {
  let at: { type: string; parent?: unknown } | undefined = node;
  while (at !== undefined && at.type !== "Program") {
    if (/Function|MethodDefinition|StaticBlock/.test(at.type)) return false;
    at = at.parent as typeof at;
  }
  return true;
}
