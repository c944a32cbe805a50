/**
 * Results kept in README between marks, one pair a part, so that one part can be measured anew.
 *
 * @module
 */

import type { Section } from "../part.ts";
import { markdownTable } from "./markdown_table.ts";

/** Where and when a part was measured. */
export interface Circumstances {
  readonly date: string;
  readonly machine: string;
  readonly versions: string;
  readonly rounds: number;
  /** Load average of the last minute before the part. */
  readonly load: number;
}

/** A section as Markdown, from its heading on. */
export function sectionText(section: Section, at: Circumstances): string {
  const { title, about, table, plot, isOneRun = false } = section;
  const runs = isOneRun || at.rounds === 1 ? "one run" : `medians of ${at.rounds}`;
  const busy = at.load > BUSY ? "; **others were using the machine**" : "";
  const blocks = [
    `### ${title}`,
    about,
    markdownTable(table),
    ...plot ? [`![${plot.description}](${plot.file})`] : [],
    `${at.date}, ${at.machine}, ${at.versions}, ${runs}, load average before the ` +
    `part ${at.load.toFixed(1)}${busy}.`,
  ];
  return blocks.join("\n\n");
}

/** A load average above which figures say more about the neighbours. */
const BUSY = 1;

/** README with the text of a part in place of the one that it has, or at its end. */
export function withPart(readme: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const block = `${begin}\n\n${text}\n\n${end}`;
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) return `${readme.trimEnd()}\n\n${block}\n`;
  return readme.slice(0, from) + block + readme.slice(to + end.length);
}
