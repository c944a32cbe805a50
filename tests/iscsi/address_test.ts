import assert from "node:assert/strict";
import { chapOf, hideSecrets, parseIscsiAddress } from "../../iscsi/address.ts";
import { AuthenticationError, InvalidOptionError } from "../../iscsi/errors.ts";
import { formatPortal, parseAnnouncedPortal, parsePortal } from "../../iscsi/portal.ts";

const NAME = "iqn.2026-03.com.example:tape";

Deno.test("An address has a host, a target and a LUN; the port is 3260 unless given", () => {
  assert.deepEqual(parseIscsiAddress(`iscsi://10.0.0.5/${NAME}/3`), {
    portal: "10.0.0.5:3260",
    targetName: NAME,
    lun: 3,
  });
});

Deno.test("An address takes user, secret, IPv6, port and arguments", () => {
  const address = `iscsi://backup%s3cr@t%x@[fe80::1]:13260/${NAME}/0` +
    "?target_user=vtl&target_password=p%26q&header_digest=CRC32C&data_digest=none&auth=sha3-256";
  assert.deepEqual(parseIscsiAddress(address), {
    portal: "[fe80::1]:13260",
    targetName: NAME,
    lun: 0,
    user: "backup",
    secret: "s3cr@t%x",
    targetUser: "vtl",
    targetSecret: "p&q",
    headerDigest: "crc32c",
    dataDigest: "none",
    algorithm: "sha3-256",
  });
});

Deno.test("The first percent sign ends the user, and nothing of user and secret is decoded", () => {
  for (
    const [credentials, user, secret] of [
      ["user%3Asecret", "user", "3Asecret"],
      ["us:er%a%41%25b", "us:er", "a%41%25b"],
    ]
  ) {
    const address = parseIscsiAddress(`iscsi://${credentials}@h/${NAME}/0`);
    assert.deepEqual([address.user, address.secret], [user, secret]);
  }
});

Deno.test("A target name may be percent-encoded", () => {
  const { targetName } = parseIscsiAddress("iscsi://h/iqn.2026-03.com.example%3Atape/0");
  assert.equal(targetName, NAME);
});

const bad: readonly (readonly [string, RegExp])[] = [
  ["iscsi://", /expected iscsi:/],
  [`iscsi:///${NAME}/0`, /expected iscsi:/],
  [`iscsi://host/${NAME}`, /expected iscsi:/],
  [`iscsi://host/${NAME}/zero`, /LUN/],
  [`iscsi://host/${NAME}/-1`, /LUN/],
  [`iscsi://host/${NAME}/16384`, /LUN/],
  [`iscsi://host:0/${NAME}/0`, /portal/],
  [`iscsi://host:99999/${NAME}/0`, /portal/],
  [`iscsi://fe80::1/${NAME}/0`, /portal/],
  ["iscsi://host/disk/0", /iSCSI target name/],
  [`iscsi://host/iqn.${"x".repeat(223)}/0`, /iSCSI target name/],
  [`iscsi://host/${NAME}/0?digest=crc32c`, /unknown argument "digest"/],
  [`iscsi://host/${NAME}/0?constructor=1`, /unknown argument "constructor"/],
  [`iscsi://host/${NAME}/0?auth=md4`, /auth is/],
  [`iscsi://host/${NAME}/0?auth=constructor`, /auth is/],
  [`iscsi://host/${NAME}/0?data_digest=yes`, /data_digest is/],
];

for (const [address, message] of bad) {
  Deno.test(`The address ${address.slice(0, 60)} is refused`, () => {
    assert.throws(
      () => parseIscsiAddress(address),
      (error) => error instanceof InvalidOptionError && message.test(error.message),
    );
  });
}

Deno.test("No message and no shown address holds a secret", () => {
  const address = `iscsi://u%topsecret@host/${NAME}/?target_password=alsosecret`;
  assert.throws(
    () => parseIscsiAddress(address),
    (error) => error instanceof Error && !/topsecret|alsosecret/.test(error.message),
  );
  assert.equal(
    hideSecrets(`iscsi://u%topsecret@host/${NAME}/0?target_password=a&auth=md5`),
    `iscsi://u%***@host/${NAME}/0?target_password=***&auth=md5`,
  );
});

const mistyped: readonly string[] = [
  `iscsi://user:Secret@host/${NAME}/0`,
  `iscsi://host/${NAME}/0&target_password=Secret`,
  `iscsi://host/${NAME}/0?target_password=sesame&Secret`,
  `iscsi://host/${NAME}/0?target_password=sesame&Secret=`,
  `iscsi://host/${NAME}/0?Secret`,
  `iscsi://host/${NAME}/0?auth=Secret`,
  `iscsi://host/${NAME}/0?data_digest=Secret`,
  `iscsi://host/target_password=Secret/0`,
  `ISCSI://user%Secret@host/${NAME}/0`,
  `iscsi//user%Secret@host/${NAME}/0`,
  `iscsii://user%Secret@host/${NAME}/0`,
  `iscsi:user%Secret@host/${NAME}/0`,
  `user%Secret@host`,
  `iscsi://user%a/Secret@host/${NAME}/0`,
  `iscsi://user%a/Secret@host/0`,
  `iscsi://user%a@Secret/b@host/0`,
  `iscsi://user:a/Secret@host/${NAME}/0`,
  `iscsi://user%Secret/${NAME}/0`,
  `iscsi://user:Secret/${NAME}/0`,
  `iscsi://us@er%Secret@host/x/0`,
];

for (const address of mistyped) {
  Deno.test(`No message about ${address} shows the secret`, () => {
    assert.throws(
      () => chapOf(parseIscsiAddress(address), () => undefined),
      (error) => error instanceof Error && !error.message.includes("Secret"),
    );
  });
}

Deno.test("An address without a secret is shown as it is", () => {
  for (
    const address of [
      `iscsi://host:3260/${NAME}/0?auth=md5`,
      `iscsi://user@host:3260/${NAME}/0`,
      `iscsi://host:3260/${NAME}/0?target_user=tape@site`,
      `iscsi://user@[fe80::1%25eth0]:860/iqn.2026-03.com.example%3Atape/0`,
      "sim:/home/a:b@c%d.tap",
    ]
  ) {
    assert.equal(hideSecrets(address), address);
  }
});

Deno.test("A portal that holds a name and a secret is refused, and not shown", () => {
  for (const portal of ["user%Secret@host", "user:Secret@host", "user%Secret", "user@host"]) {
    assert.throws(
      () => parsePortal(portal),
      (error) => error instanceof InvalidOptionError && !/Secret|user/.test(error.message),
    );
  }
});

Deno.test("Secrets that the address does not hold come from elsewhere", () => {
  const address = parseIscsiAddress(`iscsi://me@host/${NAME}/0?target_user=it`);
  const chap = chapOf(address, (side) => `${side} secret`);
  assert.deepEqual(chap, {
    name: "me",
    secret: "initiator secret",
    target: { name: "it", secret: "target secret" },
  });
});

Deno.test("A user without any secret is refused, as is a target user without a user", () => {
  const user = parseIscsiAddress(`iscsi://me@host/${NAME}/0`);
  assert.throws(() => chapOf(user, () => undefined), AuthenticationError);
  const target = parseIscsiAddress(`iscsi://host/${NAME}/0?target_user=it`);
  assert.throws(() => chapOf(target, () => "secret"), InvalidOptionError);
  assert.equal(
    chapOf(parseIscsiAddress(`iscsi://host/${NAME}/0`), () => "secret"),
    undefined,
  );
});

Deno.test("A secret in an address that would prove nothing to anybody is refused", () => {
  for (
    const address of [
      `iscsi://%topsecret@host/${NAME}/0`,
      `iscsi://host/${NAME}/0?target_password=topsecret`,
      `iscsi://me%mysecret@host/${NAME}/0?target_password=topsecret`,
    ]
  ) {
    assert.throws(() => chapOf(parseIscsiAddress(address), () => "secret"), (error) => {
      assert.ok(error instanceof InvalidOptionError, address);
      return !error.message.includes("topsecret");
    });
  }
});

Deno.test("What CHAP options leave unsaid about the target and the hash, the address says", () => {
  const address = parseIscsiAddress(`iscsi://host/${NAME}/0?target_user=it&auth=sha-256`);
  const account = { name: "me", secret: "my secret" };
  const target = { name: "it", secret: "target secret" };
  const fallback = (side: string) => `${side} secret`;
  assert.deepEqual(chapOf(address, fallback, { ...account, target: undefined }), {
    ...account,
    target,
    algorithms: ["sha256"],
  });
  const given = {
    ...account,
    target: { ...target, secret: "another" },
    algorithms: ["md5"],
    allowShortSecrets: true,
  } as const;
  assert.deepEqual(chapOf(address, fallback, given), given);
  assert.throws(() => chapOf(address, () => undefined, account), AuthenticationError);
  const secrets = parseIscsiAddress(`iscsi://%s@host/${NAME}/0?target_password=p`);
  assert.deepEqual(chapOf(secrets, fallback, given), given);
  assert.deepEqual(
    chapOf(parseIscsiAddress(`iscsi://you@host/${NAME}/0`), fallback, account),
    account,
  );
});

Deno.test("Portals are read and written in each form that targets advertise", () => {
  for (
    const [text, hostname, port] of [
      ["host", "host", 3260],
      ["10.0.0.5:860", "10.0.0.5", 860],
      ["[2001:db8::5]", "2001:db8::5", 3260],
      ["[fe80::1%eth0]:3261", "fe80::1%eth0", 3261],
      ["10.0.0.5:3260,1", "10.0.0.5", 3260],
    ] as const
  ) {
    assert.deepEqual(parsePortal(text), { hostname, port });
    assert.deepEqual(parsePortal(formatPortal({ hostname, port })), { hostname, port });
  }
});

Deno.test("A target may leave out the brackets around an IPv6 address; whoever types a portal may not", () => {
  for (
    const [text, hostname, port] of [
      ["2001:db8::5,1", "2001:db8::5", 3260],
      ["2001:db8::5:3260,1", "2001:db8::5", 3260],
      ["2001:db8::5:13260,1", "2001:db8::5", 13260],
      ["2001:db8:0:0:0:0:0:5:860", "2001:db8:0:0:0:0:0:5", 860],
      ["::1", "::1", 3260],
      ["::ffff:10.0.0.5:860", "::ffff:10.0.0.5", 860],
    ] as const
  ) {
    assert.deepEqual(parseAnnouncedPortal(text), { hostname, port }, text);
    assert.throws(() => parsePortal(text), InvalidOptionError, text);
  }
  assert.deepEqual(parseAnnouncedPortal("[::1]:860,1"), { hostname: "::1", port: 860 });
});

Deno.test("A bracketed portal that holds no IPv6 address, or a bracket in its zone, is refused", () => {
  for (const text of ["[10.0.0.5]", "[0%zone]:6", "[fe80::1%[eth0]:6", "[fe80::1%et h0]"]) {
    assert.throws(() => parsePortal(text), InvalidOptionError, text);
  }
});
