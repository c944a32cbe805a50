import assert from "node:assert/strict";
import { Session, type SessionOptions } from "../../../iscsi/mod.ts";
import type { ScsiCommand, ScsiResult } from "../../../scsi/logical_unit.ts";
import type { ByteStream, Dialer, NetworkAddress } from "../../../transport/byte_stream.ts";
import { VirtualClock } from "../../../transport/clock.ts";
import { turn, WireConnection } from "./wire_connection.ts";
import { FINAL, keysText, Op, type WirePdu } from "./wire_pdu.ts";

/** What a session under test meets. */
export interface WireTargetOptions {
  /** Values of the login; keys that the initiator does not offer are left out. */
  readonly keys?: Readonly<Record<string, string>>;
  /** Keys that get no answer. */
  readonly unanswered?: readonly string[];
  readonly session?: Partial<SessionOptions>;
  /** Commands that the target lets in ahead of the last one it has seen. */
  readonly window?: number;
  /** StatSN of the first Login Response. */
  readonly statSn?: number;
}

/** A command of the initiator's, and what became of it. */
export interface Execution {
  readonly result: Promise<ScsiResult>;
  /** `undefined` while it is under way. */
  outcome: { readonly result: ScsiResult } | { readonly error: unknown } | undefined;
  cancel(reason: unknown): void;
}

/** The name that the target under test has. */
export const TARGET_NAME = "iqn.2026-03.com.example:tape";
/** TSIH of its sessions. */
export const TSIH = 0x1234;

/** What the target answers to an offer, unless told otherwise: RFC 7143's defaults, with immediate data. */
const KEYS: Readonly<Record<string, string>> = {
  HeaderDigest: "None",
  DataDigest: "None",
  MaxConnections: "1",
  InitialR2T: "Yes",
  ImmediateData: "Yes",
  MaxRecvDataSegmentLength: "8192",
  MaxBurstLength: "262144",
  FirstBurstLength: "65536",
  DefaultTime2Wait: "2",
  DefaultTime2Retain: "20",
  MaxOutstandingR2T: "1",
  DataPDUInOrder: "Yes",
  DataSequenceInOrder: "Yes",
  ErrorRecoveryLevel: "0",
};

/** A session of the library, from the wire: its dialer ends here, its clock is this test's, and a test is the target. */
export class WireTarget {
  readonly clock = new VirtualClock();
  readonly connections: WireConnection[] = [];
  /** Where each connection was dialed to. */
  readonly dialed: NetworkAddress[] = [];
  expCmdSn = 1;
  maxCmdSn = 1;
  window: number;
  keys: Readonly<Record<string, string>>;
  readonly #options: WireTargetOptions;
  #session: Session | undefined;

  constructor(options: WireTargetOptions = {}) {
    const { keys = {}, window = 32 } = options;
    this.#options = options;
    this.keys = { ...KEYS, ...keys };
    this.window = window;
  }

  /** The newest connection. */
  get wire(): WireConnection {
    return this.connections[this.connections.length - 1];
  }

  get session(): Session {
    assert.ok(this.#session, "there is no session yet");
    return this.#session;
  }

  /** Why nobody can connect, if nobody can. */
  unreachable: Error | undefined;

  readonly dial: Dialer = (address): Promise<ByteStream> => {
    if (this.unreachable) return Promise.reject(this.unreachable);
    const connection = new WireConnection(this, this.#options.statSn ?? 100);
    this.connections.push(connection);
    this.dialed.push(address);
    return Promise.resolve(connection.stream);
  };

  count(cmdSn: number): void {
    if (cmdSn !== this.expCmdSn >>> 0) return;
    this.expCmdSn = (cmdSn + 1) >>> 0;
    this.maxCmdSn = (this.expCmdSn + this.window - 1) >>> 0;
  }

  /** The options with which a session reaches this target. */
  get sessionOptions(): SessionOptions {
    return {
      portal: "10.0.0.5:3260",
      targetName: TARGET_NAME,
      initiatorName: "iqn.2026-03.com.example:initiator",
      dial: this.dial,
      clock: this.clock,
      dataDigest: "none",
      keepalive: false,
      ...this.#options.session,
    };
  }

  /** Begins to connect; the login is the test's. */
  connect(): Promise<Session> {
    const connecting = Session.connect(this.sessionOptions);
    connecting.catch(() => {}); // Tests look at it later.
    return connecting;
  }

  /** Connects and logs in. */
  async logIn(): Promise<void> {
    const connecting = this.connect();
    await this.answerLogin(1);
    this.#session = await connecting;
  }

  /** The `count`-th connection to this target, once it is dialed. */
  async connection(count: number): Promise<WireConnection> {
    for (let turns = 0; turns < 200 && this.connections.length < count; turns++) await turn();
    assert.ok(this.connections.length >= count, "connections dialed");
    return this.connections[count - 1];
  }

  /** Answers the login of the `count`-th connection to this target. */
  async answerLogin(count: number): Promise<void> {
    const wire = await this.connection(count);
    const first = await wire.next(Op.LoginRequest);
    this.expCmdSn = count === 1 ? first.cmdSn : this.expCmdSn;
    this.maxCmdSn = (this.expCmdSn + this.window - 1) >>> 0;
    const text = keysText({ TargetPortalGroupTag: "1" }) + this.answersTo(first);
    wire.loginResponse(first, text, { flags: FINAL | 1 << 2 | 3, tsih: TSIH });
    wire.stream.digests = {
      header: first.keys.HeaderDigest?.includes(this.keys.HeaderDigest) === true &&
        this.keys.HeaderDigest === "CRC32C",
      data: first.keys.DataDigest?.includes(this.keys.DataDigest) === true &&
        this.keys.DataDigest === "CRC32C",
    };
    await turn();
  }

  /** The target's values for what a Login Request offers. */
  answersTo(request: WirePdu): string {
    const { unanswered = [] } = this.#options;
    const offered = Object.keys(request.keys)
      .filter((key) => key in this.keys && !unanswered.includes(key));
    return keysText(Object.fromEntries(offered.map((key) => [key, this.keys[key]])));
  }

  /** Has the session execute a command. */
  execute(
    cdb: readonly number[],
    options: Omit<ScsiCommand, "cdb"> & { readonly lun?: number | bigint } = {},
  ): Execution {
    const { lun = 0, ...command } = options;
    const abort = new AbortController();
    const unit = this.session.logicalUnit(lun);
    const result = unit.execute({ signal: abort.signal, ...command, cdb: new Uint8Array(cdb) });
    const execution: Execution = {
      result,
      outcome: undefined,
      cancel: (reason) => abort.abort(reason),
    };
    result.then(
      (result) => execution.outcome = { result },
      (error) => execution.outcome = { error },
    );
    return execution;
  }

  /** Has the session execute a command, and takes its PDU. */
  async begin(
    cdb: readonly number[],
    options: Omit<ScsiCommand, "cdb"> & { readonly lun?: number | bigint } = {},
  ): Promise<{ execution: Execution; pdu: WirePdu }> {
    const execution = this.execute(cdb, options);
    return { execution, pdu: await this.wire.next(Op.Command) };
  }

  /** Lets time pass, and everything happen that comes of it: a second at a time, as what is sent takes turns too. */
  async advance(ms: number): Promise<void> {
    await turn();
    for (let left = ms; left > 0; left -= 1000) {
      this.clock.advance(Math.min(left, 1000));
      await turn();
    }
  }

  /** Cuts all connections and waits for the end of the session. */
  async end(): Promise<void> {
    for (const { stream } of this.connections) stream.cut();
    await turn();
    await this.#session?.close();
  }
}

/** Runs a test in a session with a target that is the test's own. */
export async function withSession(
  options: WireTargetOptions,
  use: (target: WireTarget, wire: WireConnection) => Promise<void>,
): Promise<void> {
  const target = new WireTarget(options);
  await withTarget(target, async () => {
    await target.logIn();
    await use(target, target.wire);
  });
}

/** Runs a test with a target to which it connects by itself. */
export async function withTarget(target: WireTarget, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } finally {
    await target.end();
  }
}
