import assert from "node:assert/strict";
import { ProtocolError } from "../../../iscsi/errors.ts";
import { readTargets } from "../../../iscsi/session/discovery.ts";

const ASKED = { hostname: "10.0.0.5", port: 3260 };

Deno.test("Addresses belong to the target named before them; without any, the asked portal serves", () => {
  const found = readTargets([
    ["TargetName", "iqn.a"],
    ["TargetAddress", "10.0.0.5:3260,1"],
    ["TargetAddress", "[2001:db8::5]:3260,2"],
    ["TargetName", "iqn.b"],
    ["TargetName", "iqn.c"],
    ["TargetAddress", "vtl.example.com"],
  ], ASKED);
  assert.deepEqual(found, [
    {
      name: "iqn.a",
      portals: [
        { hostname: "10.0.0.5", port: 3260, portalGroupTag: 1 },
        { hostname: "2001:db8::5", port: 3260, portalGroupTag: 2 },
      ],
    },
    { name: "iqn.b", portals: [ASKED] },
    { name: "iqn.c", portals: [{ hostname: "vtl.example.com", port: 3260 }] },
  ]);
});

Deno.test("An address before any target is a ProtocolError", () => {
  assert.throws(() => readTargets([["TargetAddress", "10.0.0.5:3260,1"]], ASKED), ProtocolError);
});

Deno.test("An address that is none is the target's fault, not the caller's", () => {
  assert.throws(
    () => readTargets([["TargetName", "iqn.a"], ["TargetAddress", "::::"]], ASKED),
    ProtocolError,
  );
});

for (const tag of ["", "b", "-1", "1.5", "65536"]) {
  Deno.test(`A portal group tag of "${tag}" is a ProtocolError`, () => {
    assert.throws(
      () =>
        readTargets([["TargetName", "iqn.a"], ["TargetAddress", `10.0.0.5:3260,${tag}`]], ASKED),
      ProtocolError,
    );
  });
}
