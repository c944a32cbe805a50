import assert from "node:assert/strict";

/** `deno task soak` does it with thousands. */
const LOGINS = 500;
const SESSIONS = 100;

// A process of its own: descriptors are counted, and other tests open some of theirs meanwhile.
Deno.test(`${LOGINS} logins, and ${SESSIONS} sessions at once, leave no memory, socket, timer or session behind`, async () => {
  const script = new URL("./main.ts", import.meta.url).pathname;
  const soak = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, "--logins", `${LOGINS}`, "--sessions", `${SESSIONS}`],
  });
  const { success, stdout, stderr } = await soak.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
  assert.equal(said.match(/left over: 0 sockets, 0 timers, 0 sessions$/gm)?.length, 4, said);
});
