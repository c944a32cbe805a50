/** A code as SCSI writes it, with at least so many digits: `5Eh`. */
export function hexCode(code: number, digits = 2): string {
  return `${code.toString(16).toUpperCase().padStart(digits, "0")}h`;
}
