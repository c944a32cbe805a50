import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import {
  ElementEmptyError,
  ElementFullError,
  MoveOutcomeUnknownError,
} from "../../changer/errors.ts";
import { openChanger } from "../../open_changer.ts";
import { openTape } from "../../open_tape.ts";
import { SimulatedLibrary } from "../../sim/changer/simulated_library.ts";
import { loopbackTarget } from "../../sim/target/loopback_target.ts";
import { TransportLostError } from "../../tape/errors.ts";

const LOAD_UNLOAD = 0x1b;
const POSITION_TO_ELEMENT = 0x2b;
const MOVE_MEDIUM = 0xa5;
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

Deno.test("A move that was made unheard is told again in vain, and what it brought can be moved on", async () => {
  const library = new SimulatedLibrary({
    cartridges: [{ barcode: "A00001L8" }, { barcode: "A00002L8" }, { barcode: "A00003L8" }],
  });
  const kind = "disconnect-after-execution";
  const target = await loopbackTarget({
    ...library.targets("iqn.2026-03.com.example:library"),
    negotiation,
    faults: [{ kind, operationCode: MOVE_MEDIUM }, { kind, operationCode: POSITION_TO_ELEMENT }],
  });
  try {
    const changer = await openChanger(target.urls[0], { dial: target.dial, negotiation });
    await changer.inventory();
    await rejects(changer.load(1, 0), MoveOutcomeUnknownError);
    await rejects(changer.load(1, 0), ElementEmptyError);
    // Behind an outage the places are held to what the caller knows of his own moves.
    await changer.exchange(2, { drive: 0 }, 1);
    await changer.position(2);
    await changer.exchange({ drive: 0 }, 1, 2);
    const { slots } = await changer.inventory();
    deepStrictEqual(
      slots.slice(0, 3).map(({ barcode }) => barcode),
      ["A00002L8", "A00001L8", "A00003L8"],
    );
    await changer.close();
  } finally {
    await target.close();
  }
});

Deno.test("No drive unloads for an exchange whose last place is taken", async () => {
  const library = new SimulatedLibrary({
    cartridges: [{ barcode: "A00001L8" }, { barcode: "A00002L8" }, { barcode: "A00003L8" }],
  });
  const target = await loopbackTarget(library.targets("iqn.2026-03.com.example:library"));
  try {
    const changer = await openChanger(target.urls[0], { dial: target.dial });
    await changer.load(1, 0);
    let unloads = 0;
    const unloadDrive = () => Promise.resolve(void unloads++);
    await rejects(changer.exchange(2, { drive: 0 }, 3, { unloadDrive }), ElementFullError);
    strictEqual(unloads, 0);
    await changer.close();
  } finally {
    await target.close();
  }
});
