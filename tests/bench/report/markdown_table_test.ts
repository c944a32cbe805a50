import assert from "node:assert/strict";
import { markdownTable } from "../../../bench/report/markdown_table.ts";

Deno.test("markdownTable() sets columns of numbers to the right and others to the left", () => {
  const table = { columns: ["Work", "MB/s"], rows: [["read", "1677"], ["write 4", "-"]] };
  assert.equal(
    markdownTable(table),
    [
      "| Work    | MB/s |",
      "| ------- | ---: |",
      "| read    | 1677 |",
      "| write 4 |    - |",
    ].join("\n"),
  );
});
