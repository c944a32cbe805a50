/** The command line asks for something that makes no sense: exit status 1. */
export class UsageError extends Error {
  override name = "UsageError";
}
