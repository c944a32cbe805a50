/** Strangers by the thousand at the port of `tape serve`, beside a session that is at work. */

import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { BHS_LENGTH, DATA_SEGMENT_LENGTH } from "../../iscsi/pdu/bhs.ts";
import { openTape, type TapeDrive } from "../../mod.ts";
import { writeU24 } from "../../scsi/big_endian.ts";
import { TapeServer } from "../interop/harness/tape_server.ts";

/** Strangers that come at once, before the session has its turn. */
const TOGETHER = 50;
/** Records that the session writes each turn. */
const RECORDS = 4;
const RECORD_BYTES = 20_000;
const LOGIN_REQUEST = 0x43;
/** What a stranger with a giant PDU sends of it. */
const GIANT_BYTES = 256 * 1024;

/** What a flood has done. */
export interface FloodReport {
  /** Strangers that connected. */
  readonly strangers: number;
  /** Of these, those that the server has closed by the end. */
  readonly closed: number;
  /** Records that the session has written and read again meanwhile. */
  readonly records: number;
  /** Bytes of memory that the server held at most, beyond those before the flood. */
  readonly growthBytes: number;
}

type Stranger = (socket: Socket, random: () => number) => void;

/** The kinds of strangers. All stay until the server ends them, or all is over. */
const STRANGERS: readonly Stranger[] = [
  /* Says nothing. */ () => {},
  /* Says half of a login. */ (socket) => socket.write(loginHeader(0).subarray(0, BHS_LENGTH / 2)),
  /* Announces a text, and says nothing of it. */ (socket) => socket.write(loginHeader(4000)),
  /* Announces the longest data segment there is, and sends of it. */ (socket) => {
    socket.write(loginHeader(0xffffff));
    socket.write(new Uint8Array(GIANT_BYTES));
  },
  /* Says anything. */ (socket, random) =>
    socket.write(Uint8Array.from({ length: 1 + random() * 3000 }, () => random() * 256)),
];

/**
 * Lets `count` strangers in, and one in ten of them says a byte at each turn of a session that writes meanwhile and
 * must read, at the end, all that it wrote. After it all, somebody else must be able to log in.
 *
 * @throws {Error} when the session, or the login after it, fails.
 */
export async function soakFlood(count: number, random: () => number): Promise<FloodReport> {
  const server = await TapeServer.start([]);
  const crowd = new Crowd(server.port, random);
  try {
    const drive = await openTape(server.url, { recovery: "none" });
    try {
      await turn(drive, 0);
      const base = residentBytes(server.pid);
      let peak = base;
      let turns = 1;
      while (crowd.size < count) {
        await crowd.grow(Math.min(TOGETHER, count - crowd.size));
        crowd.dribble();
        await turn(drive, turns++);
        peak = Math.max(peak, residentBytes(server.pid));
      }
      await readAll(drive, turns);
      await (await openTape(server.url, { recovery: "none" })).close();
      const growthBytes = peak - base;
      return { strangers: crowd.size, closed: crowd.closed, records: turns * RECORDS, growthBytes };
    } finally {
      await drive.close();
    }
  } finally {
    await crowd.leave();
    await server.stop();
  }
}

async function turn(drive: TapeDrive, number: number): Promise<void> {
  for (let record = 0; record < RECORDS; record++) await drive.write(contents(number, record));
  await drive.writeFilemarks();
}

async function readAll(drive: TapeDrive, turns: number): Promise<void> {
  await drive.rewind();
  let number = 0;
  for await (const file of drive.files()) {
    let record = 0;
    for await (const data of file.records()) {
      const expected = contents(number, record++);
      if (data.length !== RECORD_BYTES || data.some((byte, at) => byte !== expected[at])) {
        throw new Error(`Record ${record} of file ${number} is not what was written`);
      }
    }
    if (record !== RECORDS) throw new Error(`File ${number} has ${record} records`);
    number++;
  }
  if (number !== turns) throw new Error(`Read ${number} files of ${turns}`);
}

function contents(turn: number, record: number): Uint8Array {
  return new Uint8Array(RECORD_BYTES).fill(turn * RECORDS + record);
}

/** Everybody who came. */
class Crowd {
  /** How many the server has closed. */
  closed = 0;
  readonly #port: number;
  readonly #random: () => number;
  readonly #sockets: Socket[] = [];
  readonly #ends: Promise<void>[] = [];

  constructor(port: number, random: () => number) {
    this.#port = port;
    this.#random = random;
  }

  get size(): number {
    return this.#sockets.length;
  }

  /** So many more come, and say what they have to say. */
  async grow(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#join()));
  }

  /** One in ten says another byte. */
  dribble(): void {
    for (let at = 0; at < this.#sockets.length; at += 10) {
      if (this.#sockets[at].writable) this.#sockets[at].write(new Uint8Array(1));
    }
  }

  async leave(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#ends);
  }

  #join(): Promise<void> {
    const kind = STRANGERS[this.#sockets.length % STRANGERS.length];
    const socket = connect(this.#port, "127.0.0.1");
    this.#sockets.push(socket);
    // A connection that the server resets is closed, and no more.
    socket.on("error", () => {});
    socket.resume();
    this.#ends.push(
      new Promise((resolve) =>
        socket.once("close", () => {
          this.closed++;
          resolve();
        })
      ),
    );
    return new Promise((resolve) => {
      socket.once("close", () => resolve());
      socket.once("connect", () => {
        kind(socket, this.#random);
        resolve();
      });
    });
  }
}

/** Of a Login Request (RFC 7143 §11.12) to full feature phase, with so many bytes of text to follow. */
function loginHeader(textBytes: number): Uint8Array {
  const header = new Uint8Array(BHS_LENGTH);
  header[0] = LOGIN_REQUEST;
  header[1] = 0x87;
  writeU24(header, DATA_SEGMENT_LENGTH, textBytes);
  header.set([0x80, 0, 0, 1, 0, 1], 8);
  return header;
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
}
