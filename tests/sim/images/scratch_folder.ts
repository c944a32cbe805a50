/** A folder of its own for a test, gone afterwards. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs a test with the path of a file in a new folder. */
export async function withImage(test: (path: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tape-image-"));
  try {
    await test(join(folder, "image.tap"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
