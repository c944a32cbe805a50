/**
 * The mode pages of a tape drive: defaults, and which bits MODE SELECT may change (SSC-4 §8.3, SPC-5 §7.5).
 *
 * @module
 */

/** One mode page. */
export interface ModePageDefinition {
  /** Page code. */
  readonly page: number;
  /** Subpage code. @default none: the page is in page_0 format */
  readonly subpage?: number;
  /** Default values in hex, from the page code on; blanks do not count. */
  readonly defaults: string;
  /** Changeable values: 1 bits may be changed. As many bytes as `defaults`, header bytes 0. */
  readonly changeable: string;
}

/** Mode page codes. */
export const ModePage = {
  ReadWriteErrorRecovery: 0x01,
  DisconnectReconnect: 0x02,
  Control: 0x0a,
  DataCompression: 0x0f,
  DeviceConfiguration: 0x10,
  MediumPartition: 0x11,
  Power: 0x1a,
  InformationalExceptions: 0x1c,
  MediumConfiguration: 0x1d,
} as const;

/** Subpage of the control page for logical block protection, and of device configuration for its extension. */
export const CONTROL_DATA_PROTECTION = 0xf0;
export const CONFIGURATION_EXTENSION = 0x01;

const ZEROS_24 = "0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000";

/** The pages of an LTO drive. What follows from the cartridge (10h, 11h, 1Dh) is filled in when they are read. */
export const STANDARD_MODE_PAGES: readonly ModePageDefinition[] = [
  {
    // PER and the retry counts may be set; this tape needs no retries, so it never reports a recovered error.
    page: ModePage.ReadWriteErrorRecovery,
    defaults: "010a 0010 0000 0000 1000 0000",
    changeable: "0000 04ff 0000 0000 ff00 0000",
  },
  {
    page: ModePage.DisconnectReconnect,
    defaults: "020e 0000 0000 0000 0000 0000 0000 0000",
    changeable: "0000 0000 0000 0000 0000 0000 0000 0000",
  },
  {
    // D_SENSE (byte 2 bit 2) and SWP (byte 4 bit 3).
    page: ModePage.Control,
    defaults: "0a0a 0000 0000 0000 0000 0000",
    changeable: "0000 0400 0800 0000 0000 0000",
  },
  {
    // Method 0 or 2 (CRC32C), 4 bytes of protection, LBP_W and LBP_R: all off.
    page: ModePage.Control,
    subpage: CONTROL_DATA_PROTECTION,
    defaults: `4af0 001c 0000 0000 ${ZEROS_24}`,
    changeable: `4af0 001c 0204 c000 ${ZEROS_24}`,
  },
  {
    // DCE and DCC on, DDE on; algorithm 1, LTO's own. DCE may be changed.
    page: ModePage.DataCompression,
    defaults: "0f0e c080 0000 0001 0000 0001 0000 0000",
    changeable: "0000 8000 0000 0000 0000 0000 0000 0000",
  },
  {
    // LOIS; EEG and SEW; compression selected. REW, SEW, SWP, and whether compression is selected, may be changed.
    page: ModePage.DeviceConfiguration,
    defaults: "100e 0000 0000 0000 4000 1800 0000 0100",
    changeable: "0000 0000 0000 0000 0100 0c00 0000 0100",
  },
  {
    // WRITE MODE 1, append-only, and the programmable early warning in megabytes.
    page: ModePage.DeviceConfiguration,
    subpage: CONFIGURATION_EXTENSION,
    defaults: `5001 001c 0000 0000 ${ZEROS_24}`,
    changeable: `5001 001c 0010 ffff ${ZEROS_24}`,
  },
  {
    // No additional partition. Sizes are in units of 10^9 bytes; the one partition takes all there is.
    page: ModePage.MediumPartition,
    defaults: "1108 0000 1803 0900 ffff",
    changeable: "0000 00ff f800 0f00 ffff",
  },
  {
    page: ModePage.Power,
    defaults: "1a0a 0000 0000 0000 0000 0000",
    changeable: "0000 0000 0000 0000 0000 0000",
  },
  {
    // DEXCPT: health is told by log page 2Eh alone. DEXCPT, TEST and MRIE may be changed.
    page: ModePage.InformationalExceptions,
    defaults: "1c0a 0800 0000 0000 0000 0000",
    changeable: "0000 0c0f 0000 0000 0000 0000",
  },
  {
    page: ModePage.MediumConfiguration,
    defaults: "1d1e 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000",
    changeable: "0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000",
  },
];
