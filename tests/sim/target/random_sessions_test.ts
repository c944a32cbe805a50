import assert from "node:assert/strict";
import type { KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { IscsiError } from "../../../iscsi/errors.ts";
import { LogoutReason } from "../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import type { DataIn } from "../../../iscsi/pdu/data_in.ts";
import type { ReadyToTransfer } from "../../../iscsi/pdu/r2t.ts";
import { SnackType } from "../../../iscsi/pdu/snack.ts";
import {
  TaskManagementFunction,
  TaskManagementResponseCode,
} from "../../../iscsi/pdu/task_management.ts";
import type { TargetFault } from "../../../sim/target/faults.ts";
import { Random, seed } from "../../scsi/random.ts";
import { Command } from "./scripted_device.ts";
import { pattern, type Received, type ScriptedInitiator } from "./scripted_initiator.ts";
import { type TargetFixture, withTarget } from "./target_fixture.ts";

const KEYS: KeyValuePair[] = [
  ["ErrorRecoveryLevel", "2"],
  ["MaxConnections", "4"],
  ["MaxBurstLength", "2048"],
  ["FirstBurstLength", "1024"],
  ["InitialR2T", "No"],
  ["HeaderDigest", "CRC32C"],
  ["DataDigest", "CRC32C"],
];
const MAX_LENGTH = 5000;

/** A command as its initiator sees it. */
interface Issued {
  readonly itt: number;
  readonly data: Uint8Array;
  readonly isRead: boolean;
  cid: number;
  /** What has come of a read, and which bytes of it. */
  readonly got: Uint8Array;
  readonly has: boolean[];
  /** StatSN of its status, on the connection that it belongs to. */
  statSn: number | undefined;
  done: boolean;
}

/** Which StatSN of one connection have come. */
class Statuses {
  readonly #seen = new Set<number>();
  #next: number;

  constructor(next: number) {
    this.#next = next;
  }

  /** Everything before it has come. */
  get next(): number {
    return this.#next;
  }

  take(statSn: number): void {
    this.#seen.add(statSn);
    while (this.#seen.has(this.#next)) this.#next++;
  }

  missingBefore(end: number): number[] {
    const missing: number[] = [];
    for (let sn = this.#next; sn < end; sn++) if (!this.#seen.has(sn)) missing.push(sn);
    return missing;
  }
}

/** An initiator at error recovery level 2 that loses connections, PDUs and patience at random. */
class RecoveringInitiator {
  readonly #fixture: TargetFixture;
  readonly #random: (below: number) => number;
  readonly #connections = new Map<number, ScriptedInitiator>();
  readonly #statuses = new Map<ScriptedInitiator, Statuses>();
  readonly #issued: Issued[] = [];
  #tsih = 0;
  #cmdSn = 1;
  #itt = 1;
  #nextCid = 0;

  constructor(fixture: TargetFixture, random: (below: number) => number) {
    this.#fixture = fixture;
    this.#random = random;
  }

  get issued(): readonly Issued[] {
    return this.#issued;
  }

  async connect(): Promise<void> {
    const initiator = await this.#fixture.connect();
    const cid = this.#nextCid++;
    const keys: KeyValuePair[] = [
      ...(cid === 0 ? KEYS : KEYS.slice(-2)),
      ["MaxRecvDataSegmentLength", String(512 + this.#random(4) * 300)],
    ];
    const login = { keys, tsih: this.#tsih, cid, cmdSn: this.#cmdSn };
    const { tsih, statSn } = await initiator.login(login);
    this.#tsih = tsih;
    this.#statuses.set(initiator, new Statuses(statSn + 1));
    this.#connections.set(cid, initiator);
  }

  /** Sends a read or a write on any connection. */
  async issue(): Promise<void> {
    const cid = this.#pick([...this.#connections.keys()]);
    const connection = this.#connections.get(cid)!;
    const itt = this.#itt++;
    const isRead = this.#random(2) === 0;
    const length = 1 + this.#random(MAX_LENGTH);
    const data = isRead ? pattern(MAX_LENGTH).subarray(0, length) : pattern(length, itt);
    const got = new Uint8Array(length);
    const has = new Array(isRead ? length : 0).fill(false);
    this.#issued.push({ itt, data, isRead, cid, got, has, statSn: undefined, done: false });
    const fields = { itt, cmdSn: this.#cmdSn++, expectedDataTransferLength: length };
    if (isRead) {
      return void await connection.command({ ...fields, read: true, cdb: Command.read(length) });
    }
    const first = Math.min(1024, length);
    const immediate = this.#random(first + 1);
    const final = immediate === first || this.#random(2) === 0;
    const cdb = Command.write(length);
    await connection.command({ ...fields, write: true, final, cdb }, data.subarray(0, immediate));
    if (!final) await this.#dataOut(connection, { itt, begin: immediate, end: first, data });
  }

  /** Sends a run of data in PDUs, some of them damaged. */
  async #dataOut(
    connection: ScriptedInitiator,
    run: { itt: number; ttt?: number; begin: number; end: number; data: Uint8Array },
  ): Promise<void> {
    const { itt, ttt, begin, end, data } = run;
    for (let offset = begin, dataSn = 0; offset < end; dataSn++) {
      const next = Math.min(end, offset + 1 + this.#random(700));
      const final = next === end;
      const corrupt = this.#random(6) === 0;
      const fields = { itt, ttt, offset, dataSn, final };
      // One that is lost altogether shows in the DataSN of the next.
      const isLost = !final && this.#random(8) === 0;
      if (!isLost) await connection.dataOut(fields, data.subarray(offset, next), { corrupt });
      offset = next;
    }
  }

  /** Takes everything that the target has to say on all connections, and answers its R2Ts. */
  async serve(): Promise<void> {
    for (const [cid, connection] of [...this.#connections]) await this.#serveOne(cid, connection);
  }

  async #serveOne(cid: number, connection: ScriptedInitiator): Promise<void> {
    const ping = 0x7000_0000 + this.#itt++;
    await connection.ping({ itt: ping, cmdSn: this.#cmdSn });
    for (;;) {
      const received = await connection.next();
      assert.ok(received, `connection ${cid} is open`);
      const { pdu } = received;
      await this.#take(connection, received);
      if (pdu.opcode !== Opcode.NopIn || pdu.itt !== ping) continue;
      return await this.#repair(cid, connection, pdu.statSn);
    }
  }

  /** Asks for what should have come before the status with this number. */
  async #repair(cid: number, connection: ScriptedInitiator, before: number): Promise<void> {
    for (const begRun of this.#statuses.get(connection)!.missingBefore(before)) {
      // One whose data is missing is kept back here, not lost.
      if (this.#issued.some((one) => one.cid === cid && one.statSn === begRun)) continue;
      await connection.snack({ type: SnackType.Status, begRun, runLength: 1 });
    }
    for (const { itt, cid: own, done } of this.#issued) {
      if (own === cid && !done) await connection.snack({ type: SnackType.DataR2t, itt });
    }
  }

  async #take(connection: ScriptedInitiator, { pdu, data }: Received): Promise<void> {
    const statuses = this.#statuses.get(connection)!;
    if (pdu.opcode === Opcode.ReadyToTransfer) return await this.#answer(connection, pdu);
    if (pdu.opcode === Opcode.DataIn) this.#store(pdu, data);
    else if (pdu.opcode === Opcode.ScsiResponse) this.#find(pdu.itt).statSn = pdu.statSn;
    else if ("statSn" in pdu) statuses.take(pdu.statSn);
    if (pdu.opcode === Opcode.ScsiResponse) assert.equal(pdu.status, 0, `status of ${pdu.itt}`);
    if (pdu.opcode !== Opcode.DataIn && pdu.opcode !== Opcode.ScsiResponse) return;
    const command = this.#find(pdu.itt);
    if (command.statSn === undefined || !command.has.every(Boolean)) return;
    command.done = true;
    statuses.take(command.statSn);
    if (this.#random(2) === 0) connection.expStatSn = statuses.next;
  }

  async #answer(connection: ScriptedInitiator, pdu: ReadyToTransfer): Promise<void> {
    const { itt, ttt, bufferOffset: begin, desiredDataTransferLength: length } = pdu;
    const { data } = this.#find(itt);
    if (this.#random(10) === 0) {
      const { r2tSn } = pdu;
      await connection.snack({ type: SnackType.DataR2t, itt, begRun: r2tSn, runLength: 1 });
      return;
    }
    await this.#dataOut(connection, { itt, ttt, begin, end: begin + length, data });
  }

  #store(pdu: DataIn, data: Uint8Array): void {
    const command = this.#find(pdu.itt);
    command.got.set(data, pdu.bufferOffset);
    command.has.fill(true, pdu.bufferOffset, pdu.bufferOffset + data.length);
    if (pdu.hasStatus) command.statSn = pdu.statSn;
  }

  /** Loses a connection, one way or another, and has its tasks go on elsewhere. */
  async lose(): Promise<void> {
    const cid = this.#pick([...this.#connections.keys()]);
    const lost = this.#connections.get(cid)!;
    this.#connections.delete(cid);
    await this.connect();
    const [speakerCid, speaker] = [...this.#connections].at(-1)!;
    if (this.#random(2) === 0) lost.close();
    const { RemoveConnectionForRecovery } = LogoutReason;
    const { response, statSn } = await speaker.logout(RemoveConnectionForRecovery, cid);
    assert.equal(response, 0);
    this.#statuses.get(speaker)!.take(statSn);
    lost.close();
    for (const command of this.#issued) {
      if (command.cid === cid && !command.done) await this.#reassign(command, speakerCid);
    }
  }

  async #reassign(command: Issued, cid: number): Promise<void> {
    const speaker = this.#connections.get(cid)!;
    const { itt } = command;
    command.statSn = undefined;
    await speaker.send({
      opcode: Opcode.TaskManagementRequest,
      immediate: true,
      function: TaskManagementFunction.TaskReassign,
      lun: 0n,
      itt: 0x6000_0000 + this.#itt++,
      referencedTaskTag: itt,
      cmdSn: this.#cmdSn,
      expStatSn: speaker.expStatSn,
      refCmdSn: 0,
      expDataSn: 0,
    });
    for (;;) {
      const received = await speaker.next();
      assert.ok(received, "the connection is open");
      const { pdu } = received;
      await this.#take(speaker, received);
      if (pdu.opcode === Opcode.TaskManagementResponse) {
        assert.equal(pdu.response, TaskManagementResponseCode.FunctionComplete, `reassign ${itt}`);
        break;
      }
    }
    command.cid = cid;
    await this.#serveOne(cid, speaker);
  }

  #find(itt: number): Issued {
    const command = this.#issued.find((one) => one.itt === itt);
    assert.ok(command, `there is a command ${itt}`);
    return command;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)];
  }
}

/** PDUs that are lost or doubled on their way out. */
function randomFaults(random: (below: number) => number): TargetFault[] {
  return Array.from({ length: 40 }, () => ({
    kind: random(3) === 0 ? "duplicate" as const : "drop" as const,
    pdu: (["data-in", "r2t", "scsi-response"] as const)[random(3)],
    nth: 1 + random(150),
  }));
}

for (const where of ["loopback", "tcp"] as const) {
  Deno.test(`Whatever is lost at level 2 over ${where}, every command runs once and brings its data`, () => {
    const numbers = new Random(seed());
    const random = (below: number) => numbers.below(below);
    const faults = randomFaults(random);
    return withTarget({ dataDigest: "crc32c", headerDigest: "crc32c", faults }, async (fixture) => {
      fixture.device.data = pattern(MAX_LENGTH);
      const initiator = new RecoveringInitiator(fixture, random);
      for (let i = 0; i < 3; i++) await initiator.connect();
      for (let step = 0; step < 150; step++) {
        const dice = random(10);
        if (dice < 6) await initiator.issue();
        else if (dice < 9) await initiator.serve();
        else await initiator.lose();
      }
      for (let i = 0; i < 40; i++) await initiator.serve();
      const { issued } = initiator;
      for (const { itt, done, isRead, got, data } of issued) {
        assert.ok(done, `${itt} is done`);
        if (isRead) assert.deepEqual(got, data, `data of ${itt}`);
      }
      const writes = issued.filter(({ isRead }) => !isRead).map(({ data }) => data);
      assert.deepEqual(fixture.device.written, writes, "in order, once");
      const reads = issued.filter(({ isRead }) => isRead).length;
      const executed = fixture.device.log.filter((entry) => entry.startsWith("read"));
      assert.equal(executed.length, reads);
      for (const event of fixture.eventsOf("disconnected") as { error?: unknown }[]) {
        assert.ok(
          event.error === undefined || event.error instanceof IscsiError,
          `${event.error}`,
        );
      }
    }, where);
  });
}
