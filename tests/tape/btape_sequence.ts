/**
 * The sequence of Bareos' `btape test`: what a backup program does to find out whether it can trust a drive. Runs on any drive; the record count is the
 * caller's, for btape's own 10,000 take long on a real target.
 */

import assert from "node:assert/strict";
import { SpaceStoppedError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";

/** What a target can do of it. */
export interface BtapeOptions {
  readonly records: number;
  readonly recordBytes: number;
  /** Opens the drive anew, as another program would: the tape stays where it is. */
  readonly reopen: (drive: TapeDrive) => Promise<TapeDrive>;
  /** Whether SPACE over filemarks lands right backwards. @default true */
  readonly spacesBack?: boolean;
}

/** A record that tells its number. */
function record(number: number, bytes: number): Uint8Array {
  const data = new Uint8Array(bytes).fill(number);
  new DataView(data.buffer).setUint32(0, number);
  return data;
}

async function expectRecord(drive: TapeDrive, number: number): Promise<void> {
  const result = await drive.read();
  assert.ok(result.kind === "record", `${result.kind} in the place of record ${number}`);
  assert.equal(new DataView(result.data.buffer, result.data.byteOffset).getUint32(0), number);
}

async function expectKind(drive: TapeDrive, kind: string): Promise<void> {
  assert.equal((await drive.read()).kind, kind);
}

/** Two files of as many records, read back: one filemark between them, every record in its place. */
export async function writeAndReadBack(drive: TapeDrive, options: BtapeOptions): Promise<void> {
  const { records, recordBytes } = options;
  await drive.rewind();
  for (let number = 0; number < records; number++) await drive.write(record(number, recordBytes));
  await drive.writeFilemarks();
  for (let number = 0; number < records; number++) {
    await drive.write(record(records + number, recordBytes));
  }
  await drive.writeFilemarks();
  await drive.rewind();
  for (let number = 0; number < records; number++) await expectRecord(drive, number);
  await expectKind(drive, "filemark");
  for (let number = 0; number < records; number++) await expectRecord(drive, records + number);
  await expectKind(drive, "filemark");
  await expectKind(drive, "end-of-data");
}

/** After that: by file and record number, each time from the beginning. */
export async function positionByFileAndRecord(
  drive: TapeDrive,
  { records }: BtapeOptions,
): Promise<void> {
  const last = records - 1;
  const few = Math.min(4, last);
  for (const [file, at] of [[0, few], [0, last >> 1], [0, last], [1, 0], [1, few], [1, last]]) {
    await drive.rewind();
    if (file > 0) await drive.space("filemarks", file);
    if (at > 0) await drive.space("blocks", at);
    await expectRecord(drive, file * records + at);
  }
}

/** Three files, the drive opened anew, a fourth appended at the end of data; the third survives. */
export async function append(first: TapeDrive, options: BtapeOptions): Promise<TapeDrive> {
  const { recordBytes, reopen } = options;
  await first.rewind();
  for (const count of [1, 2, 3]) await writeFile(first, count, recordBytes);
  const drive = await reopen(first);
  await drive.space("end-of-data");
  await writeFile(drive, 1, recordBytes);
  await drive.rewind();
  const files: number[] = [];
  for await (const file of drive.files()) {
    let count = 0;
    for await (const data of file.records()) {
      assert.equal(data.length, recordBytes);
      count++;
    }
    files.push(count);
  }
  assert.deepEqual(files, [1, 2, 3, 1]);
  return drive;
}

async function writeFile(drive: TapeDrive, count: number, recordBytes: number): Promise<void> {
  for (let number = 0; number < count; number++) await drive.write(record(number, recordBytes));
  await drive.writeFilemarks();
}

/** The last record of a file is read again from behind its filemark. */
export async function readLastAgain(drive: TapeDrive, options: BtapeOptions): Promise<void> {
  await drive.rewind();
  await writeFile(drive, 5, options.recordBytes);
  if (options.spacesBack ?? true) {
    await drive.space("filemarks", -1);
    await drive.space("blocks", -1);
  } else {
    await drive.rewind();
    await drive.space("blocks", 4);
  }
  await expectRecord(drive, 4);
  await expectKind(drive, "filemark");
}

/** Forwards over filemarks, from each kind of place. */
export async function spaceForward(drive: TapeDrive, options: BtapeOptions): Promise<void> {
  await drive.rewind();
  for (const count of [1, 2, 3, 2, 1]) await writeFile(drive, count, options.recordBytes);
  await drive.rewind();
  await drive.space("filemarks", 1);
  assert.equal(await recordsHere(drive), 2);
  await drive.rewind();
  await drive.space("filemarks", 1);
  await drive.space("filemarks", 2);
  assert.equal(await recordsHere(drive), 2);
  await drive.rewind();
  await drive.space("filemarks", 4);
  assert.equal(await recordsHere(drive), 1);
  await expectKind(drive, "end-of-data");
  await drive.rewind();
  await drive.space("filemarks", 5);
  await expectKind(drive, "end-of-data");
}

async function recordsHere(drive: TapeDrive): Promise<number> {
  return (await Array.fromAsync(drive.records())).length;
}

/** A buffer that is too small leaves the tape where it is, and the next read gets the record. */
export async function readWithTooLittleRoom(
  drive: TapeDrive,
  options: BtapeOptions,
): Promise<void> {
  await drive.rewind();
  await writeFile(drive, 2, options.recordBytes);
  await drive.rewind();
  await assert.rejects(drive.readInto(new Uint8Array(options.recordBytes >> 1)));
  await expectRecord(drive, 0);
  await expectRecord(drive, 1);
}

/** Two filemarks in a row read as two; an append behind them leaves no hole. */
export async function twoFilemarks(drive: TapeDrive, options: BtapeOptions): Promise<void> {
  await drive.rewind();
  await writeFile(drive, 1, options.recordBytes);
  await drive.writeFilemarks();
  await drive.space("end-of-data");
  await writeFile(drive, 1, options.recordBytes);
  await drive.rewind();
  const seen: string[] = [];
  for (let result = await drive.read(); result.kind !== "end-of-data";) {
    seen.push(result.kind);
    result = await drive.read();
  }
  assert.deepEqual(seen, ["record", "filemark", "filemark", "record", "filemark"]);
}

/** Writes until the tape is full: at early warning there is room for a record and two filemarks more, and the last record can be read again. */
export async function fillUp(drive: TapeDrive, { recordBytes }: BtapeOptions): Promise<void> {
  await drive.rewind();
  let number = 0;
  while (!(await drive.write(record(number++, recordBytes))).earlyWarning);
  await drive.write(record(number++, recordBytes));
  await drive.writeFilemarks(2);
  await drive.space("filemarks", -2);
  await drive.space("blocks", -1);
  await expectRecord(drive, number - 1);
  await assert.rejects(drive.space("blocks", 1), SpaceStoppedError);
}

/** All of it in btape's order, as far as every drive can do it. */
export async function btape(first: TapeDrive, options: BtapeOptions): Promise<TapeDrive> {
  await writeAndReadBack(first, options);
  await positionByFileAndRecord(first, options);
  const drive = await append(first, options);
  await readLastAgain(drive, options);
  await spaceForward(drive, options);
  await readWithTooLittleRoom(drive, options);
  await twoFilemarks(drive, options);
  return drive;
}
