import type { Session, SessionOptions } from "../../../iscsi/mod.ts";
import { turn, type WireConnection } from "./wire_connection.ts";
import { FINAL, keysText, Op, type WirePdu } from "./wire_pdu.ts";
import { WireTarget, withTarget } from "./wire_target.ts";

/** A login that the test answers by itself. */
export async function loggingIn(
  session: Partial<SessionOptions>,
  use: (wire: WireConnection, connecting: Promise<Session>, target: WireTarget) => Promise<void>,
): Promise<void> {
  const target = new WireTarget({ session });
  await withTarget(target, async () => {
    const connecting = target.connect();
    try {
      await use(await target.connection(1), connecting, target);
    } finally {
      await turn();
      target.wire.stream.cut();
      await connecting.then((session) => session.close(), () => {});
    }
  });
}

/** The target's answer where nobody has to prove anything. */
export const AUTH_NONE: string = keysText({ AuthMethod: "None" });
/** T from the security stage to the operational one. */
export const TO_OPERATIONAL = FINAL | 1;
/** T from the operational stage to the full feature phase. */
export const TO_FULL_FEATURE = FINAL | 1 << 2 | 3;

/** The request of the operational stage, in which a login without credentials begins. */
export function operational(wire: WireConnection): Promise<WirePdu> {
  return wire.only(Op.LoginRequest);
}

/** Insists on the security stage, and returns the first request of the login that begins there. */
export async function security(target: WireTarget): Promise<WirePdu> {
  const refused = await target.wire.only(Op.LoginRequest);
  target.wire.loginResponse(refused, "", { status: 0x0200, flags: 0 });
  const again = await target.connection(target.connections.length + 1);
  return await again.only(Op.LoginRequest);
}
