/** Addresses and portals as people and targets write them. */

import assert from "node:assert/strict";
import { chapOf, hideSecrets, parseIscsiAddress } from "../../../iscsi/address.ts";
import { AuthenticationError, InvalidOptionError, ProtocolError } from "../../../iscsi/errors.ts";
import { formatPortal, parseAnnouncedPortal, parsePortal } from "../../../iscsi/portal.ts";
import { ascii, type FuzzTarget, orDocumented } from "../fuzz_target.ts";

const decoder = new TextDecoder();

export const addressTarget: FuzzTarget = {
  name: "address",
  seeds: [
    "iscsi://host/iqn.2026-03.com.example:tape/0",
    "iscsi://user%secret@[fe80::1%25eth0]:860/iqn.2026-03.com.example:tape/255?header_digest=crc32c&data_digest=none",
    "iscsi://user@10.0.0.1:3260/eui.0123456789abcdef/1?target_user=t&target_password=sesame&auth=sha256",
    "[2001:db8::1]:3260,1",
    "host.example:3260",
  ].map(ascii),
  tokens: ["%", "%2", "%00", "%ff", "@", "/", "?", "&", "=", "[", "]", ":", "iscsi://", "::", "é"]
    .map(ascii),
  maxBytes: 8192,
  run(input) {
    const text = decoder.decode(input);
    hideSecrets(text);
    const portal = orDocumented(() => parsePortal(text), InvalidOptionError);
    if (portal) assert.deepEqual(parsePortal(formatPortal(portal)), portal);
    orDocumented(() => parseAnnouncedPortal(text), ProtocolError);
    const address = orDocumented(() => parseIscsiAddress(text), InvalidOptionError);
    if (address === undefined) return;
    assert.ok(Number.isSafeInteger(address.lun) && address.lun >= 0);
    orDocumented(() => chapOf(address, () => undefined), AuthenticationError, InvalidOptionError);
  },
};
