/**
 * IP addresses as bytes, for captures.
 *
 * @module
 */

import { writeU16 } from "../../scsi/big_endian.ts";

/** Bytes of an IPv6 address. */
export const IPV6_LENGTH = 16;

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const GROUPS = 8;

/**
 * The 4 or 16 bytes of an address that is written out, IPv6 without brackets; `undefined` for a host name. A zone
 * (`fe80::1%eth0`) is left out: it is no part of a packet. The array is the caller's.
 */
export function ipAddressBytes(hostname: string): Uint8Array | undefined {
  if (hostname.includes(":")) return ipv6Bytes(hostname.replace(/%.*$/, ""));
  const octets = IPV4.exec(hostname)?.slice(1).map(Number);
  return octets?.every((octet) => octet <= 255) ? Uint8Array.from(octets) : undefined;
}

/** The URL parser knows all forms and gives the one of RFC 5952, which has no dotted end. */
function ipv6Bytes(text: string): Uint8Array | undefined {
  const url = `http://[${text}]`;
  if (!/^[0-9a-f:.]+$/i.test(text) || !URL.canParse(url)) return undefined;
  const [head, tail] = new URL(url).hostname.slice(1, -1).split("::").map(groups);
  const bytes = new Uint8Array(IPV6_LENGTH);
  head.forEach((group, index) => writeU16(bytes, 2 * index, group));
  tail?.forEach((group, index) => writeU16(bytes, 2 * (GROUPS - tail.length + index), group));
  return bytes;
}

function groups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((digits) => parseInt(digits, 16));
}
