import { commandLineReference } from "./command_line_reference.ts";
import { errorCatalogue } from "./error_catalogue.ts";
import { formattedMarkdown } from "./formatted_markdown.ts";

/** A document that is made from the code. */
export interface GeneratedDocument {
  /** Where it is, from the root of the repository. */
  readonly path: string;
  /** What has to be in it now. */
  make(): Promise<string>;
}

/** The documents that `deno task docs` writes, and a test compares. */
export const GENERATED_DOCUMENTS: readonly GeneratedDocument[] = [
  {
    path: "docs/errors.md",
    make: async () => await formattedMarkdown(await errorCatalogue()),
  },
  { path: "docs/command-line.md", make: () => formattedMarkdown(commandLineReference()) },
];
