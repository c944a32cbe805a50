/** An operation failed for a reason that the command itself found: exit status 2. The message is for people. */
export class CommandFailure extends Error {
  override name = "CommandFailure";
}

/** A transfer that was asked to end early has done so. The tape stands behind the last record that it tells of. */
export class InterruptedTransfer extends CommandFailure {
  override name = "InterruptedTransfer";
}
