/** Control characters, among them those that begin a terminal's commands: a tag must not give any. */
// deno-lint-ignore no-control-regex -- those are what must go
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const COMBINING = /^\p{Mark}$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;

/** Text that a terminal shows as it is. */
export function printable(text: string): string {
  return text.replace(CONTROL, "");
}

function characterWidth(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Columns that a text takes (East Asian Width, Unicode Standard Annex 11). */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** `text` in exactly `columns` columns: filled with spaces, or cut with an ellipsis. */
export function fitText(text: string, columns: number): string {
  if (columns <= 0) return "";
  const width = textWidth(text);
  if (width <= columns) return text + " ".repeat(columns - width);
  let kept = "";
  let used = 0;
  for (const character of text) {
    if (used + characterWidth(character) > columns - 1) break;
    kept += character;
    used += characterWidth(character);
  }
  return `${kept}…${" ".repeat(columns - 1 - used)}`;
}
