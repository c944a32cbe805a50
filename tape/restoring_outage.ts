/**
 * An outage after which what the drive may have forgotten is set anew: reservation, protection, and whether the key is
 * still there, and what the caller has set.
 *
 * @module
 */

import { Outage, type OutageOptions } from "./outage.ts";
import type { TapeSession } from "./tape_session.ts";

/** See {@link Outage}. */
export class RestoringOutage extends Outage {
  readonly #settings: TapeSession;

  constructor(session: TapeSession, options: OutageOptions) {
    super(session, options);
    this.#settings = session;
  }

  override async overcome(signal?: AbortSignal): Promise<void> {
    await super.overcome(signal);
    this.#settings.kept.doubt();
    await this.#settings.restore();
  }
}
