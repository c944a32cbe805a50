/**
 * Links in the documents of a package that leave it.
 *
 * @module
 */

const LINK = /\[([^\]]+)\]\(([^)\s]+)\)/g;
const ELSEWHERE = /^[a-z]+:/;

/** The text of a packed document, with only the words of links to files that are not packed. */
export function withoutDeadLinks(
  text: string,
  document: string,
  packed: ReadonlySet<string>,
): string {
  return text.replace(LINK, (link: string, words: string, target: string) => {
    if (ELSEWHERE.test(target) || target.startsWith("#")) return link;
    const [path] = target.split("#");
    return packed.has(new URL(path, `file:///${document}`).pathname.slice(1)) ? link : words;
  });
}
