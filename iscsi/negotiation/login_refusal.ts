/**
 * How the target's side unwinds when it refuses a login.
 *
 * @module
 */

/** Thrown and caught inside the target's state machine; never leaves it. */
export class LoginRefusal extends Error {
  /** Name of the class. */
  override name = "LoginRefusal";
  /** One of `LoginStatus`. */
  readonly status: number;

  /** Refuses with one of `LoginStatus`. */
  constructor(status: number) {
    super(`Login refused with status ${status.toString(16).padStart(4, "0")}h`);
    this.status = status;
  }
}
