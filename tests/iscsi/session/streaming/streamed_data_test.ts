import assert from "node:assert/strict";
import { DEFAULT_PARAMETERS } from "../../../../iscsi/negotiation/negotiated_parameters.ts";
import { StreamedDataIn } from "../../../../iscsi/session/streaming/streamed_data_in.ts";
import { StreamedDataOut } from "../../../../iscsi/session/streaming/streamed_data_out.ts";

const SEGMENT = 100;
const NO_UNSOLICITED = { ...DEFAULT_PARAMETERS, immediateData: false, initialR2T: true };

function incoming(length: number, maxBytes: number) {
  const told: string[] = [];
  const data = new StreamedDataIn(length, maxBytes, {
    arrived: () => told.push("arrived"),
    roomMade: () => told.push("room"),
  });
  const place = (offset: number, bytes: number, isNext = true) =>
    data.place(offset, bytes, isNext, SEGMENT);
  /** Data-In whose bytes are all `value`. */
  const take = (offset: number, length: number, value: number, isNext = true) => {
    const bytes = place(offset, length, isNext);
    if (!(bytes instanceof Uint8Array)) return bytes;
    bytes.fill(value);
    data.arrived();
    return "taken";
  };
  return { data, told, place, take };
}

Deno.test("Data-In is handed on in arrays of its own, and each step of it counts", () => {
  const { data, told, take } = incoming(300, 200);
  assert.equal(take(0, 100, 1), "taken");
  assert.equal(take(100, 100, 2), "taken");
  assert.equal(data.bufferedBytes, 200);
  assert.equal(take(200, 100, 3), "later");
  assert.deepEqual(told, ["arrived"]);
  assert.deepEqual(data.take(), new Uint8Array(100).fill(1));
  assert.deepEqual(told, ["arrived", "room"]);
  assert.equal(take(200, 100, 3), "taken");
  assert.deepEqual([data.take()?.[0], data.take()?.[0], data.take()], [2, 3, undefined]);
  assert.equal(data.bufferedBytes, 0);
});

Deno.test("The PDU that is arriving counts, and one that did not come whole counts no more", () => {
  const { data, place, take } = incoming(300, 200);
  place(0, 150);
  assert.equal(data.bufferedBytes, 150);
  assert.equal(take(0, 100, 1), "taken");
  assert.equal(data.bufferedBytes, 100);
});

Deno.test("Data that came early waits for what is before it, and leaves room for that", () => {
  const { data, take } = incoming(1000, 250);
  assert.equal(take(100, 100, 2, false), "taken");
  assert.equal(data.take(), undefined);
  assert.equal(take(200, 100, 3, false), undefined);
  assert.equal(data.isRefused, true);
  assert.equal(take(0, 100, 1), "taken");
  assert.equal(data.isRefused, false);
  assert.deepEqual([data.take()?.[0], data.take()?.[0]], [1, 2]);
});

Deno.test("A buffer for all of the data takes it in any order", () => {
  const { data, take } = incoming(300, 300);
  for (const offset of [200, 0, 100]) take(offset, 100, offset, false);
  assert.deepEqual([data.take()?.[0], data.take()?.[0], data.take()?.[0]], [0, 100, 200]);
});

Deno.test("A buffer for all of the data takes no more than that, however it overlaps", () => {
  const { data, take } = incoming(300, 300);
  for (const offset of [100, 110, 120]) assert.equal(take(offset, 100, 1, false), "taken");
  assert.equal(take(130, 100, 1, false), undefined);
  assert.equal(data.isRefused, true);
  assert.equal(data.bufferedBytes, 300);
});

Deno.test("Data that is sent anew in other pieces is handed on once", () => {
  const { data, take } = incoming(400, 400);
  take(0, 100, 1);
  data.take();
  take(200, 100, 9, false);
  data.startOver();
  assert.equal(data.bufferedBytes, 0);
  take(0, 50, 1);
  take(50, 100, 2);
  const rest = data.take();
  assert.deepEqual(rest, new Uint8Array(50).fill(2));
  assert.equal(data.bufferedBytes, 0);
});

Deno.test("Discarded data leaves the memory at once, makes room, and no more is placed", () => {
  const { data, told, take, place } = incoming(300, 200);
  take(0, 100, 1);
  take(100, 100, 2);
  assert.equal(take(200, 100, 3), "later");
  data.discard();
  assert.deepEqual([data.bufferedBytes, data.take(), told.at(-1)], [0, undefined, "room"]);
  assert.equal(place(200, 100), undefined);
});

function outgoing(length: number, maxBytes: number, parameters = NO_UNSOLICITED) {
  const data = new StreamedDataOut(length, maxBytes, parameters, () => {});
  let given = 0;
  /** What a source does that gives 0, 1, 2, ... */
  const pour = () => {
    for (let space = data.space(); space.length > 0; space = data.space()) {
      for (let i = 0; i < space.length; i++) space[i] = given++;
      data.fill(space.length);
    }
    if (data.awaitsEnd) data.ended();
  };
  return { data, pour, given: () => given };
}

Deno.test("A source is asked for what the target asks for, and no more", () => {
  const { data, pour, given } = outgoing(1000, 500);
  pour();
  assert.equal(given(), 0);
  data.request({ offset: 0, end: 120 });
  pour();
  assert.equal(given(), 120);
});

Deno.test("A source is not asked for more than the window holds until that was written", () => {
  const { data, pour, given } = outgoing(1000, 100);
  const part = { offset: 0, end: 1000 };
  data.request(part);
  pour();
  assert.equal(given(), 100);
  assert.deepEqual(data.send(0, 60), Uint8Array.from({ length: 60 }, (_, i) => i));
  part.offset = 60;
  pour();
  assert.equal(given(), 100);
  data.written();
  pour();
  assert.equal(given(), 160);
  assert.equal(data.segmentEnd(60, 160), 100);
  assert.deepEqual(data.send(60, 100), Uint8Array.from({ length: 40 }, (_, i) => 60 + i));
  assert.deepEqual(data.send(100, 160), Uint8Array.from({ length: 60 }, (_, i) => 100 + i));
});

Deno.test("The last byte counts only once the source has ended", () => {
  const data = new StreamedDataOut(10, 10, NO_UNSOLICITED, () => {});
  data.request({ offset: 0, end: 10 });
  data.fill(10);
  assert.deepEqual([data.isReady(9), data.isReady(10), data.awaitsEnd], [true, false, true]);
  data.ended();
  assert.deepEqual([data.isReady(10), data.awaitsEnd], [true, false]);
});

Deno.test("What was sent can be sent again until its room was needed", () => {
  const { data, pour } = outgoing(1000, 100);
  const first = { offset: 0, end: 100 };
  data.request(first);
  pour();
  data.send(0, 100);
  data.finished(first);
  data.written();
  assert.equal(data.isGone(0), false);
  data.request({ offset: 100, end: 150 });
  pour();
  assert.deepEqual([data.isGone(0), data.isGone(50)], [true, false]);
  assert.deepEqual(data.send(50, 60), Uint8Array.from({ length: 10 }, (_, i) => 50 + i));
});

Deno.test("What the target has asked for again stays until it has gone out", () => {
  const { data, pour, given } = outgoing(1000, 100);
  data.request({ offset: 0, end: 100 });
  pour();
  data.send(0, 100);
  data.forget();
  data.written();
  data.request({ offset: 20, end: 40 });
  data.request({ offset: 100, end: 200 });
  pour();
  assert.equal(given(), 120);
});

Deno.test("A part that skips what was not asked for is out of turn in a small window", () => {
  assert.equal(outgoing(1000, 100).data.isInTurn(10), false);
  assert.equal(outgoing(1000, 1000).data.isInTurn(10), true);
});

Deno.test("As much goes along with the command as is negotiated and fits into the window", () => {
  const parameters = {
    ...DEFAULT_PARAMETERS,
    immediateData: true,
    initialR2T: false,
    firstBurstLength: 600,
    maxSendDataSegmentLength: 200,
  };
  const cases = [[600, { immediate: 200, end: 600 }], [599, { immediate: 200, end: 200 }], [
    199,
    { immediate: 0, end: 0 },
  ]] as const;
  for (const [maxBytes, expected] of cases) {
    const { data, pour, given } = outgoing(1000, maxBytes, parameters);
    assert.equal(data.isPrimed, expected.end === 0);
    pour();
    assert.equal(data.isPrimed, true);
    assert.equal(given(), expected.end);
    assert.deepEqual(data.unsolicited(parameters), expected);
  }
});
