/**
 * Tables as Markdown has them.
 *
 * @module
 */

import type { Table } from "../part.ts";

/** Numbers, ratios of them, dashes and blanks. */
const NUMERIC = /^[-0-9. /]*$/;

/** A table whose columns are as wide as their longest cell; those of numbers are set to the right. */
export function markdownTable({ columns, rows }: Table): string {
  const cellsOf = (column: number) => rows.map((row) => row[column]);
  const widths = columns.map((name, column) =>
    Math.max(3, name.length, ...cellsOf(column).map((cell) => cell.length))
  );
  const isNumeric = columns.map((_, column) => cellsOf(column).every((cell) => NUMERIC.test(cell)));
  const pad = (cell: string, column: number) =>
    isNumeric[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]);
  const line = (cells: readonly string[]) => `| ${cells.map(pad).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    isNumeric[column] ? "-".repeat(width - 1) + ":" : "-".repeat(width)
  );
  return [line(columns), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}
