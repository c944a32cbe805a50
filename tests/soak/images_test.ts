import assert from "node:assert/strict";

/** `deno task soak:images` takes a million records and a hundred deaths. */
const RECORDS = 20_000;
const RECORD_BYTES = 1_000_000;
const KILLS = 4;

// A process of its own: memory is measured, and other tests use theirs meanwhile.
Deno.test(`An image of ${RECORDS * RECORD_BYTES / 1e9} GB opens at once in little memory, and one whose server is killed keeps what was acknowledged`, async () => {
  const { success, said } = await soak(RECORDS, RECORD_BYTES, KILLS);
  assert.ok(success, said);
  assert.match(said, /^20020 objects, 20\.0 GB: opens in .* with its index in /m);
  assert.match(said, /^killed 4 times: all that was acknowledged is there, of [1-9]/m);
});

Deno.test("An image that is too small for an index is opened without", async () => {
  const { success, said } = await soak(3, 1001, 0);
  assert.ok(success, said);
  assert.match(said, /^3 objects, 0\.0 GB: opens in .* too few for an index;/m);
});

async function soak(records: number, bytes: number, kills: number) {
  const script = new URL("./images.ts", import.meta.url).pathname;
  const counts = ["--records", `${records}`, "--bytes", `${bytes}`, "--kills", `${kills}`];
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...counts] });
  const { success, stdout, stderr } = await command.output();
  return { success, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
