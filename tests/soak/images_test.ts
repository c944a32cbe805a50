import assert from "node:assert/strict";

/** `deno task soak:images` takes a million records and a hundred deaths. */
const RECORDS = 20_000;
const RECORD_BYTES = 1_000_000;
const KILLS = 4;

// A process of its own: memory is measured, and other tests use theirs meanwhile.
Deno.test(`An image of ${RECORDS * RECORD_BYTES / 1e9} GB opens at once in little memory, and one whose server is killed keeps what was acknowledged`, async () => {
  const script = new URL("./images.ts", import.meta.url).pathname;
  const counts = ["--records", `${RECORDS}`, "--bytes", `${RECORD_BYTES}`, "--kills", `${KILLS}`];
  const soak = new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...counts] });
  const { success, stdout, stderr } = await soak.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
  assert.match(said, /^20020 objects, 20\.0 GB: opens in /m);
  assert.match(said, /^killed 4 times: all that was acknowledged is there, of [1-9]/m);
});
