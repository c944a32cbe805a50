import assert from "node:assert/strict";
import { parsePortalAddress } from "../../../cli/device/portal_address.ts";

Deno.test("parsePortalAddress() takes host names, IPv4 and bracketed IPv6", () => {
  assert.deepEqual(parsePortalAddress("localhost:0"), { hostname: "localhost", port: 0 });
  assert.deepEqual(parsePortalAddress("127.0.0.1:3260"), { hostname: "127.0.0.1", port: 3260 });
  assert.deepEqual(parsePortalAddress("[::1]:65535"), { hostname: "::1", port: 65535 });
});

for (
  const text of ["", "3260", "localhost", "localhost:", ":3260", "::1:3260", "a:65536", "a:-1"]
) {
  Deno.test(`parsePortalAddress() refuses "${text}"`, () => {
    assert.equal(parsePortalAddress(text), undefined);
  });
}
