const SIMULATED = "sim:";

/** The path of the image that an address is of; `undefined` for an address of another kind. */
export function simulatedImage(address: string): string | undefined {
  return address.startsWith(SIMULATED) ? address.slice(SIMULATED.length) : undefined;
}
