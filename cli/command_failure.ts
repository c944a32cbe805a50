/** An operation failed for a reason that the command itself found: exit status 2. The message is for people. */
export class CommandFailure extends Error {
  override name = "CommandFailure";
}
