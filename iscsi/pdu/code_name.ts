/**
 * Names of one-byte protocol codes, for errors and traces.
 *
 * @module
 */

/** Names by code, as one of the standard's code tables gives them. */
export type CodeNames = Readonly<Record<number, string>>;

/** The name that `names` gives `code`, or a phrase with the code in hexadecimal. */
export function codeName(names: CodeNames, code: number): string {
  return names[code] ?? `unknown code ${hexByte(code)}`;
}

/** `code` as `0x` and two hexadecimal digits. */
export function hexByte(code: number): string {
  return `0x${code.toString(16).padStart(2, "0")}`;
}
