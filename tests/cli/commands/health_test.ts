import assert from "node:assert/strict";
import { logPageTarget } from "../../../cli/commands/log.ts";
import { tapePersonalities } from "../../../sim/personality.ts";
import { SimulatedDrive, type SimulatedDriveOptions } from "../../../sim/tape/drive.ts";
import { MemoryMedium, type MemoryMediumOptions } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost } from "../memory_host.ts";
import { SERVED, SimDevices, tape } from "../sim_devices.ts";

function bench(medium: MemoryMediumOptions = {}, drive: SimulatedDriveOptions = {}) {
  const simulated = new SimulatedDrive({ medium: new MemoryMedium(medium), ...drive });
  return { drive: simulated, devices: new SimDevices(simulated) };
}

async function ok(line: string, devices: SimDevices, host = new MemoryHost()): Promise<MemoryHost> {
  assert.equal(await tape(line, host, devices, SERVED), 0, host.errors);
  return host;
}

Deno.test("alerts tells each flag with its severity and what to do", async () => {
  const { drive, devices } = bench();
  assert.equal((await ok("alerts", devices)).output, "No alerts\n");
  drive.raiseTapeAlert(20);
  drive.raiseTapeAlert(4);
  const { output } = await ok("alerts", devices);
  assert.match(output, /^critical: medium \(4\)\. The tape is damaged\. .+\.\n/);
  assert.match(output, /^critical: cleaning required \(20\)\. The drive has to be cleaned now\.$/m);
  const { alerts } = JSON.parse((await ok("alerts --json", devices)).output);
  assert.deepEqual(alerts.map(({ flag }: { flag: number }) => flag), [4, 20]);
});

Deno.test("alerts works without a cartridge", async () => {
  const drive = new SimulatedDrive();
  drive.raiseTapeAlert(30);
  assert.match((await ok("alerts", new SimDevices(drive))).output, /hardware A/);
});

Deno.test("alerts --watch tells what is new until it is interrupted", async () => {
  const { drive, devices } = bench();
  const host = new MemoryHost();
  const looks: number[] = [];
  host.onSleep = (milliseconds) => {
    looks.push(milliseconds);
    if (looks.length === 2) drive.raiseTapeAlert(21);
    if (looks.length === 4) host.interrupt();
  };
  await ok("alerts --watch --interval 5", devices, host);
  assert.deepEqual(looks, [5000, 5000, 5000, 5000]);
  assert.match(host.output, /^warning: cleaning requested \(21\)\. .+\n$/);
  assert.equal(host.listeners, 0);
});

Deno.test("log lists the pages, and shows one by name, by its beginning or by code", async () => {
  const { devices } = bench();
  assert.match((await ok("log", devices)).output, /^17h {2}volume statistics$/m);
  const shown = (await ok("log volume statistics", devices)).output;
  assert.match(shown, /^Page 17h: volume statistics\n/);
  for (const line of ["log 17h", "log 0x17", "log volume-stat"]) {
    assert.equal((await ok(line, devices)).output, shown, line);
  }
  const { page } = JSON.parse((await ok("log 17h --json", devices)).output);
  assert.equal(page.page, 0x17);
  assert.ok(page.parameters.length > 5);
});

Deno.test("log suggests a page for a name that is near one, and refuses one that is not there", async () => {
  assert.throws(() => logPageTarget("volume statistisc"), /try volume statistics/);
  assert.throws(() => logPageTarget("frobnication"), /tape log lists/);
  const host = new MemoryHost();
  assert.equal(await tape("log 3Fh", host, bench().devices), 2);
  assert.match(host.errors, /3Fh/);
});

Deno.test("attributes lists the cartridge's memory, and shows single ones", async () => {
  const { devices } = bench({ barcode: "A00001L8" });
  assert.match((await ok("attributes", devices)).output, /^barcode +A00001L8$/m);
  assert.equal((await ok("attributes barcode", devices)).output, "A00001L8\n");
  const two = (await ok("attributes BARCODE mediaPool", devices)).output;
  assert.equal(two, "barcode    A00001L8\nmediaPool\n");
});

Deno.test("attributes writes and deletes by name", async () => {
  const { devices } = bench();
  await ok("attributes mediaPool=Archive textLocalization=129 applicationName=tape", devices);
  assert.equal((await ok("attributes mediaPool", devices)).output, "Archive\n");
  assert.equal((await ok("attributes textLocalization", devices)).output, "129\n");
  await ok("attributes mediaPool=", devices);
  const { attributes } = JSON.parse((await ok("attributes mediaPool --json", devices)).output);
  assert.deepEqual(attributes, [{ id: 0x808, name: "mediaPool", writable: true }]);
});

for (
  const [line, status, why] of [
    ["attributes barcod", 1, /did you mean barcode\?/],
    ["attributes frobnicate=1", 1, /tape attributes shows names/],
    ["attributes barcode mediaPool=x", 1, /not both/],
    ["attributes textLocalization=maybe", 1, /a number/],
    ["attributes loadCount=7", 2, /only the drive/],
    ["attributes volumeCoherency=0x00", 2, /other software relies on it/],
    ["attributes applicationVendor=muchtoolong", 2, /8 fit/],
  ] as const
) {
  Deno.test(`${line} is refused`, async () => {
    const host = new MemoryHost();
    assert.equal(await tape(line, host, bench().devices), status);
    assert.match(host.errors, why);
  });
}

const KEY = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const keyFile = () => ({ key: new TextEncoder().encode(`${KEY}\n`) });

Deno.test("encryption on takes a key from a file, and what is written then needs it", async () => {
  const { devices } = bench();
  await ok(
    "encryption on --key-file key --key-name 2026-01",
    devices,
    new MemoryHost({ files: keyFile() }),
  );
  const on = (await ok("encryption status", devices)).output;
  assert.match(on, /^Writing +encrypted$/m);
  assert.match(on, /^Key name +2026-01$/m);
  assert.match(on, /AES-256/);
  const files = { plain: new TextEncoder().encode("in the clear") };
  await ok("write plain", devices, new MemoryHost({ files }));
  await ok("rewind", devices);
  assert.match(
    (await ok("encryption status", devices)).output,
    /^Next record +encrypted with this key$/m,
  );
  assert.equal((await ok("read", devices)).output, "in the clear");
  await ok("encryption off", devices);
  assert.match((await ok("encryption status", devices)).output, /^Writing +in clear$/m);
  await ok("rewind", devices);
  const refused = new MemoryHost();
  assert.equal(await tape("read", refused, devices), 2);
  assert.match(refused.errors, /encryption key/);
});

Deno.test("--encrypted writes nothing in the clear when the drive has lost its key since", async () => {
  const files = { ...keyFile(), plain: new TextEncoder().encode("secret") };
  const { drive, devices } = bench();
  await ok("encryption on --key-file key", devices, new MemoryHost({ files }));
  await ok("write plain --encrypted", devices, new MemoryHost({ files }));
  const layout = drive.objects().length;
  drive.powerCycle();
  const host = new MemoryHost({ files });
  assert.equal(await tape("write plain --encrypted", host, devices), 2);
  assert.match(host.errors, /the drive has none that encrypts/);
  assert.equal(drive.objects().length, layout);
});

Deno.test("encryption on takes a key from a descriptor or standard input", async () => {
  for (const line of ["--key-fd 3", "--key-file -"]) {
    const { devices } = bench();
    const { MemorySource } = await import("../memory_host.ts");
    const stdin = new MemorySource(new TextEncoder().encode(KEY), { pieces: [7] });
    const files = { "fd 3": new TextEncoder().encode(KEY) };
    const host = await ok(
      `encryption on ${line} --json`,
      devices,
      new MemoryHost({ files, stdin }),
    );
    assert.equal(JSON.parse(host.output).encryption.encryption, "on");
    assert.ok(!(host.output + host.errors).includes(KEY.slice(0, 16)));
  }
});

for (
  const [line, status, why] of [
    ["encryption on", 1, /--key-file FILE or --key-fd N/],
    ["encryption on --key-file key --key-fd 3", 1, /one of them/],
    ["encryption on --key-file missing", 2, /no such file/],
    ["encryption on --key-fd 9", 2, /no such open descriptor/],
    ["encryption on --key-file short", 2, /32 bytes/],
    [`encryption on --key ${KEY}`, 1, /--key/],
    ["encryption", 1, /on, off, status/],
  ] as const
) {
  Deno.test(`${line.replace(KEY, "KEY")} is refused`, async () => {
    const host = new MemoryHost({ files: { ...keyFile(), short: new Uint8Array(5) } });
    assert.equal(await tape(line, host, bench().devices, SERVED), status);
    assert.match(host.errors, why);
    assert.doesNotMatch(host.errors, /not expected/);
  });
}

Deno.test("encryption on is refused for a sim: address, where the next command is a new drive without the key", async () => {
  const { devices } = bench();
  const host = new MemoryHost({ files: keyFile() });
  assert.equal(await tape("encryption on --key-file key", host, devices, "sim:a.tap"), 1);
  assert.match(host.errors, /tape serve --media a\.tap.*iscsi:\/\/ address/);
  assert.equal(devices.opened.length, 0);
});

Deno.test("What a drive does not have is said in one line", async () => {
  const { devices } = bench({}, { personality: tapePersonalities["quantum-dlt8000"] });
  for (const line of ["attributes", "encryption status", "log 17h", "mkpartition 5 --yes"]) {
    const host = new MemoryHost();
    assert.equal(await tape(line, host, devices), 2, line);
    assert.match(host.errors, /^tape: [^\n]+\n/, line);
    assert.doesNotMatch(host.errors, /not expected/, line);
  }
});

Deno.test("status tells cartridge, capacity, protection and alerts as far as the drive does", async () => {
  const { drive, devices } = bench({ barcode: "A00001L8", worm: true, capacityBytes: 4e12 });
  drive.raiseTapeAlert(21);
  const { output } = await ok("status", devices);
  for (
    const line of [
      /^Barcode +A00001L8$/m,
      /^Load count +\d+$/m,
      /^WORM +yes/m,
      /^Capacity left +4\.0 TB of 4\.0 TB, 100 %$/m,
      /^Density +.+ \([0-9A-F]{2}h\)$/m,
      /^Alerts +1$/m,
      /^ {2}warning: cleaning requested/m,
    ]
  ) assert.match(output, line);
  const document = JSON.parse((await ok("status --json", devices)).output);
  assert.equal(document.barcode, "A00001L8");
  assert.equal(document.protection.writeOnce, true);
  assert.equal(document.capacity.remainingBytes, 4e12);
});

Deno.test("status of a tape with partitions tells what is left of each, too", async () => {
  const { devices } = bench({ capacityBytes: 4e9 });
  await ok("mkpartition 1000 --yes", devices);
  const { output } = await ok("status", devices);
  assert.match(output, /^Capacity left +4\.0 GB of 4\.0 GB, 100 %$/m);
  assert.match(output, /^ {2}in partition 0 +3\.0 GB of 3\.0 GB, 100 %$/m);
  assert.match(output, /^ {2}in partition 1 +1\.0 GB of 1\.0 GB, 100 %$/m);
});

Deno.test("status of a drive that tells little is short", async () => {
  const { devices } = bench({}, { personality: tapePersonalities["quantum-dlt8000"] });
  const { output } = await ok("status", devices);
  assert.doesNotMatch(output, /Barcode|Capacity|undefined/);
  assert.match(output, /^Block size/m);
});
