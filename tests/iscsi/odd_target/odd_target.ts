/** A target that takes every freedom that RFC 7143 gives, step by step as it is told to. */

import type { LoginRequest, LoginResponse } from "../../../iscsi/pdu/login.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { onNewConnection } from "../../../iscsi/negotiation/negotiate.ts";
import type { ByteStream, Dialer } from "../../../transport/byte_stream.ts";
import { concat } from "../../../transport/concat.ts";
import { loopback } from "../../../transport/loopback.ts";
import { pick } from "../walk/walk_settings.ts";
import type { SpoiledLogin } from "./login_mistakes.ts";
import { OddConnection, type Received } from "./odd_connection.ts";
import { OddLogin, shuffled } from "./odd_login.ts";
import { OddSession, type OddSessionParts } from "./odd_session.ts";

const NOT_AUTHENTICATED = 0x0201;
const MOVED = 0x0101;

/** Bytes come in pieces of any size. */
class PiecewiseStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #room: () => number;

  constructor(stream: ByteStream, room: () => number) {
    this.#stream = stream;
    this.#room = room;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#stream.read(into.subarray(0, Math.min(into.length, this.#room())));
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    return this.#stream.write(chunks);
  }

  close(): void {
    this.#stream.close();
  }
}

export class OddTarget {
  readonly connections: OddConnection[] = [];
  /** The session of the last leading login. */
  session: OddSession | undefined;
  readonly #parts: OddSessionParts;
  readonly #logins = new Map<OddConnection, OddLogin>();
  /** Answers to Login Requests that are due. */
  readonly #due = new Map<OddConnection, () => void>();
  #lastTsih = 0;
  #hasTurnedAway = false;
  /** Spoils the answer to a login; false when it does not. */
  spoil: ((login: SpoiledLogin) => boolean) | undefined;

  constructor(parts: OddSessionParts) {
    this.#parts = parts;
  }

  readonly dial: Dialer = () => {
    const { random, settings } = this.#parts;
    const [ours, theirs] = loopback({ bufferBytes: 1 << 20 });
    const statSn = this.connections.length === 0 ? settings.statSn : random.uint32();
    this.connections.push(
      new OddConnection(ours, statSn, {
        receive: (connection, received) => this.#receive(connection, received),
        violated: this.#parts.violated,
      }),
    );
    const { chunkBytes } = settings;
    const room = () => chunkBytes === Infinity ? Infinity : 1 + random.below(chunkBytes);
    return Promise.resolve(new PiecewiseStream(theirs, room));
  };

  /** Changes whenever anything passes. */
  get activity(): number {
    return this.connections.reduce((sum, { activity }) => sum + activity, 0);
  }

  /** Says or delivers something; false when there is nothing. */
  step(): boolean {
    const open = this.connections.filter(({ isClosed }) => !isClosed);
    return shuffled(this.#parts.random, open).some((connection) => this.#stepOn(connection));
  }

  #stepOn(connection: OddConnection): boolean {
    const { random, settings } = this.#parts;
    if (connection.hasOutput && random.below(3) === 0) {
      connection.deliver(1 + random.below(random.below(2) === 0 ? 60 : 5000));
      return true;
    }
    const moves = this.#moves(connection);
    if (moves.length > 0) pick(random, moves)();
    const isHasty = random.below(100) < settings.haste;
    const isDelivered = connection.hasOutput && (moves.length === 0 || isHasty);
    if (isDelivered) connection.deliver(Infinity);
    return moves.length > 0 || isDelivered;
  }

  /** Everything that is said is delivered. */
  flush(): void {
    for (const connection of this.connections) connection.deliver(Infinity);
  }

  /** Says nothing more. */
  silence(): void {
    for (const connection of this.connections) connection.isSilent = true;
  }

  /** Closes what is left. */
  close(): void {
    for (const connection of this.connections.splice(0)) connection.close();
    this.#due.clear();
    this.#logins.clear();
  }

  #moves(connection: OddConnection): (() => void)[] {
    const due = this.#due.get(connection);
    if (due) {
      return [() => {
        this.#due.delete(connection);
        due();
      }];
    }
    if (!connection.isFullFeature || connection.isSilent) return [];
    return this.session?.moves(connection) ?? [];
  }

  #receive(connection: OddConnection, received: Received): void {
    const { pdu, data, bhs } = received;
    if (pdu.opcode !== Opcode.LoginRequest) {
      if (!connection.isFullFeature) return this.#parts.violated("no Login Request in a login");
      return this.session!.receive(connection, received);
    }
    if (connection.isFullFeature) return this.#parts.violated("a Login Request after the login");
    if (!pdu || (bhs[0] & 0x40) === 0) {
      this.#parts.violated("a Login Request that is not immediate");
    }
    connection.cid = pdu.cid;
    this.#due.set(connection, () => this.#answerLogin(connection, pdu, data));
  }

  #answerLogin(connection: OddConnection, pdu: LoginRequest, data: Uint8Array): void {
    const { random, settings, violated } = this.#parts;
    const { talksOn } = connection;
    if (talksOn) return this.#talkOn(connection, talksOn);
    const isLeading = pdu.tsih === 0;
    if (isLeading && !this.#hasTurnedAway && random.below(8) === 0) {
      const status = pdu.csg === 1 ? pick(random, [NOT_AUTHENTICATED, MOVED]) : MOVED;
      return this.#turnAway(connection, pdu, status);
    }
    this.#hasTurnedAway = true;
    let login = this.#logins.get(connection);
    if (login === undefined) {
      login = new OddLogin(random, { wantsChap: settings.wantsChap, isLeading }, violated);
      this.#logins.set(connection, login);
    }
    const answer = login.answer(pdu, data);
    const statSn = connection.nextStatSn();
    if (login.isDone && isLeading) this.session = this.#newSession(pdu.cmdSn);
    const numbers = login.isDone || !isLeading
      ? this.session!.numbers()
      : { expCmdSn: pdu.cmdSn, maxCmdSn: pdu.cmdSn };
    const response: LoginResponse = {
      ...answer,
      ...numbers,
      opcode: Opcode.LoginResponse,
      versionMax: 0,
      versionActive: 0,
      isid: pdu.isid,
      tsih: login.isDone ? this.session!.tsih : pdu.tsih,
      itt: pdu.itt,
      statSn,
      statusClass: 0,
      statusDetail: 0,
    };
    const { isDone } = login;
    const before = connection.said;
    connection.said = concat([before, answer.data]);
    const parts = { random, connection, pdu: response, text: answer.data, before };
    const wantsTransit = pdu.transit;
    if (this.spoil?.({ ...parts, wantsTransit, isLast: isDone })) return;
    connection.send(response, answer.data);
    if (login.isDone) this.#enterFullFeature(connection, login, isLeading);
  }

  #talkOn(connection: OddConnection, pdu: LoginResponse): void {
    const data = new Uint8Array(pdu.continue ? 8000 : 0).fill(0x61);
    connection.send({ ...pdu, statSn: connection.nextStatSn() }, data);
  }

  /** Some targets want to hear of AuthMethod first, or are elsewhere. */
  #turnAway(connection: OddConnection, pdu: LoginRequest, status: number): void {
    const text = status === MOVED ? "TargetAddress=[2001:db8::1]:3261,65535\0" : "";
    this.#hasTurnedAway = true;
    connection.send({
      opcode: Opcode.LoginResponse,
      transit: false,
      continue: false,
      csg: pdu.csg,
      nsg: 0,
      versionMax: 0,
      versionActive: 0,
      isid: pdu.isid,
      tsih: 0,
      itt: pdu.itt,
      statSn: connection.nextStatSn(),
      expCmdSn: pdu.cmdSn,
      maxCmdSn: pdu.cmdSn,
      statusClass: status >> 8,
      statusDetail: status & 0xff,
    }, new TextEncoder().encode(text));
    connection.end();
  }

  #newSession(cmdSn: number): OddSession {
    this.#lastTsih = this.#lastTsih % 0xffff + 1;
    return new OddSession(this.#lastTsih, cmdSn, this.#parts);
  }

  #enterFullFeature(connection: OddConnection, login: OddLogin, isLeading: boolean): void {
    const session = this.session!;
    const own = login.negotiation.result;
    const parameters = isLeading ? own : this.#joined(own);
    connection.isFullFeature = true;
    connection.headerDigest = parameters.headerDigest;
    connection.dataDigest = parameters.dataDigest;
    session.join(connection, parameters);
  }

  /** A further connection negotiates what is its own alone. */
  #joined(own: OddSession["parameters"] extends Map<unknown, infer P> ? P : never) {
    const leading = this.session!.parameters.values().next().value!;
    const { headerDigest, dataDigest, maxSendDataSegmentLength, maxReceiveDataSegmentLength } = own;
    return {
      ...onNewConnection(leading),
      ...{ headerDigest, dataDigest, maxSendDataSegmentLength, maxReceiveDataSegmentLength },
    };
  }
}
