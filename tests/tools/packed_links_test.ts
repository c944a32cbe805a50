import assert from "node:assert/strict";
import { withoutDeadLinks } from "../../tools/packed_links.ts";

const PACKED = new Set(["package/README.md", "package/docs/a.md", "package/docs/images/a.svg"]);

function packed(text: string, document = "package/docs/a.md"): string {
  return withoutDeadLinks(text, document, PACKED);
}

Deno.test("A packed document keeps its links to what is packed, and to other sites", () => {
  const text = "[a](a.md#b), [c](#c), ![d](images/a.svg), [e](../README.md), [f](https://f.org/g)";
  assert.equal(packed(text), text);
  assert.equal(packed("[a](docs/a.md)", "package/README.md"), "[a](docs/a.md)");
});

Deno.test("A packed document has only the words of links to what is not packed", () => {
  assert.equal(packed("See\n[the\nplayer](../player/README.md#x)."), "See\nthe\nplayer.");
  assert.equal(packed("[examples](examples/README.md)", "package/README.md"), "examples");
});

Deno.test("A packed document keeps its code", () => {
  const code = "const chunks = socket[Symbol.asyncIterator](); f[0](rest, 1);";
  assert.equal(packed(code), code);
});
