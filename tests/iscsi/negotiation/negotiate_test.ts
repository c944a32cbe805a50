import assert from "node:assert/strict";
import { InvalidOptionError, NegotiationError, ProtocolError } from "../../../iscsi/errors.ts";
import type { OperationalOffers } from "../../../iscsi/negotiation/login_options.ts";
import {
  DEFAULT_PARAMETERS,
  KeyNegotiation,
  type KeyNegotiationOptions,
  onNewConnection,
} from "../../../iscsi/negotiation/negotiate.ts";

const target = (options: KeyNegotiationOptions = {}) => new KeyNegotiation("target", options);

/** An initiator that has made its offers. */
function initiator(options: KeyNegotiationOptions = {}): KeyNegotiation {
  const negotiation = new KeyNegotiation("initiator", options);
  negotiation.offers();
  return negotiation;
}

/** Negotiates both sides to the end. */
function negotiate(ours: KeyNegotiationOptions, theirs: KeyNegotiationOptions = {}) {
  const initiator = new KeyNegotiation("initiator", ours);
  const target = new KeyNegotiation("target", theirs);
  const answers = target.receive(initiator.offers(), "operational");
  initiator.receive([...answers, ...target.offers()], "operational", true);
  return { initiator: initiator.result(), target: target.result() };
}

Deno.test("KeyNegotiation offers every key once, with the documented defaults", () => {
  assert.deepEqual(new KeyNegotiation("initiator").offers(), [
    ["HeaderDigest", "None,CRC32C"],
    ["DataDigest", "None,CRC32C"],
    ["MaxConnections", "1"],
    ["InitialR2T", "No"],
    ["ImmediateData", "Yes"],
    ["MaxRecvDataSegmentLength", "262144"],
    ["MaxBurstLength", "16776192"],
    ["FirstBurstLength", "262144"],
    ["DefaultTime2Wait", "2"],
    ["DefaultTime2Retain", "20"],
    ["MaxOutstandingR2T", "8"],
    ["DataPDUInOrder", "Yes"],
    ["DataSequenceInOrder", "Yes"],
    ["ErrorRecoveryLevel", "0"],
  ]);
});

Deno.test("KeyNegotiation offers a discovery session only what has a meaning there, and no digest", () => {
  const offers = new KeyNegotiation("initiator", { discovery: true, headerDigest: "crc32c" })
    .offers();
  assert.deepEqual(offers, [
    ["HeaderDigest", "None"],
    ["DataDigest", "None"],
    ["MaxRecvDataSegmentLength", "262144"],
    ["DefaultTime2Wait", "2"],
    ["DefaultTime2Retain", "20"],
    ["ErrorRecoveryLevel", "0"],
  ]);
});

Deno.test("KeyNegotiation leaves FirstBurstLength out when it offers no unsolicited data at all", () => {
  const offers: OperationalOffers = { initialR2T: true, immediateData: false };
  const keys = new KeyNegotiation("initiator", { offers }).offers().map(([key]) => key);
  assert.ok(keys.includes("MaxBurstLength"));
  assert.ok(!keys.includes("FirstBurstLength"));
});

Deno.test("Setting one offer keeps the defaults of the others", () => {
  const offers = new Map(
    new KeyNegotiation("initiator", { offers: { maxBurstLength: 65536 } }).offers(),
  );
  assert.equal(offers.get("MaxBurstLength"), "65536");
  assert.equal(offers.get("FirstBurstLength"), "65536");
  assert.equal(offers.get("MaxOutstandingR2T"), "8");
});

Deno.test("Both sides compute the same parameters, over all combinations of booleans, digests and bounds", () => {
  const booleans = [true, false];
  const digests = ["none", "prefer-none", "prefer-crc32c"] as const;
  let count = 0;
  for (const headerDigest of digests) {
    for (const theirDigest of [...digests, "crc32c"] as const) {
      for (const mine of booleans) {
        for (const theirs of booleans) {
          if (headerDigest === "none" && theirDigest === "crc32c") continue;
          const { initiator, target } = negotiate({
            headerDigest,
            offers: {
              initialR2T: mine,
              immediateData: mine,
              dataPduInOrder: mine,
              dataSequenceInOrder: mine,
              maxBurstLength: mine ? 4096 : 65536,
              errorRecoveryLevel: mine ? 2 : 0,
              defaultTime2Wait: mine ? 0 : 9,
            },
          }, {
            headerDigest: theirDigest,
            offers: {
              initialR2T: theirs,
              immediateData: theirs,
              dataPduInOrder: theirs,
              dataSequenceInOrder: theirs,
              maxReceiveDataSegmentLength: 1024,
              firstBurstLength: 8192,
              errorRecoveryLevel: theirs ? 1 : 2,
              defaultTime2Wait: theirs ? 4 : 0,
            },
          });
          assert.deepEqual(target, {
            ...initiator,
            maxSendDataSegmentLength: initiator.maxReceiveDataSegmentLength,
            maxReceiveDataSegmentLength: initiator.maxSendDataSegmentLength,
          });
          assert.equal(initiator.initialR2T, mine || theirs);
          assert.equal(initiator.immediateData, mine && theirs);
          assert.equal(initiator.dataPduInOrder, mine || theirs);
          assert.equal(initiator.maxSendDataSegmentLength, 1024);
          assert.equal(initiator.maxReceiveDataSegmentLength, 262144);
          assert.equal(initiator.defaultTime2Wait, Math.max(mine ? 0 : 9, theirs ? 4 : 0));
          assert.equal(initiator.errorRecoveryLevel, Math.min(mine ? 2 : 0, theirs ? 1 : 2));
          count++;
        }
      }
    }
  }
  assert.equal(count, 44);
});

Deno.test("Digests follow the initiator's order, and what either side insists on", () => {
  const table = [
    ["none", "prefer-crc32c", false],
    ["prefer-none", "prefer-crc32c", false],
    ["prefer-none", "crc32c", true],
    ["prefer-crc32c", "prefer-none", true],
    ["prefer-crc32c", "none", false],
    ["crc32c", "prefer-none", true],
  ] as const;
  for (const [mine, theirs, expected] of table) {
    const { initiator } = negotiate({ dataDigest: mine }, { dataDigest: theirs });
    assert.equal(initiator.dataDigest, expected, `${mine} with ${theirs}`);
    assert.equal(initiator.headerDigest, false);
  }
});

Deno.test("A digest that one side insists on and the other refuses is a NegotiationError", () => {
  const insists: KeyNegotiationOptions = { headerDigest: "crc32c" };
  const refuses: KeyNegotiationOptions = { headerDigest: "none" };
  for (const [mine, theirs] of [[insists, refuses], [refuses, insists]]) {
    assert.throws(() => negotiate(mine, theirs), (error: Error) => {
      assert.ok(error instanceof NegotiationError);
      assert.equal(error.key, "HeaderDigest");
      assert.equal(error.stage, "operational");
      return true;
    });
  }
});

Deno.test("A target insists on its digest also when the initiator does not mention it", () => {
  const negotiation = target({ dataDigest: "crc32c" });
  assert.throws(() => negotiation.result(), { name: "NegotiationError", key: "DataDigest" });
});

Deno.test("FirstBurstLength never exceeds MaxBurstLength, whatever the order of the keys", () => {
  const negotiation = target({ offers: { maxBurstLength: 4096, firstBurstLength: 1024 } });
  const answers = negotiation.receive(
    [["FirstBurstLength", "65536"], ["MaxBurstLength", "8192"]],
    "operational",
  );
  assert.deepEqual(answers, [["MaxBurstLength", "4096"], ["FirstBurstLength", "1024"]]);

  const late = initiator();
  late.receive([["MaxBurstLength", "8192"], ["FirstBurstLength", "65536"]], "operational", true);
  assert.equal(late.result().firstBurstLength, 8192);

  const small = target();
  assert.deepEqual(
    small.receive([["FirstBurstLength", "65536"], ["MaxBurstLength", "8192"]], "operational"),
    [["MaxBurstLength", "8192"], ["FirstBurstLength", "8192"]],
  );
});

Deno.test("Recovery inside a command with sequences in order means one R2T at a time", () => {
  const offers: OperationalOffers = { errorRecoveryLevel: 1, maxOutstandingR2T: 4 };
  const text = (inOrder: string): [string, string][] => [
    ["MaxOutstandingR2T", "4"],
    ["DataSequenceInOrder", inOrder],
    ["ErrorRecoveryLevel", "1"],
  ];
  const answer = (inOrder: string) =>
    new Map(
      target({ offers: { ...offers, dataSequenceInOrder: false } })
        .receive(text(inOrder), "operational"),
    ).get("MaxOutstandingR2T");
  assert.equal(answer("Yes"), "1");
  assert.equal(answer("No"), "4");

  const careless = initiator({ offers });
  careless.receive(text("Yes"), "operational", true);
  assert.equal(careless.result().maxOutstandingR2T, 1);
});

Deno.test("A target answers Irrelevant, Reject, NotUnderstood and markers as RFC 7143 says", () => {
  const table: [string, string, string | undefined, KeyNegotiationOptions?][] = [
    ["MaxBurstLength", "8192", "Irrelevant", { discovery: true }],
    ["MaxConnections", "4", "Irrelevant", { discovery: true }],
    ["HeaderDigest", "CRC32C,None", "None", { discovery: true }],
    ["DefaultTime2Wait", "5", "5", { discovery: true }],
    ["MaxBurstLength", "0", "Reject"],
    ["MaxBurstLength", "lots", "Reject"],
    ["InitialR2T", "true", "Reject"],
    ["HeaderDigest", "MD5", "Reject"],
    ["MaxRecvDataSegmentLength", "511", "Reject"],
    ["MaxRecvDataSegmentLength", "512", undefined],
    ["MaxConnections", "4", "Reject", { leading: false }],
    ["IFMarker", "No", "No"],
    ["OFMarker", "Yes", "No"],
    ["IFMarkInt", "2048", "Reject"],
    ["OFMarkInt", "1~65535", "Reject"],
    ["X-com.example.key", "1", "NotUnderstood"],
    ["headerdigest", "None", "NotUnderstood"],
    ["X-com.example.key", "1", "2", { extraKeys: { "X-com.example.key": "2" } }],
    ["X-com.example.key", "NotUnderstood", undefined],
    ["InitialR2T", "Irrelevant", undefined],
    ["TaskReporting", "FastAbort,ResponseFence,RFC3720", "RFC3720"],
    ["iSCSIProtocolLevel", "2", "1"],
  ];
  for (const [key, value, answer, options] of table) {
    const answers = target(options).receive([[key, value]], "operational");
    assert.deepEqual(answers, answer === undefined ? [] : [[key, answer]], `${key}=${value}`);
  }
});

Deno.test("A discovery session has one connection and no error recovery, whatever is wished for", () => {
  const options = {
    discovery: true,
    offers: { maxConnections: 4, errorRecoveryLevel: 2 },
  } as const;
  for (const { maxConnections, errorRecoveryLevel } of Object.values(negotiate(options, options))) {
    assert.deepEqual([maxConnections, errorRecoveryLevel], [1, 0]);
  }
});

for (const key of ["SendTargets", "AuthMethod", "CHAP_A"]) {
  Deno.test(`${key} has no place in the operational stage of a login`, () => {
    assert.throws(() => target().receive([[key, "All"]], "operational"), ProtocolError);
  });
}

Deno.test("FirstBurstLength is irrelevant once no unsolicited data is possible", () => {
  const answers = target({ offers: { immediateData: false, initialR2T: true } }).receive([
    ["FirstBurstLength", "8192"],
    ["InitialR2T", "No"],
    ["ImmediateData", "Yes"],
  ], "operational");
  assert.deepEqual(answers, [
    ["InitialR2T", "Yes"],
    ["ImmediateData", "No"],
    ["FirstBurstLength", "Irrelevant"],
  ]);
});

Deno.test("Reject, Irrelevant, NotUnderstood and silence all keep the default of the key", () => {
  for (const answer of ["Reject", "Irrelevant", "NotUnderstood", undefined]) {
    const negotiation = initiator({ headerDigest: "prefer-crc32c" });
    const keys = ["HeaderDigest", "InitialR2T", "MaxBurstLength", "MaxRecvDataSegmentLength"];
    if (answer) {
      negotiation.receive(keys.map((key) => [key, answer] as const), "operational", true);
    }
    // What this side declares needs no answer.
    const declared = answer === undefined ? { maxReceiveDataSegmentLength: 262144 } : {};
    assert.deepEqual(negotiation.result(), { ...DEFAULT_PARAMETERS, ...declared }, answer);
  }
});

Deno.test("An answer outside the rule of its key is a NegotiationError that names both values", () => {
  const table: [string, string, string][] = [
    ["HeaderDigest", "None,CRC32C", "MD5"],
    ["MaxConnections", "1", "2"],
    ["MaxOutstandingR2T", "8", "9"],
    ["DefaultTime2Wait", "2", "1"],
    ["DataPDUInOrder", "Yes", "No"],
    ["ErrorRecoveryLevel", "0", "1"],
    ["MaxBurstLength", "16776192", "many"],
  ];
  for (const [key, offered, answered] of table) {
    assert.throws(() => initiator().receive([[key, answered]], "operational"), (error: Error) => {
      assert.ok(error instanceof NegotiationError, key);
      const { stage, outcome } = error;
      assert.deepEqual(
        { key: error.key, offered: error.offered, answered: error.answered, stage, outcome },
        { key, offered, answered, stage: "operational", outcome: "not-executed" },
      );
      return true;
    });
  }
});

Deno.test("A target that declares a senseless length or tag is refused", () => {
  for (const [key, value] of [["MaxRecvDataSegmentLength", "0"], ["TargetPortalGroupTag", "x"]]) {
    assert.throws(() => initiator().receive([[key, value]], "operational"), NegotiationError, key);
  }
  const negotiation = initiator();
  negotiation.receive([["TargetPortalGroupTag", "0"]], "security");
  assert.equal(negotiation.result().targetPortalGroupTag, 0);
});

Deno.test("A key that comes twice, from the wrong side, or in the wrong stage is a ProtocolError", () => {
  const table: [KeyNegotiation, [string, string][], "security" | "operational"][] = [
    [target(), [["InitialR2T", "No"], ["InitialR2T", "No"]], "operational"],
    [target(), [["InitiatorName", "iqn.a"], ["InitiatorName", "iqn.b"]], "security"],
    [target(), [["TargetAlias", "x"]], "operational"],
    [target(), [["TargetPortalGroupTag", "1"]], "operational"],
    [target(), [["MaxBurstLength", "8192"]], "security"],
    [target(), [["MaxRecvDataSegmentLength", "8192"]], "security"],
    [target(), [["SendTargets", "All"]], "operational"],
    [target(), [["AuthMethod", "None"]], "operational"],
    [target(), [["CHAP_A", "5"]], "operational"],
    [target(), [["InitiatorAlias", "a".repeat(256)]], "operational"],
    [initiator(), [["InitiatorName", "iqn.a"]], "operational"],
    [initiator(), [["HeaderDigest", "None"]], "security"],
    [initiator(), [["HeaderDigest", "None"], ["HeaderDigest", "None"]], "operational"],
  ];
  for (const [negotiation, pairs, stage] of table) {
    assert.throws(() => negotiation.receive(pairs, stage), ProtocolError, pairs[0].join());
  }
});

Deno.test("Declaring the same value again, or early, does no harm", () => {
  const negotiation = initiator();
  negotiation.receive([["TargetPortalGroupTag", "3"]], "security");
  negotiation.receive([["MaxRecvDataSegmentLength", "4096"]], "security");
  negotiation.receive([["TargetPortalGroupTag", "3"]], "operational");
  assert.throws(
    () => negotiation.receive([["TargetPortalGroupTag", "4"]], "operational"),
    ProtocolError,
  );
  assert.equal(negotiation.result().maxSendDataSegmentLength, 4096);
});

Deno.test("An initiator answers what the target offers by itself", () => {
  const answers = initiator().receive([
    ["TaskReporting", "FastAbort,RFC3720"],
    ["X-com.example.vendor", "1"],
    ["IFMarker", "No"],
    ["iSCSIProtocolLevel", "2"],
  ], "operational");
  assert.deepEqual(answers, [
    ["TaskReporting", "RFC3720"],
    ["X-com.example.vendor", "NotUnderstood"],
    ["IFMarker", "No"],
    ["iSCSIProtocolLevel", "1"],
  ]);
});

Deno.test("An offer in the target's last word stands only when it needs no other answer", () => {
  const last = (key: string, value: string) =>
    initiator().receive([[key, value]], "operational", true);
  assert.deepEqual(last("TaskReporting", "RFC3720"), []);
  assert.deepEqual(last("IFMarker", "Yes"), []);
  assert.deepEqual(last("X-com.example.vendor", "1"), []);
  assert.throws(() => last("iSCSIProtocolLevel", "2"), NegotiationError);
});

Deno.test("Unknown keys and their answers are kept", () => {
  const extraKeys = { "X-com.example.a": "1", "X-com.example.b": "1=2" };
  const { initiator, target } = negotiate({ extraKeys }, {
    extraKeys: { "X-com.example.a": "yes" },
  });
  assert.deepEqual(initiator.extra, {
    "X-com.example.a": "yes",
    "X-com.example.b": "NotUnderstood",
  });
  assert.deepEqual(target.extra, { "X-com.example.a": "1" });
});

Deno.test("extraKeys replaces the offer of a known key", () => {
  const negotiation = new KeyNegotiation("initiator", {
    extraKeys: { HeaderDigest: "CRC32C", MaxBurstLength: "0x10000", FirstBurstLength: "0x8000" },
  });
  const offers = new Map(negotiation.offers());
  assert.equal(offers.get("HeaderDigest"), "CRC32C");
  assert.equal(offers.get("MaxBurstLength"), "0x10000");
  negotiation.receive([["HeaderDigest", "CRC32C"], ["MaxBurstLength", "65536"]], "operational");
  assert.equal(negotiation.result().maxBurstLength, 65536);
});

Deno.test("A connection that joins a session negotiates its own keys only", () => {
  const session = {
    ...DEFAULT_PARAMETERS,
    maxConnections: 4,
    maxBurstLength: 8192,
    dataDigest: true,
  };
  const options: KeyNegotiationOptions = { leading: false, current: onNewConnection(session) };
  const joining = new KeyNegotiation("initiator", options);
  assert.deepEqual(joining.offers().map(([key]) => key), [
    "HeaderDigest",
    "DataDigest",
    "MaxRecvDataSegmentLength",
  ]);
  joining.receive([["HeaderDigest", "CRC32C"]], "operational");
  assert.deepEqual(joining.result(), {
    ...session,
    headerDigest: true,
    dataDigest: false,
    maxReceiveDataSegmentLength: 262144,
  });
});

Deno.test("In the full feature phase a length may be declared anew, and all else is refused", () => {
  const current = { ...DEFAULT_PARAMETERS, headerDigest: true, maxBurstLength: 4096 };
  const negotiation = target({ current, leading: false });
  const answers = negotiation.receive([
    ["MaxRecvDataSegmentLength", "65536"],
    ["MaxBurstLength", "8192"],
    ["HeaderDigest", "None"],
    ["X-com.example.key", "1"],
  ], "full-feature");
  assert.deepEqual(answers, [
    ["MaxBurstLength", "Reject"],
    ["HeaderDigest", "Reject"],
    ["X-com.example.key", "NotUnderstood"],
  ]);
  assert.deepEqual(negotiation.result(), { ...current, maxSendDataSegmentLength: 65536 });
});

Deno.test("TaskReporting and iSCSIProtocolLevel are offered when asked for", () => {
  const offers: OperationalOffers = {
    taskReporting: ["FastAbort", "ResponseFence", "RFC3720"],
    protocolLevel: 2,
  };
  const { initiator } = negotiate({ offers }, { offers });
  assert.equal(initiator.taskReporting, "FastAbort");
  assert.equal(initiator.protocolLevel, 2);
  assert.equal(negotiate({ offers }).initiator.taskReporting, "RFC3720");
});

Deno.test("An offer that is not legal is an InvalidOptionError that names the option", () => {
  const table: [KeyNegotiationOptions, string][] = [
    [{ offers: { maxBurstLength: 511 } }, "offers.maxBurstLength"],
    [{ offers: { maxReceiveDataSegmentLength: 2 ** 24 } }, "offers.maxReceiveDataSegmentLength"],
    [{ offers: { maxConnections: 0 } }, "offers.maxConnections"],
    [{ offers: { defaultTime2Wait: 1.5 } }, "offers.defaultTime2Wait"],
    [{ offers: { errorRecoveryLevel: 3 } }, "offers.errorRecoveryLevel"],
    [{ offers: { maxBurstLength: 1024, firstBurstLength: 2048 } }, "offers.firstBurstLength"],
    [{ offers: { taskReporting: ["FastAbort"] } }, "offers.taskReporting"],
    [{ offers: { taskReporting: ["Fast,Abort"] } }, "offers.taskReporting"],
    [{ extraKeys: { HeaderDigest: "MD5" } }, "extraKeys.HeaderDigest"],
    [{ extraKeys: { AuthMethod: "None" } }, "extraKeys.AuthMethod"],
    [{ extraKeys: { InitiatorName: "iqn.x" } }, "extraKeys.InitiatorName"],
    [{ extraKeys: { "X-a b": "1" } }, "extraKeys.X-a b"],
    [{ extraKeys: { "X-a": "1\0B=2" } }, "extraKeys.X-a"],
  ];
  for (const [options, option] of table) {
    assert.throws(() => new KeyNegotiation("initiator", options), (error: Error) => {
      assert.ok(error instanceof InvalidOptionError, option);
      assert.equal(error.option, option);
      return true;
    });
  }
});
