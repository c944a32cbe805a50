/**
 * The names of the tests in a file, read off the syntax tree that Deno's linter makes. What a template fills in is
 * shown as `…`.
 */
export function testNames(fileName: string, source: string): string[] {
  return Deno.lint.runPlugin(PLUGIN, fileName, source).map(({ message }) => message);
}

type Node = Deno.lint.Node;

const PLUGIN: Deno.lint.Plugin = {
  name: "names",
  rules: {
    test: {
      create: (context) => ({
        CallExpression(node) {
          if (!isTest(node.callee)) return;
          const [name] = node.arguments;
          context.report({ node, message: nameIn(name) });
        },
      }),
    },
  },
};

function isTest(callee: Node): boolean {
  return callee.type === "MemberExpression" && callee.object.type === "Identifier" &&
    callee.object.name === "Deno" && callee.property.type === "Identifier" &&
    callee.property.name === "test";
}

function nameIn(node: Node): string {
  if (node.type === "Literal") return String(node.value);
  if (node.type !== "TemplateLiteral") return "a test without a name in the source";
  return node.quasis.map(({ cooked }) => cooked).join("…");
}
