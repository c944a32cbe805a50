/**
 * The seam between the server and the kernel: memory, and who wakes whom.
 *
 * @module
 */

/** Memory that is shared with the kernel. A test brings a plain `ArrayBuffer`. */
export interface SharedRing {
  /** Mailbox, command ring and data. */
  readonly memory: ArrayBuffer;
  /** Waits until the kernel may have put something into the ring; false when it never will again. */
  wait(): Promise<boolean>;
  /** Tells the kernel to look at the answers. */
  notify(): void;
}
