import assert from "node:assert/strict";
import { fill, numbered, openSim } from "./drive_setup.ts";

const RECORDS = 40;
const RECORD_BYTES = 5000;

for (const readAhead of [0, 4]) {
  for (const silentOverlength of [false, true]) {
    const habit = silentOverlength ? "cuts long records silently" : "reports lengths";
    Deno.test(`records({ reuse }) with read-ahead ${readAhead} needs few arrays where the drive ${habit}`, async () => {
      const quirks = { silentOverlength };
      const { drive } = await openSim({ quirks }, { readAhead, recordBytesHint: RECORD_BYTES });
      for (let number = 0; number < RECORDS; number++) {
        await drive.write(new Uint8Array(RECORD_BYTES).fill(number));
      }
      await drive.rewind();
      const buffers = new Set<ArrayBufferLike>();
      let number = 0;
      for await (const record of drive.records({ reuse: true })) {
        assert.deepEqual(record, new Uint8Array(RECORD_BYTES).fill(number++));
        buffers.add(record.buffer);
      }
      assert.equal(number, RECORDS);
      assert.ok(buffers.size <= readAhead + 4, `${buffers.size} arrays`);
      await drive.close();
    });
  }
}

Deno.test("records({ reuse }) in fixed mode never uses an array again that holds blocks to come", async () => {
  const { drive } = await openSim({}, { readAhead: 4, blockSize: 512 });
  for (let number = 0; number < RECORDS; number++) {
    await drive.write(new Uint8Array(512 * 3).fill(number));
  }
  await drive.rewind();
  let block = 0;
  for await (const record of drive.records({ reuse: true })) {
    assert.deepEqual(record, new Uint8Array(512).fill(Math.floor(block++ / 3)));
  }
  assert.equal(block, RECORDS * 3);
  await drive.close();
});

Deno.test("The caller's own buffer is used for nothing but what it was given for, also when a filemark came instead", async () => {
  for (const blockSize of [0, 20]) {
    const { drive } = await openSim({}, { blockSize, recordBytesHint: 16 });
    await fill(drive, [numbered(1, 20), null, numbered(2, 20), numbered(3, 20)]);
    await drive.read();
    const buffer = new Uint8Array(20);
    assert.deepEqual(await drive.readInto(buffer), { kind: "filemark" });
    for (const number of [2, 3]) {
      assert.deepEqual(await drive.read(), { kind: "record", data: numbered(number, 20) });
      assert.deepEqual(buffer, new Uint8Array(20));
    }
    await drive.close();
  }
});
