import assert from "node:assert/strict";
import { TapeDrive } from "@uiscsi/tape";
import { MemoryMedium, SimulatedDrive, tapePersonalities } from "@uiscsi/tape/sim";
import { HostUnit } from "../../tests/tape/host_unit.ts";
import { makeFlac } from "./flac_file.ts";
import { withPlayer } from "./player_fixture.ts";
import { VirtualClock } from "@uiscsi/tape/transport";

const TRACKS = [1, 2, 3].map((level) =>
  makeFlac({ sampleRate: 8000, channels: 1, bitDepth: 16, frames: 8000 * level, level })
);

/** A second of sound is 16,000 bytes. */
for (const [bytesPerMs, expected] of [[10, "waits"], [40, "does not wait"]] as const) {
  Deno.test(`a simulated drive of ${bytesPerMs} KB/s takes its time, and the player ${expected} and drops no sample`, async () => {
    const clock = new VirtualClock();
    const personality = tapePersonalities["quantum-dlt8000"];
    const motion = { ...personality.motion, settleMs: 300, bytesPerMs };
    let isTimed = false;
    const sim = new SimulatedDrive({
      personality: { ...personality, motion },
      medium: new MemoryMedium(),
      clock: clock.now.bind(clock),
      timing: {
        wait: (ms) =>
          isTimed ? new Promise((resolve) => void clock.schedule(resolve, ms)) : Promise.resolve(),
      },
    });
    const drive = await TapeDrive.open(new HostUnit(sim, "host"), { readAhead: 0 });
    for (const { bytes } of TRACKS) {
      for (let at = 0; at < bytes.length; at += 3000) await drive.write(bytes.slice(at, at + 3000));
      await drive.writeFilemarks();
    }
    await drive.rewind();
    isTimed = true;
    const stops: number[] = [];
    await withPlayer(drive, async ({ player, changes, heard, pass }) => {
      let before = "";
      changes.listen(() => {
        const { status } = player.state;
        if (status === "loading" && before === "playing") stops.push(heard.length);
        before = status;
      });
      player.play(0);
      await pass(() => player.state.status === "end", 300);
      assert.deepEqual(heard, TRACKS.flatMap(({ samples }) => [...samples]));
    }, { clock, bufferSeconds: 0.5 });
    assert.equal(stops.length > 2, expected === "waits", `stopped at ${stops}`);
    isTimed = false;
    await drive.close();
    await sim.close();
  });
}
