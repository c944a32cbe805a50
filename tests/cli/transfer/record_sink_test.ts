import assert from "node:assert/strict";
import { RecordSink } from "../../../cli/transfer/record_sink.ts";
import { MemorySink, patternBytes } from "../memory_host.ts";

Deno.test("RecordSink keeps the order of short and long records", async () => {
  const lengths = [1, 3, 40, 2, 16, 15, 100, 1, 1, 39];
  const all = patternBytes(lengths.reduce((sum, length) => sum + length, 0));
  const sink = new MemorySink();
  const records = new RecordSink(sink, { gatherBytes: 64 });
  let offset = 0;
  for (const length of lengths) {
    const record = all.slice(offset, offset + length);
    await records.write(record);
    record.fill(0);
    offset += length;
  }
  await records.flush();
  assert.deepEqual(sink.bytes, all);
});

Deno.test("RecordSink gathers short records into few writes", async () => {
  const sink = new MemorySink();
  const records = new RecordSink(sink, { gatherBytes: 1000 });
  for (let count = 0; count < 100; count++) await records.write(patternBytes(10));
  await records.flush();
  assert.equal(sink.bytes.length, 1000);
  assert.equal(sink.writes, 1);
});

Deno.test("RecordSink.flush() writes nothing when nothing is gathered", async () => {
  const sink = new MemorySink();
  await new RecordSink(sink).flush();
  assert.equal(sink.writes, 0);
});

Deno.test("RecordSink.kept counts the records that have come through whole", async () => {
  const sink = new MemorySink();
  sink.capacityBytes = 95;
  const records = new RecordSink(sink, { gatherBytes: 40 });
  const failed = await (async () => {
    for (let count = 0; count < 13; count++) {
      await records.write(patternBytes(9));
      records.endRecord(9);
    }
  })().catch((error) => error.code);
  assert.equal(failed, "ENOSPC");
  assert.deepEqual(records.kept, { records: 10, bytes: 90 });
});
