import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The collector that the runtime otherwise hides. */
const collect: () => void = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
})();

/** Bytes in use, on the heap and outside of it, after all garbage has been collected. */
export function usedMemory(): number {
  // What the first pass finalizes only the second one frees.
  collect();
  collect();
  return bytesInUse();
}

/** The same, garbage included. */
export function bytesInUse(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
