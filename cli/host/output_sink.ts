import type { ByteSink } from "./host.ts";
import { openOutputFile, type OutputFile } from "./output_file.ts";
import { naming, whenReady } from "./system_call.ts";

/** A file or pipe that takes bytes. */
export class OutputSink implements ByteSink {
  readonly #file: OutputFile;
  readonly #name: string;
  #isOpen = true;
  #takenBytes = 0;

  /** `name` is what it is called in errors. */
  constructor(file: OutputFile, name: string) {
    this.#file = file;
    this.#name = name;
  }

  /** Opens a file. Until {@link clear} or a write it stays as it is, and is not there if it was not. @throws the system's error. */
  static async open(path: string): Promise<OutputSink> {
    try {
      return new OutputSink(await openOutputFile(path), path);
    } catch (error) {
      throw naming(error, "open", path);
    }
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  async clear(): Promise<void> {
    await this.#file.clear();
    this.#takenBytes = 0;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    try {
      while (rest.length > 0) {
        const taken = await whenReady(() => this.#file.write(rest));
        this.#takenBytes += taken;
        rest = rest.subarray(taken);
      }
    } catch (error) {
      throw naming(error, "write", this.#name);
    }
  }

  async sync(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      throw naming(error, "write", this.#name);
    }
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }
}
