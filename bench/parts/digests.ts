/**
 * CRC32C: the table for headers, folding in WebAssembly for data.
 *
 * @module
 */

import { crc32c, RunningCrc32c } from "../../iscsi/pdu/crc32c.ts";
import { megabytesPerSecond, secondsPerCall, sizeName } from "../figures.ts";
import type { Part } from "../part.ts";

const LENGTHS = [48, 512, 4096, 65536, 262144];

/** Rates of both digests. */
export const digests: Part = {
  name: "digests",
  about: "CRC32C by length",
  measure: async ({ rounds }) => {
    const running = new RunningCrc32c();
    const rows: string[][] = [];
    for (const length of LENGTHS) {
      const bytes = new Uint8Array(length).fill(0x5a);
      const byTable = await secondsPerCall(rounds, (calls) => {
        for (let call = 0; call < calls; call++) crc32c(bytes);
      });
      const byFolding = await secondsPerCall(rounds, (calls) => {
        for (let call = 0; call < calls; call++) {
          running.start();
          running.update(bytes);
          running.finish();
        }
      });
      const rates = [byTable, byFolding].map((seconds) => megabytesPerSecond(length, seconds));
      rows.push([sizeName(length), ...rates]);
    }
    return {
      title: "Digests",
      about: "CRC32C over one buffer. The table serves headers and data below 1.5 KiB, folding " +
        "the rest. What digests cost a drive is in the part `targets`.",
      table: { columns: ["Length", "table, MB/s", "folding, MB/s"], rows },
    };
  },
};
