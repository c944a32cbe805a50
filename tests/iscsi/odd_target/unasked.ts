/** What a target says without being asked. */

import { AsyncEvent } from "../../../iscsi/pdu/async_message.ts";
import { pick } from "../walk/walk_settings.ts";
import type { OddConnection } from "./odd_connection.ts";
import type { OddSession } from "./odd_session.ts";

/** The connections of a session that anything can be said on. */
export function speaking({ connections }: OddSession): OddConnection[] {
  return connections.filter(({ isClosed, hasLoggedOut, isSilent }) =>
    !isClosed && !hasLoggedOut && !isSilent
  );
}

/** Something that changes nothing. */
export function disturb(session: OddSession): void {
  const { random } = session.parts;
  const open = speaking(session);
  if (open.length === 0) return;
  const connection = pick(random, open);
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
      return session.nopIn(connection, true);
    case 3:
      return session.nopIn(connection, false);
    case 4:
      return session.asyncMessage(
        connection,
        AsyncEvent.ScsiEvent,
        [0, 0, 0],
        random.bytes(2 + random.below(60)),
      );
    case 5:
      return session.asyncMessage(connection, pick(random, [248, 255]), [1, 2, 3], random.bytes(7));
    case 6:
      if (random.below(4) > 0) return;
      return session.asyncMessage(connection, AsyncEvent.NegotiationRequested, [0, 0, 3]);
    case 7:
      return session.rejectSomeData(connection);
  }
}

/** The session is to log out. */
export function demandLogout(session: OddSession): void {
  const { random } = session.parts;
  const open = speaking(session);
  if (open.length === 0) return;
  session.isEnding = true;
  const seconds = pick(random, [1, 60]);
  session.asyncMessage(pick(random, open), AsyncEvent.LogoutRequested, [0, 0, seconds]);
}

/** The target ends the session, or one connection of it, which below error recovery level 2 is the same. */
export function drop(session: OddSession): void {
  const { random } = session.parts;
  const open = speaking(session);
  if (open.length === 0) return;
  session.isEnding = true;
  const connection = pick(random, open);
  const lost = pick(random, open);
  if (random.below(2) === 0) {
    session.asyncMessage(connection, AsyncEvent.SessionDropped, [0, 1, 0]);
  } else session.asyncMessage(connection, AsyncEvent.ConnectionDropped, [lost.cid, 1, 0]);
  for (const each of session.connections) {
    each.isSilent = true;
    each.end();
  }
}
