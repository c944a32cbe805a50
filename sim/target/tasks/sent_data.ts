/**
 * Which bytes of a command's data went out under which DataSN, so that a Data-In PDU can be sent again (RFC 7143
 * §11.16). Kept at error recovery level 1 and above only.
 *
 * @module
 */

/** A place in the Data-In of one command: a PDU that begins there carries this DataSN, counted from the first Data-In. */
export interface DataInPlace {
  /** Bytes from the beginning of the data. */
  readonly offset: number;
  /** Data-In PDUs before it. */
  readonly dataSn: number;
}

/** A run of PDUs that were cut to the same length. */
interface Run extends DataInPlace {
  readonly segmentBytes: number;
}

/** Where the Data-In PDU that begins at `offset` ends: segments are as long as they may be, and end with their burst. */
export function segmentEnd(
  offset: number,
  dataBytes: number,
  segmentBytes: number,
  burstBytes: number,
): number {
  const burstEnd = offset - offset % burstBytes + burstBytes;
  return Math.min(offset + segmentBytes, burstEnd, dataBytes);
}

/** The Data-In of one command as it was cut. */
export class SentData {
  /** Everything before it has been acknowledged (DataACK), and will not be asked for again. */
  #acknowledged: DataInPlace = { offset: 0, dataSn: 0 };
  #runs: Run[] = [];

  get acknowledged(): DataInPlace {
    return this.#acknowledged;
  }

  /** The PDU at `place` is cut to at most `segmentBytes`. */
  sending({ offset, dataSn }: DataInPlace, segmentBytes: number): void {
    if (this.#runs.at(-1)?.segmentBytes === segmentBytes) return;
    this.#runs.push({ offset, dataSn, segmentBytes });
  }

  /** Where the PDU with this number began, and how long it was at most; all before it must have been sent. */
  placeOf(dataSn: number, dataBytes: number, burstBytes: number): Run {
    // Nothing was sent since the last acknowledgement: only that place can be meant.
    const run = this.#runs.findLast((one) => one.dataSn <= dataSn) ??
      { ...this.#acknowledged, segmentBytes: 0 };
    const { segmentBytes } = run;
    let { offset } = run;
    for (let sn = run.dataSn; sn < dataSn; sn++) {
      offset = segmentEnd(offset, dataBytes, segmentBytes, burstBytes);
    }
    return { offset, dataSn, segmentBytes };
  }

  /** The initiator has everything before `place`. */
  acknowledge({ offset, dataSn }: DataInPlace): void {
    this.#acknowledged = { offset, dataSn };
  }

  /** What was not acknowledged is going to be cut anew. */
  restart(): DataInPlace {
    this.#runs = [];
    return this.#acknowledged;
  }
}
