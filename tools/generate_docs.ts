/**
 * Writes the documents that are made from the code.
 *
 *     deno task docs
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { writeFile } from "node:fs/promises";
import { GENERATED_DOCUMENTS } from "./generated_documents.ts";
import { taskOptions } from "./task_options.ts";

taskOptions("docs", object({}));

for (const { path, make } of GENERATED_DOCUMENTS) {
  await writeFile(new URL(`../${path}`, import.meta.url), await make());
  console.log(path);
}
