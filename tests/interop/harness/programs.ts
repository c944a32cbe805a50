import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Where daemons live that a plain user's PATH may leave out. */
const MORE_PLACES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The Debian package of each program that these tests run. */
const DEBIAN_PACKAGE = {
  tgtd: "tgt",
  tgtadm: "tgt",
  tgtimg: "tgt",
  istgt: "istgt",
  "iscsi-ls": "libiscsi-bin",
  "iscsi-inq": "libiscsi-bin",
  "iscsi-test-cu": "libiscsi-bin",
  "iscsi-perf": "libiscsi-bin",
  "qemu-system-x86_64": "qemu-system-x86",
  cpio: "cpio",
  flac: "flac",
  script: "bsdutils",
  sox: "sox",
  xz: "xz-utils",
  tshark: "tshark",
  "apt-get": "apt",
  "dpkg-deb": "dpkg",
  npm: "npm",
  npx: "npm",
  gcc: "gcc",
} as const;

/** A program that the interoperability tests know how to ask for. */
export type ProgramName = keyof typeof DEBIAN_PACKAGE;

/**
 * The paths of the programs, in order. A missing one fails the test: what was not run is not proven.
 *
 * @throws {Error} that says which packages to install.
 */
export function requirePrograms<const Names extends readonly ProgramName[]>(
  ...names: Names
): { [Index in keyof Names]: string } {
  const paths = names.map(find);
  const missing = names.filter((_, index) => paths[index] === undefined);
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((name) => DEBIAN_PACKAGE[name]))].join(" ");
    throw new Error(
      `Cannot run this test: ${missing.join(", ")} not found; as root: apt-get install -y ` +
        `--no-install-recommends ${packages}`,
    );
  }
  return paths as { [Index in keyof Names]: string };
}

function find(name: string): string | undefined {
  const places = [...(process.env.PATH ?? "").split(delimiter), ...MORE_PLACES];
  return places.map((place) => join(place, name)).find((path) => existsSync(path));
}
