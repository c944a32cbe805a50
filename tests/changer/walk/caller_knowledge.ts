import type { WalkLibrary } from "./walk_library.ts";

/** What the caller has been told of the library, and what it has not. */
export class CallerKnowledge {
  /** Somebody put cartridges in or took some out, and the caller has not been told. */
  isUntold = false;
  /** The library may have yet to say so. */
  isPending = false;
  /** What it had to say may be lost, with a connection or in a reset. */
  isDoubted = false;
  /** The operator is kept out. */
  isLocked = false;
  /** Since then the library may have forgotten it, and nothing was sent to it that would tell. */
  isLockDoubted = false;
  /** Address of an element that is worth a try: something has happened there. */
  suspect: number | undefined;
  /** What the caller thinks that is where, by address. */
  readonly #contents = new Map<number, string>();

  /** Somebody has put cartridges in or taken some out. */
  change(): void {
    this.isUntold = this.isPending = true;
  }

  doubt(): void {
    this.isDoubted = this.isLockDoubted = true;
  }

  /** The caller learns that something has changed; with the library, also what is where. */
  tell(library?: WalkLibrary): void {
    this.isUntold = this.isPending = this.isDoubted = false;
    this.#contents.clear();
    for (const { address } of library?.elements() ?? []) {
      this.#contents.set(address, contentsAt(library!, address));
    }
  }

  /** The caller has had a cartridge moved. */
  follow(from: number, to: number): void {
    const contents = this.#contents.get(from);
    this.#contents.delete(from);
    this.#contents.delete(to);
    if (contents !== undefined) this.#contents.set(to, contents);
  }

  /** The caller cannot know any more what is there. */
  forget(address: number): void {
    this.#contents.delete(address);
  }

  /** Whether the caller is certainly right in what he thinks that is there. */
  isSure(library: WalkLibrary, addresses: readonly number[]): boolean {
    return addresses.every((address) =>
      this.#contents.get(address) === contentsAt(library, address)
    );
  }

  /** Whether a cartridge that the caller wants moved may be another one without anybody having told. */
  isMistaken(library: WalkLibrary, sources: readonly number[]): boolean {
    if (!this.isUntold) return false;
    if (!this.isDoubted) return true;
    return sources.some((address) => {
      const known = this.#contents.get(address);
      return known !== undefined && known !== contentsAt(library, address);
    });
  }
}

/** What can be seen of it. */
function contentsAt(library: WalkLibrary, address: number): string {
  const cartridge = library.cartridgeAt(address);
  const { oddities } = library.setting;
  const isHidden = oddities?.tags === "never" || oddities?.tags === "refused";
  return cartridge === undefined ? "empty" : (!isHidden && cartridge.barcode) || "full";
}
