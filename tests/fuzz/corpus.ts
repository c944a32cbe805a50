/** An input that broke something once, or that only a careful reader gets right. */
export interface CorpusEntry {
  /** Name of the fuzz target. */
  readonly target: string;
  /** What is special about it. */
  readonly why: string;
  /** The input in base64, as the fuzzer prints it. */
  readonly input: string;
}

/** Replayed by the ordinary tests. Whatever a fuzzer finds goes here. */
export const CORPUS: readonly CorpusEntry[] = [
  {
    target: "text",
    why: "a portal group tag that is no number came out as NaN",
    input: "VGFyZ2V0TmFtZT0AVGFyZ2V0QWRkcmVzcz0wLGIA",
  },
  {
    target: "pdu",
    why: "the value of a key looks like a key that holds a secret",
    input:
      "JMAA4QD//////wX/////////////////////////////AAAAAAAAAAAAAABqNOEAQXV0aE1ldGhvZD1DSEFQX1I9MHgxMjM0",
  },
];
