/**
 * The files through which the kernel is told what to do: configfs, and what sysfs tells of it.
 *
 * @module
 */

import { TcmuError } from "../tcmu_error.ts";

/** The file system, as far as configfs and sysfs need one. */
export interface KernelFiles {
  /** Names in a folder; none when there is no such folder. */
  list(path: string): Promise<string[]>;
  /** A text without the end of its last line; undefined when there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Where a symbolic link leads; undefined when there is no such link. */
  linkTarget(path: string): Promise<string | undefined>;
  /** Writes an attribute. @throws {TcmuError} */
  write(path: string, text: string): Promise<void>;
  /** Makes a folder; false when it is there already. @throws {TcmuError} */
  makeFolder(path: string): Promise<boolean>;
  /** Makes a symbolic link. @throws {TcmuError} */
  link(target: string, path: string): Promise<void>;
  /** Removes a folder, or a symbolic link; false when it is not there. @throws {TcmuError} */
  remove(path: string): Promise<boolean>;
}

/** Beside the folders of configfs are files, which have nothing below them. */
const MISSING = [Deno.errors.NotFound, Deno.errors.NotADirectory];

/** The files of this computer. Each call runs in a thread: the kernel may wait for a device that this process serves. */
export const kernelFiles: KernelFiles = {
  async list(path) {
    const names: string[] = [];
    return await unless(MISSING, names, `list ${path}`, async () => {
      for await (const { name } of Deno.readDir(path)) names.push(name);
      return names.sort();
    });
  },
  read: (path) =>
    unless(MISSING, undefined, `read ${path}`, async () => {
      return (await Deno.readTextFile(path)).replace(/\n$/, "");
    }),
  async linkTarget(path) {
    try {
      return await Deno.readLink(path);
    } catch {
      return undefined;
    }
  },
  write: (path, text) =>
    unless([], undefined, `write "${text}" to ${path}`, () =>
      // A file that is not there is an attribute that the kernel does not have.
      Deno.writeTextFile(path, text, { create: false })),
  makeFolder: (path) =>
    unless([Deno.errors.AlreadyExists], false, `make ${path}`, async () => {
      await Deno.mkdir(path);
      return true;
    }),
  link: (target, path) =>
    unless([], undefined, `link ${path} to ${target}`, () => Deno.symlink(target, path)),
  remove: (path) =>
    unless(MISSING, false, `remove ${path}`, async () => {
      await Deno.remove(path);
      return true;
    }),
};

/** What `act` resolves to, or `otherwise` when it fails with the error that is expected. */
async function unless<T>(
  expected: readonly (typeof Deno.errors.NotFound)[],
  otherwise: T,
  doing: string,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (expected.some((one) => cause instanceof one)) return otherwise;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TcmuError(`Cannot ${doing}: ${why}`, { cause });
  }
}
