// As a user's program would: the address comes from the command line; prints "same bytes" when they are.
import assert from "node:assert/strict";
import process from "node:process";
import { openTape } from "@uiscsi/tape";

const record = new Uint8Array(300_001).map((_, index) => index * 31);
const drive = await openTape(process.argv[2], { readAhead: 4 });
try {
  await drive.rewind();
  for (let count = 0; count < 8; count++) await drive.write(record);
  await drive.writeFilemarks();
  await drive.rewind();
  for (let count = 0; count < 8; count++) {
    const result = await drive.read();
    assert.equal(result.kind, "record");
    assert.equal(Buffer.compare(result.data, record), 0);
  }
  assert.equal((await drive.read()).kind, "filemark");
  assert.equal((await drive.read()).kind, "end-of-data");
} finally {
  await drive.close();
}
console.log("same bytes");
