import { rejects, strictEqual } from "node:assert/strict";
import { MoveOutcomeUnknownError } from "../../changer/errors.ts";
import { openChanger } from "../../open_changer.ts";
import { openTape } from "../../open_tape.ts";
import { SimulatedLibrary } from "../../sim/changer/simulated_library.ts";
import { loopbackTarget } from "../../sim/target/loopback_target.ts";
import { TransportLostError } from "../../tape/errors.ts";

const LOAD_UNLOAD = 0x1b;
const EXCHANGE_MEDIUM = 0xa6;
/** A connection may be made again at once. */
const negotiation = { defaultTime2Wait: 0 };

for (const kind of ["disconnect-after-execution", "disconnect-before-execution"] as const) {
  Deno.test(`Moves that a lost connection has kept from being made are told again as they were: ${kind}`, async () => {
    const library = new SimulatedLibrary({
      cartridges: [{ barcode: "A00001L8" }, { barcode: "A00002L8" }],
      requireUnload: true,
    });
    const target = await loopbackTarget({
      ...library.targets("iqn.2026-03.com.example:library"),
      negotiation,
      faults: [
        { kind, operationCode: LOAD_UNLOAD },
        { kind: "disconnect-before-execution", operationCode: EXCHANGE_MEDIUM },
      ],
    });
    const { urls } = target;
    const connection = { dial: target.dial, negotiation };
    try {
      const changer = await openChanger(urls[0], connection);
      await changer.load(1, 0);
      const drive = await openTape(urls[1], { ...connection, sleep: () => Promise.resolve() });
      await drive.write(new Uint8Array(700));
      await drive.flush();
      const exchange = () => changer.exchange(2, { drive: 0 }, 1, { unloadDrive: drive });
      await rejects(exchange(), TransportLostError);
      await rejects(exchange(), MoveOutcomeUnknownError);
      await exchange();
      strictEqual((await changer.inventory()).slot(1).barcode, "A00001L8");
      strictEqual(library.drives[0].cartridge?.barcode, "A00002L8");
      await drive.close();
      await changer.close();
    } finally {
      await target.close();
    }
  });
}
