/**
 * The mode pages of tape drives, field by field (SSC-4, SPC-5 §7.5). Offsets count from the page's first byte.
 *
 * @module
 */

import { bits, flag, uint } from "../bit_field.ts";
import type { ModePageLayout } from "./mode_page_layout.ts";

/** Read-write error recovery, page 01h (SSC-4). */
export interface ErrorRecoveryPage {
  /** TB: gives a block that could not be corrected. */
  readonly transferBlock: boolean;
  /** EER: corrects as soon as it can. */
  readonly enableEarlyRecovery: boolean;
  /** PER: reports what it had to correct. */
  readonly postError: boolean;
  /** DTE: stops at what it had to correct. */
  readonly disableTransferOnError: boolean;
  /** DCR: does not use error correction codes. */
  readonly disableCorrection: boolean;
  /** How often a read is tried again. */
  readonly readRetryCount: number;
  /** How often a write is tried again. */
  readonly writeRetryCount: number;
}

/** {@link ErrorRecoveryPage}. */
export const ERROR_RECOVERY_PAGE: ModePageLayout<ErrorRecoveryPage> = {
  page: 0x01,
  subpage: 0,
  name: "read-write error recovery",
  fields: {
    transferBlock: flag(2, 5),
    enableEarlyRecovery: flag(2, 3),
    postError: flag(2, 2),
    disableTransferOnError: flag(2, 1),
    disableCorrection: flag(2, 0),
    readRetryCount: uint(3),
    writeRetryCount: uint(8),
  },
};

/** Control, page 0Ah (SPC-5 §7.5.10). */
export interface ControlPage {
  /** TST: 1 where each initiator has a task set of its own. */
  readonly taskSetType: number;
  /** D_SENSE: sense data comes in descriptor format. */
  readonly descriptorSense: boolean;
  /** GLTSD: log parameters are not saved on their own. */
  readonly disableLogSave: boolean;
  /** SWP: the drive refuses to write, whatever the cartridge. */
  readonly softwareWriteProtect: boolean;
  /** TAS: commands that another initiator's actions abort end with TASK ABORTED. */
  readonly taskAbortedStatus: boolean;
  /** Tenths of a second for which the drive may answer BUSY; FFFFh for no limit. */
  readonly busyTimeoutPeriod: number;
  /** Seconds that an extended self-test takes. */
  readonly selfTestSeconds: number;
}

/** {@link ControlPage}. */
export const CONTROL_PAGE: ModePageLayout<ControlPage> = {
  page: 0x0a,
  subpage: 0,
  name: "control",
  fields: {
    taskSetType: bits(2, 5, 3),
    descriptorSense: flag(2, 2),
    disableLogSave: flag(2, 1),
    softwareWriteProtect: flag(4, 3),
    taskAbortedStatus: flag(5, 6),
    busyTimeoutPeriod: uint(8, 2),
    selfTestSeconds: uint(10, 2),
  },
};

/** Control data protection, page 0Ah subpage F0h (SSC-4): logical block protection. */
export interface BlockProtectionPage {
  /** What protects a block on its way: 0 nothing, 1 a Reed-Solomon CRC, 2 a CRC32C. */
  readonly method: number;
  /** Bytes of protection information behind each block. */
  readonly informationBytes: number;
  /** LBP_W: blocks that are written carry it, and the drive checks them. */
  readonly onWrite: boolean;
  /** LBP_R: blocks that are read carry it. */
  readonly onRead: boolean;
  /** RBDP: blocks of RECOVER BUFFERED DATA carry it. */
  readonly onRecover: boolean;
}

/** {@link BlockProtectionPage}. */
export const BLOCK_PROTECTION_PAGE: ModePageLayout<BlockProtectionPage> = {
  page: 0x0a,
  subpage: 0xf0,
  name: "control data protection",
  fields: {
    method: uint(4),
    informationBytes: bits(5, 0, 6),
    onWrite: flag(6, 7),
    onRead: flag(6, 6),
    onRecover: flag(6, 5),
  },
};

/** Data compression, page 0Fh (SSC-4). */
export interface CompressionPage {
  /** DCE: compresses what is written. */
  readonly enabled: boolean;
  /** DCC: can compress. */
  readonly capable: boolean;
  /** DDE: decompresses what is read. */
  readonly decompression: boolean;
  /** RED: how a change between compressed and uncompressed data is reported on reading. */
  readonly reportOnDecompression: number;
  /** Compression algorithm, 0 for none. */
  readonly compressionAlgorithm: number;
  /** Decompression algorithm, 0 for none. */
  readonly decompressionAlgorithm: number;
}

/** {@link CompressionPage}. */
export const COMPRESSION_PAGE: ModePageLayout<CompressionPage> = {
  page: 0x0f,
  subpage: 0,
  name: "data compression",
  fields: {
    enabled: flag(2, 7),
    capable: flag(2, 6),
    decompression: flag(3, 7),
    reportOnDecompression: bits(3, 5, 2),
    compressionAlgorithm: uint(4, 4),
    decompressionAlgorithm: uint(8, 4),
  },
};

/** Device configuration, page 10h (SSC-4). */
export interface DeviceConfigurationPage {
  /** Active format, the vendor's own. */
  readonly activeFormat: number;
  /** Partition that the tape stands in. */
  readonly activePartition: number;
  /** Tenths of a second that buffered data may wait before it is written. */
  readonly writeDelay: number;
  /** OBR: the buffer can be read back after an error. */
  readonly objectBufferRecovery: boolean;
  /** LOIS: logical object numbers are on the tape. */
  readonly objectIdentifiers: boolean;
  /** AVC: the drive may change its speed. */
  readonly automaticVelocityControl: boolean;
  /** REW: reports early warning on reading too. */
  readonly reportEarlyWarningOnRead: boolean;
  /** EOD defined: what marks the end of data. */
  readonly endOfDataDefined: number;
  /** EEG: the drive writes end of data by itself. */
  readonly enableEndOfDataGeneration: boolean;
  /** SEW: writes all that it has buffered at early warning. */
  readonly synchronizeAtEarlyWarning: boolean;
  /** SWP: refuses to write, whatever the cartridge. */
  readonly softwareWriteProtect: boolean;
  /** Compression algorithm, 0 for none, 1 for the drive's own. */
  readonly compressionAlgorithm: number;
  /** WTRE: what a write-once tape that was tampered with lets itself be read. */
  readonly wormTamperReadEnable: number;
  /** OIR: takes medium commands only while reserved. */
  readonly onlyIfReserved: boolean;
  /** ROR: what a reset does to the tape: 0 the vendor's own, 1 rewinds to partition 0, 2 leaves it. */
  readonly rewindOnReset: number;
  /** ASOCWP: the cartridge is protected at its next mount by this drive. */
  readonly associatedWriteProtect: boolean;
  /** PERSWP: the cartridge is protected until that is taken back. */
  readonly persistentWriteProtect: boolean;
  /** PRMWP: the cartridge is protected for ever. */
  readonly permanentWriteProtect: boolean;
}

/** {@link DeviceConfigurationPage}. */
export const DEVICE_CONFIGURATION_PAGE: ModePageLayout<DeviceConfigurationPage> = {
  page: 0x10,
  subpage: 0,
  name: "device configuration",
  fields: {
    activeFormat: bits(2, 0, 5),
    activePartition: uint(3),
    writeDelay: uint(6, 2),
    objectBufferRecovery: flag(8, 7),
    objectIdentifiers: flag(8, 6),
    automaticVelocityControl: flag(8, 4),
    reportEarlyWarningOnRead: flag(8, 0),
    endOfDataDefined: bits(10, 5, 3),
    enableEndOfDataGeneration: flag(10, 4),
    synchronizeAtEarlyWarning: flag(10, 3),
    softwareWriteProtect: flag(10, 2),
    compressionAlgorithm: uint(14),
    wormTamperReadEnable: bits(15, 6, 2),
    onlyIfReserved: flag(15, 5),
    rewindOnReset: bits(15, 3, 2),
    associatedWriteProtect: flag(15, 2),
    persistentWriteProtect: flag(15, 1),
    permanentWriteProtect: flag(15, 0),
  },
};

/** Device configuration extension, page 10h subpage 01h (SSC-4). */
export interface ConfigurationExtensionPage {
  /** TARPF: TapeAlert's log page heeds the parameter pointer. */
  readonly alertsRespectPointer: boolean;
  /** TASER: TapeAlert flags are selected one by one for being reported. */
  readonly selectAlertReporting: boolean;
  /** TARPC: TapeAlert's log page heeds the page control field. */
  readonly alertsRespectPageControl: boolean;
  /** TAPLSD: reading the log page does not lower the TapeAlert flags. */
  readonly keepAlertsOnRead: boolean;
  /** WRITE MODE: 0 overwriting allowed, 1 append only. */
  readonly writeMode: number;
  /** What a short ERASE does. */
  readonly shortEraseMode: number;
  /** PEWS: megabytes (10^6 bytes) before early warning where the programmable one begins; 0 for none. */
  readonly programmableEarlyWarningMegabytes: number;
  /** VCELBRE: a tape that holds encrypted blocks takes no others. */
  readonly encryptedVolumeNeedsEncryption: boolean;
}

/** {@link ConfigurationExtensionPage}. */
export const CONFIGURATION_EXTENSION_PAGE: ModePageLayout<ConfigurationExtensionPage> = {
  page: 0x10,
  subpage: 0x01,
  name: "device configuration extension",
  fields: {
    alertsRespectPointer: flag(4, 3),
    selectAlertReporting: flag(4, 2),
    alertsRespectPageControl: flag(4, 1),
    keepAlertsOnRead: flag(4, 0),
    writeMode: bits(5, 4, 4),
    shortEraseMode: bits(5, 0, 4),
    programmableEarlyWarningMegabytes: uint(6, 2),
    encryptedVolumeNeedsEncryption: flag(8, 0),
  },
};

/** Medium partition, page 11h (SSC-4). The sizes follow, two bytes each, from byte 8 on. */
export interface MediumPartitionPage {
  /** Partitions beside the first that the tape can have. */
  readonly maximumAdditional: number;
  /** Partitions beside the first that it has, or is to have. */
  readonly additionalDefined: number;
  /** FDP: partitions as the drive has them fixed. */
  readonly fixedPartitions: boolean;
  /** SDP: so many partitions of the drive's own sizes. */
  readonly selectPartitions: boolean;
  /** IDP: partitions of the sizes that follow. */
  readonly initiatorPartitions: boolean;
  /** PSUM: unit of the sizes: 0 bytes, 1 kilobytes, 2 megabytes, 3 ten to the power of `units`. */
  readonly sizeUnit: number;
  /** POFM: nothing is done before FORMAT MEDIUM. */
  readonly onFormatMedium: boolean;
  /** What the drive makes of a tape's format. */
  readonly formatRecognition: number;
  /** The exponent of PSUM 3. */
  readonly units: number;
}

/** {@link MediumPartitionPage}. */
export const MEDIUM_PARTITION_PAGE: ModePageLayout<MediumPartitionPage> = {
  page: 0x11,
  subpage: 0,
  name: "medium partition",
  fields: {
    maximumAdditional: uint(2),
    additionalDefined: uint(3),
    fixedPartitions: flag(4, 7),
    selectPartitions: flag(4, 6),
    initiatorPartitions: flag(4, 5),
    sizeUnit: bits(4, 3, 2),
    onFormatMedium: flag(4, 2),
    formatRecognition: uint(5),
    units: bits(6, 0, 4),
  },
};

/** Informational exceptions control, page 1Ch (SPC-5 §7.5.15, SSC-4). */
export interface InformationalExceptionsPage {
  /** PERF: watches only as far as that costs no speed. */
  readonly performance: boolean;
  /** DEXCPT: failures that are foreseen are not reported; log page 2Eh tells them all the same. */
  readonly disableExceptionControl: boolean;
  /** TEST: reports a failure that is none. */
  readonly test: boolean;
  /** MRIE: how they are reported: 0 not at all, 2 unit attention, 3 and 4 recovered error, 5 no sense, 6 on request. */
  readonly method: number;
  /** Tenths of a second between reports. */
  readonly intervalTimer: number;
  /** How often one is reported; 0 for no limit. With `test`, a TapeAlert flag. */
  readonly reportCount: number;
}

/** {@link InformationalExceptionsPage}. */
export const INFORMATIONAL_EXCEPTIONS_PAGE: ModePageLayout<InformationalExceptionsPage> = {
  page: 0x1c,
  subpage: 0,
  name: "informational exceptions control",
  fields: {
    performance: flag(2, 7),
    disableExceptionControl: flag(2, 3),
    test: flag(2, 2),
    method: bits(3, 0, 4),
    intervalTimer: uint(4, 4),
    reportCount: uint(8, 4),
  },
};

/** Medium configuration, page 1Dh (SSC-4). */
export interface MediumConfigurationPage {
  /** WORMM: the tape in the drive can be written once. */
  readonly writeOnce: boolean;
  /** Which labels at the beginning of a write-once tape may be overwritten: 0 none, 1 some, 2 all. */
  readonly wormLabelRestrictions: number;
  /** Which filemarks before the end of data may be overwritten: 2 all but the one nearest the beginning, 3 all. */
  readonly wormFilemarkRestrictions: number;
}

/** {@link MediumConfigurationPage}. */
export const MEDIUM_CONFIGURATION_PAGE: ModePageLayout<MediumConfigurationPage> = {
  page: 0x1d,
  subpage: 0,
  name: "medium configuration",
  fields: {
    writeOnce: flag(2, 0),
    wormLabelRestrictions: uint(4),
    wormFilemarkRestrictions: uint(5),
  },
};
