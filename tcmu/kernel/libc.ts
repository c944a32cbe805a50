/**
 * The functions of the C library that a UIO device needs.
 *
 * @module
 */

import { TcmuError } from "../tcmu_error.ts";

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  munmap: { parameters: ["pointer", "usize"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  __errno_location: { parameters: [], result: "pointer" },
  strerror: { parameters: ["i32"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Constants of Linux that are the same on x86-64 and arm64. */
export const Linux = {
  O_RDWR: 0x2,
  O_NONBLOCK: 0x800,
  O_CLOEXEC: 0x80000,
  PROT_READ: 0x1,
  PROT_WRITE: 0x2,
  MAP_SHARED: 0x1,
  POLLIN: 0x1,
} as const;

/** The library. */
export type Libc = Deno.DynamicLibrary<typeof SYMBOLS>;

/** Opens it; whoever does closes it. @throws {TcmuError} when this is no Linux with the GNU C library. */
export function openLibc(): Libc {
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS);
  } catch (cause) {
    throw new TcmuError("Cannot load libc.so.6: TCMU devices need Linux and the GNU C library", {
      cause,
    });
  }
}

/** Why the last call failed, in words. */
export function lastError({ symbols }: Libc): string {
  const location = symbols.__errno_location();
  if (location === null) return "unknown error";
  const number = new Deno.UnsafePointerView(location).getInt32();
  const text = symbols.strerror(number);
  return text === null ? `error ${number}` : new Deno.UnsafePointerView(text).getCString();
}
