/**
 * Tables as Markdown has them.
 *
 * @module
 */

import type { Table } from "../part.ts";

/** A table whose columns are as wide as their longest cell; all but the first are set to the right. */
export function markdownTable({ columns, rows }: Table): string {
  const widths = columns.map((name, column) =>
    Math.max(3, name.length, ...rows.map((row) => row[column].length))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":"
  );
  return [line(columns), line(rule), ...rows.map(line)].join("\n");
}
