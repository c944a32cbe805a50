/**
 * CPU profiles as V8 writes them, summed up by whose code ran.
 *
 * @module
 */

/** What of a `.cpuprofile` file is used here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  /** The node that ran at each sample. */
  readonly samples: readonly number[];
  /** Microseconds from the sample before to each. */
  readonly timeDeltas: readonly number[];
}

/** Whose code it is: the first pattern that matches, over `URL FUNCTION`. */
const OWNERS: readonly [owner: string, pattern: RegExp][] = [
  ["waiting for the target", / \(idle\)$/],
  ["garbage collector", / \(garbage collector\)$/],
  ["sockets, native", / op_(read|write)\w*$/],
  ["sockets, the runtime's JavaScript", /^ext:(deno_net|core\/00|core\/01)\S* (?!lazyLoad|load)/],
  ["`iscsi/pdu/`", /\/iscsi\/pdu\//],
  ["`iscsi/connection/`", /\/iscsi\/connection\//],
  ["`iscsi/`, the rest", /\/iscsi\//],
  ["`scsi/`", /\/scsi\//],
  ["`tape/`", /\/tape\//],
  ["`transport/`", /\/transport\//],
  ["the benchmark", /\/bench\/tape_throughput\.ts /],
];
const OTHER = "start of the process, and other";

/** Microseconds of each owner's own code, in the order of the table above. */
export function microsecondsByOwner(profile: CpuProfile, root: string): Map<string, number> {
  const sums = new Map([...OWNERS.map(([owner]) => owner), OTHER].map((owner) => [owner, 0]));
  const owners = new Map(profile.nodes.map(({ id, callFrame }) => {
    const { functionName, url } = callFrame;
    const place = `${url.replace(root, "/")} ${functionName}`;
    return [id, OWNERS.find(([, pattern]) => pattern.test(place))?.[0] ?? OTHER];
  }));
  for (const [index, id] of profile.samples.entries()) {
    const owner = owners.get(id) ?? OTHER;
    sums.set(owner, (sums.get(owner) ?? 0) + profile.timeDeltas[index]);
  }
  return sums;
}
