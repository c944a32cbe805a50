import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { readFields, writeFields } from "../../../scsi/bit_field.ts";
import * as pages from "../../../scsi/stream/mode_page_fields.ts";
import { writeModePage } from "../../../scsi/stream/mode_page_layout.ts";
import { FakeUnit, hex } from "../fake_unit.ts";

Deno.test("The device configuration page has its fields where SSC-4 has them", () => {
  const page = hex("10 0e 05 02 0000 012c d1 00 6c 000000 01 53");
  deepStrictEqual(readFields(page, pages.DEVICE_CONFIGURATION_PAGE.fields), {
    activeFormat: 5,
    activePartition: 2,
    writeDelay: 300,
    objectBufferRecovery: true,
    objectIdentifiers: true,
    automaticVelocityControl: true,
    reportEarlyWarningOnRead: true,
    endOfDataDefined: 3,
    enableEndOfDataGeneration: false,
    synchronizeAtEarlyWarning: true,
    softwareWriteProtect: true,
    compressionAlgorithm: 1,
    wormTamperReadEnable: 1,
    onlyIfReserved: false,
    rewindOnReset: 2,
    associatedWriteProtect: false,
    persistentWriteProtect: true,
    permanentWriteProtect: true,
  });
});

Deno.test("The other mode pages of tapes have their fields where the standards have them", () => {
  const rows = [
    [pages.ERROR_RECOVERY_PAGE, "01 0a 24 03 00000000 05 000000", {
      transferBlock: true,
      enableEarlyRecovery: false,
      postError: true,
      disableTransferOnError: false,
      disableCorrection: false,
      readRetryCount: 3,
      writeRetryCount: 5,
    }],
    [pages.CONTROL_PAGE, "0a 0a 24 00 08 40 0000 ffff 0078", {
      taskSetType: 1,
      descriptorSense: true,
      disableLogSave: false,
      softwareWriteProtect: true,
      taskAbortedStatus: true,
      busyTimeoutPeriod: 0xffff,
      selfTestSeconds: 120,
    }],
    [pages.BLOCK_PROTECTION_PAGE, "4a f0 001c 02 04 c0 00", {
      method: 2,
      informationBytes: 4,
      onWrite: true,
      onRead: true,
      onRecover: false,
    }],
    [pages.COMPRESSION_PAGE, "0f 0e c0 a0 00000001 00000001 00000000", {
      enabled: true,
      capable: true,
      decompression: true,
      reportOnDecompression: 1,
      compressionAlgorithm: 1,
      decompressionAlgorithm: 1,
    }],
    [pages.CONFIGURATION_EXTENSION_PAGE, "50 01 001c 05 12 01f4 01", {
      alertsRespectPointer: false,
      selectAlertReporting: true,
      alertsRespectPageControl: false,
      keepAlertsOnRead: true,
      writeMode: 1,
      shortEraseMode: 2,
      programmableEarlyWarningMegabytes: 500,
      encryptedVolumeNeedsEncryption: true,
    }],
    [pages.MEDIUM_PARTITION_PAGE, "11 0a 03 01 3c 03 09 00 0001 ffff", {
      maximumAdditional: 3,
      additionalDefined: 1,
      fixedPartitions: false,
      selectPartitions: false,
      initiatorPartitions: true,
      sizeUnit: 3,
      onFormatMedium: true,
      formatRecognition: 3,
      units: 9,
    }],
    [pages.INFORMATIONAL_EXCEPTIONS_PAGE, "1c 0a 08 03 00000064 00000002", {
      performance: false,
      disableExceptionControl: true,
      test: false,
      method: 3,
      intervalTimer: 100,
      reportCount: 2,
    }],
    [pages.MEDIUM_CONFIGURATION_PAGE, "1d 1e 01 00 01 02", {
      writeOnce: true,
      wormLabelRestrictions: 1,
      wormFilemarkRestrictions: 2,
    }],
  ] as const;
  for (const [layout, bytes, expected] of rows) {
    deepStrictEqual(readFields<object>(hex(bytes), layout.fields), expected, layout.name);
  }
});

Deno.test("Every field of every mode page keeps to its own bits", () => {
  for (const layout of Object.values(pages)) {
    const seen = new Uint8Array(64);
    for (const [name, field] of Object.entries(layout.fields)) {
      const page = new Uint8Array(64);
      const one = { [name]: "bit" in field ? true : 1 };
      writeFields<object>(page, { [name]: field }, one);
      page.forEach((byte, at) => {
        strictEqual(seen[at] & byte, 0, `${layout.name}: ${name} shares a bit`);
        seen[at] |= byte;
      });
    }
  }
});

Deno.test("writeModePage() sends the page back with the change alone, and without its PS bit", async () => {
  const header = "00 00 10 00";
  const page = "d0 01 001c 05 00 0000 00 00" + "00".repeat(22);
  const unit = new FakeUnit((cdb) =>
    cdb[0] === 0x1a ? hex("23" + header.slice(2) + page) : hex("")
  );
  const changes = { programmableEarlyWarningMegabytes: 0x1234 };
  await writeModePage(unit, pages.CONFIGURATION_EXTENSION_PAGE, changes);
  const [sense, select] = unit.commands;
  deepStrictEqual(sense.cdb, hex("1a 00 10 01 ff 00"));
  deepStrictEqual(
    select.dataOut,
    hex("00 00 10 00" + "50 01 001c 05 00 1234 00 00" + "00".repeat(22)),
  );
});
