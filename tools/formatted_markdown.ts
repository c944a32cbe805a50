import { execFile } from "node:child_process";
import process from "node:process";

/** Markdown as `deno fmt` leaves it, with the settings of `deno.json`; for what is generated and compared. */
export function formattedMarkdown(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      ["fmt", "--ext", "md", "-"],
      { cwd: new URL("../", import.meta.url), maxBuffer: 2 ** 24 },
      (error, stdout) => error ? reject(error) : resolve(stdout),
    );
    child.stdin!.end(text);
  });
}

/** Text without its line breaks, for an item of a list. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Text for a cell of a table. */
export function cell(text: string): string {
  return oneLine(text).replaceAll("|", "\\|");
}
