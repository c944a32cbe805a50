import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import {
  CheckConditionError,
  ScsiStatusError,
  UnexpectedResponseError,
} from "../../../scsi/errors.ts";
import {
  decodeFullReservationStatus,
  encodeFullReservationStatus,
} from "../../../scsi/reservation/full_reservation_status.ts";
import {
  PersistentReserveIn,
  persistentReserveInCdb,
  readFullReservationStatus,
  readRegisteredKeys,
  readReservation,
  readReservationCapabilities,
} from "../../../scsi/reservation/persistent_reserve_in.ts";
import {
  decodeRegisteredKeys,
  decodeReservationCapabilities,
  decodeReservationReport,
  encodeRegisteredKeys,
  encodeReservationCapabilities,
  encodeReservationReport,
} from "../../../scsi/reservation/reservation_reports.ts";
import {
  ReservationType,
  reservationTypeName,
} from "../../../scsi/reservation/reservation_type.ts";
import { encodeSense } from "../../../scsi/sense.ts";
import { Status } from "../../../scsi/status.ts";
import { FakeUnit, hex } from "../fake_unit.ts";

const KEYS_BYTES = hex("00000007 00000010 0123456789abcdef ffffffffffffffff");
const KEYS = { generation: 7, keys: [0x0123456789abcdefn, 0xffffffffffffffffn] };

const RESERVED_BYTES = hex("80000001 00000010 0123456789abcdef 00000000 00 06 0000");
const RESERVED = {
  generation: 0x80000001,
  reservation: {
    key: 0x0123456789abcdefn,
    type: ReservationType.ExclusiveAccessRegistrantsOnly,
    scope: 0,
  },
};

/** All capabilities, all types. */
const CAPABLE_BYTES = hex("0008 9d b1 ea01 0000");
const CAPABLE = {
  replacesLost: true,
  compatibleHandling: true,
  specifiesInitiators: true,
  allTargetPorts: true,
  canPersist: true,
  persists: true,
  allowCommands: 3,
  types: [1, 3, 5, 6, 7, 8],
};

/** An iSCSI port that holds an exclusive access reservation, and one of SAS that is registered for all ports. */
const STATUS_BYTES = hex(
  "00000002 00000068" +
    "  00000000000000aa 00000000 01 03 00000000 0001 00000020" +
    "  45 00 001c 69716e2e612e623a63 2c692c3078 383030303030303030303031 0000" +
    "  00000000000000bb 00000000 02 00 00000000 0000 00000018" +
    "  06 000000 5000c50012345678 000000000000000000000000",
);
const STATUS = {
  generation: 2,
  registrations: [
    {
      key: 0xaan,
      allTargetPorts: false,
      targetPort: 1,
      holds: ReservationType.ExclusiveAccess,
      initiator: { protocol: 5, name: "iqn.a.b:c", isid: "800000000001" },
    },
    {
      key: 0xbbn,
      allTargetPorts: true,
      targetPort: 0,
      initiator: { protocol: 6, name: "5000c50012345678" },
    },
  ],
};

Deno.test("persistentReserveInCdb() lays out every service action as the standard does", () => {
  const cdbs = Object.values(PersistentReserveIn).map((action) =>
    persistentReserveInCdb(action, 0x1234)
  );
  deepStrictEqual(cdbs, [
    hex("5e 00 00 00 00 00 00 12 34 00"),
    hex("5e 01 00 00 00 00 00 12 34 00"),
    hex("5e 02 00 00 00 00 00 12 34 00"),
    hex("5e 03 00 00 00 00 00 12 34 00"),
  ]);
  throws(() => persistentReserveInCdb(PersistentReserveIn.ReadKeys, 65536), RangeError);
  throws(() => persistentReserveInCdb(0x20 as PersistentReserveIn, 8), RangeError);
});

Deno.test("decodeRegisteredKeys() and encodeRegisteredKeys() agree on two keys and on none", () => {
  deepStrictEqual(decodeRegisteredKeys(KEYS_BYTES), KEYS);
  deepStrictEqual(encodeRegisteredKeys(KEYS), KEYS_BYTES);
  deepStrictEqual(decodeRegisteredKeys(hex("00000000 00000000")), { generation: 0, keys: [] });
});

Deno.test("decodeRegisteredKeys() of a cut list gives the keys before the cut", () => {
  for (let length = 8; length <= KEYS_BYTES.length; length++) {
    const { keys } = decodeRegisteredKeys(KEYS_BYTES.subarray(0, length));
    deepStrictEqual(keys, KEYS.keys.slice(0, Math.floor((length - 8) / 8)));
  }
});

Deno.test("decodeReservationReport() and encodeReservationReport() agree on a reservation and on none", () => {
  deepStrictEqual(decodeReservationReport(RESERVED_BYTES), RESERVED);
  deepStrictEqual(encodeReservationReport(RESERVED), RESERVED_BYTES);
  const elsewhere = RESERVED_BYTES.slice();
  elsewhere[21] = 0x23;
  const { key } = RESERVED.reservation;
  const ofAnElement = { ...RESERVED, reservation: { key, type: 3, scope: 2 } };
  deepStrictEqual(decodeReservationReport(elsewhere), ofAnElement);
  deepStrictEqual(encodeReservationReport(ofAnElement), elsewhere);
  deepStrictEqual(decodeReservationReport(hex("00000009 00000000")), { generation: 9 });
  deepStrictEqual(encodeReservationReport({ generation: 9 }), hex("00000009 00000000"));
});

Deno.test("decodeReservationReport() never takes a reservation that is cut off for none", () => {
  for (let length = 8; length < RESERVED_BYTES.length; length++) {
    throws(
      () => decodeReservationReport(RESERVED_BYTES.subarray(0, length)),
      (error: unknown) => error instanceof UnexpectedResponseError,
    );
  }
  const short = RESERVED_BYTES.slice();
  short[7] = 8;
  throws(() => decodeReservationReport(short), /24 bytes that announce 8 more, 24 needed/);
});

Deno.test("decodeReservationCapabilities() and its encoder agree on everything and on nothing", () => {
  deepStrictEqual(decodeReservationCapabilities(CAPABLE_BYTES), CAPABLE);
  deepStrictEqual(encodeReservationCapabilities(CAPABLE), CAPABLE_BYTES);
  const { types, ...bare } = decodeReservationCapabilities(hex("0008 62 0e ea01 0000"));
  strictEqual(types, undefined, "a mask that is not valid says nothing");
  deepStrictEqual(encodeReservationCapabilities(bare), hex("0008 00 00 0000 0000"));
  strictEqual(decodeReservationCapabilities(hex("0008 00 01 ea01 0000")).types, undefined);
  const all = decodeReservationCapabilities(hex("0008 00 80 ffff ffff")).types;
  deepStrictEqual(all, Array.from({ length: 16 }, (_, type) => type));
});

Deno.test("Each capability has its own bit", () => {
  const none = decodeReservationCapabilities(new Uint8Array(8));
  const bits = [
    ["replacesLost", "80 00"],
    ["compatibleHandling", "10 00"],
    ["specifiesInitiators", "08 00"],
    ["allTargetPorts", "04 00"],
    ["canPersist", "01 00"],
    ["persists", "00 01"],
  ] as const;
  for (const [name, bytes] of bits) {
    const encoded = encodeReservationCapabilities({ ...none, [name]: true });
    deepStrictEqual(encoded.subarray(2, 4), hex(bytes), name);
  }
});

Deno.test("decodeFullReservationStatus() and its encoder agree on two registrations", () => {
  deepStrictEqual(decodeFullReservationStatus(STATUS_BYTES), STATUS);
  deepStrictEqual(encodeFullReservationStatus(STATUS), STATUS_BYTES);
});

Deno.test("decodeFullReservationStatus() of a cut list gives the registrations before the cut", () => {
  for (let length = 8; length <= STATUS_BYTES.length; length++) {
    const { registrations } = decodeFullReservationStatus(STATUS_BYTES.subarray(0, length));
    strictEqual(registrations.length, length < 64 ? 0 : length < 112 ? 1 : 2);
  }
});

Deno.test("decodeFullReservationStatus() does not take a whole list that contradicts itself", () => {
  const bytes = STATUS_BYTES.slice();
  bytes[64 + 23] = 0x19;
  throws(() => decodeFullReservationStatus(bytes), /48 bytes after the last registration/);
});

Deno.test("decodeFullReservationStatus() reads a registration without a TransportID", () => {
  const bytes = hex("00000001 00000018 00000000000000aa 00000000 00 00 00000000 0001 00000000");
  const registration = { key: 0xaan, allTargetPorts: false, targetPort: 1 };
  const status = { generation: 1, registrations: [registration] };
  deepStrictEqual(decodeFullReservationStatus(bytes), status);
  deepStrictEqual(encodeFullReservationStatus(status), bytes);
});

Deno.test("Every answer of PERSISTENT RESERVE IN needs its header", () => {
  const decoders = [
    decodeRegisteredKeys,
    decodeReservationReport,
    decodeReservationCapabilities,
    decodeFullReservationStatus,
  ];
  for (const decode of decoders) {
    throws(
      () => decode(new Uint8Array(7), { unitName: "x" }),
      /PERSISTENT RESERVE IN on x: unusable answer: 7 bytes, at least 8 needed/,
    );
  }
});

Deno.test("The four questions of PERSISTENT RESERVE IN are asked and answered", async () => {
  const answers = [KEYS_BYTES, RESERVED_BYTES, CAPABLE_BYTES, STATUS_BYTES];
  const unit = new FakeUnit((cdb) => answers[cdb[1]]);
  deepStrictEqual(await readRegisteredKeys(unit), KEYS);
  deepStrictEqual(await readReservation(unit), RESERVED);
  deepStrictEqual(await readReservationCapabilities(unit), CAPABLE);
  deepStrictEqual(await readFullReservationStatus(unit), STATUS);
  deepStrictEqual(unit.commands.map(({ dataIn }) => dataIn?.length), [1024, 24, 24, 1024]);
});

Deno.test("readRegisteredKeys() asks again for a list that is longer, also one that grows", async () => {
  const listOf = (length: number) =>
    encodeRegisteredKeys({
      generation: length,
      keys: Array.from({ length }, (_, key) => BigInt(key)),
    });
  const unit = new FakeUnit((_, count) => listOf(200 + Math.min(count, 3)));
  strictEqual((await readRegisteredKeys(unit)).keys.length, 203);
  deepStrictEqual(unit.commands.map(({ dataIn }) => dataIn?.length), [1024, 1616, 1624, 1632]);
});

Deno.test("readRegisteredKeys() never gives a part of the keys for all", async () => {
  const cut = new FakeUnit(() => KEYS_BYTES.subarray(0, 16));
  await rejects(readRegisteredKeys(cut), /a list of 24 bytes did not come whole/);
  strictEqual(cut.commands.length, 4);
  const endless = new FakeUnit(() => hex("00000000 fffffff8"));
  await rejects(readRegisteredKeys(endless), UnexpectedResponseError);
  strictEqual(endless.commands.length, 1);
});

Deno.test("A list without its header is not asked for again", async () => {
  const unit = new FakeUnit(() => KEYS_BYTES.subarray(0, 7));
  await rejects(readRegisteredKeys(unit), /on fake: unusable answer: 7 bytes, at least 8 needed/);
  strictEqual(unit.commands.length, 1);
});

Deno.test("PERSISTENT RESERVE IN throws what the device answers", async () => {
  const sense = encodeSense({ key: 5, asc: 0x20, ascq: 0 });
  const without = new FakeUnit(() => ({ status: Status.CheckCondition, sense }));
  await rejects(readReservation(without), CheckConditionError);
  const busy = new FakeUnit(() => ({ status: Status.Busy }));
  await rejects(readFullReservationStatus(busy), ScsiStatusError);
});

Deno.test("reservationTypeName() names what is assigned", () => {
  strictEqual(reservationTypeName(ReservationType.ExclusiveAccess), "exclusive access");
  strictEqual(reservationTypeName(0xc), "type Ch");
});
