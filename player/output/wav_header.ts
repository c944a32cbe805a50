import { containerBytes, type PcmFormat } from "../flac/pcm.ts";

/** Which loudspeaker each channel is for, by the number of channels (RFC 9639 §9.1.3), as Microsoft's WAVE_FORMAT_EXTENSIBLE numbers them. */
const CHANNEL_MASKS = [0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f];

/** KSDATAFORMAT_SUBTYPE_PCM but for its first two bytes. */
const SUBTYPE_REST = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

const FORMAT_PCM = 1;
const FORMAT_EXTENSIBLE = 0xfffe;

/** RIFF counts in 32 bits. */
export const MAX_WAV_DATA_BYTES: number = 0xffff_ffff - 128;

/** What stands before the samples of a WAV file: byte for byte what `flac -d` writes. */
export function wavHeader(format: PcmFormat, dataBytes: number): Uint8Array {
  const { channels, sampleRate, bitDepth } = format;
  const width = containerBytes(bitDepth);
  const isExtensible = channels > 2 || (bitDepth !== 8 && bitDepth !== 16);
  const formatBytes = isExtensible ? 40 : 16;
  const bytes = new Uint8Array(28 + formatBytes);
  const view = new DataView(bytes.buffer);
  const tag = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  tag(0, "RIFF");
  view.setUint32(4, 20 + formatBytes + dataBytes + dataBytes % 2, true);
  tag(8, "WAVEfmt ");
  view.setUint32(16, formatBytes, true);
  view.setUint16(20, isExtensible ? FORMAT_EXTENSIBLE : FORMAT_PCM, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * width, true);
  view.setUint16(32, channels * width, true);
  view.setUint16(34, width * 8, true);
  if (isExtensible) {
    view.setUint16(36, 22, true);
    view.setUint16(38, bitDepth, true);
    view.setUint32(40, CHANNEL_MASKS[channels], true);
    view.setUint16(44, FORMAT_PCM, true);
    bytes.set(SUBTYPE_REST, 46);
  }
  tag(20 + formatBytes, "data");
  view.setUint32(24 + formatBytes, dataBytes, true);
  return bytes;
}
