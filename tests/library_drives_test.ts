import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { findLibraryDrives } from "../library_drives.ts";
import { IscsiError } from "../iscsi/errors.ts";
import { withLibrary } from "./changer/library_fixture.ts";

for (const layout of ["lun", "target"] as const) {
  Deno.test(`findLibraryDrives() tells the address of each drive: layout ${layout}`, () =>
    withLibrary({ drives: 3 }, async (fixture) => {
      const changer = await fixture.openChanger();
      const { dial } = fixture.target;
      const drives = await findLibraryDrives(changer, ["simulator", "simulator:3260"], { dial });
      deepStrictEqual(
        drives.map(({ address }) => address),
        [0, 1, 2].map((number) => fixture.driveUrl(number)),
      );
      strictEqual(fixture.target.sessions().length, 1);
    }, layout));
}

Deno.test("findLibraryDrives() leaves the address out where no drive is known to be the one", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    await withLibrary({ serialNumber: "OTHERLIB01", deviceIds: "none" }, async (other) => {
      const { dial } = other.target;
      const drives = await findLibraryDrives(changer, ["simulator"], { dial });
      // Drives of another library, which sit at the same element addresses.
      deepStrictEqual(drives.map(({ address, matchedBy }) => [address, matchedBy]), [
        [undefined, undefined],
        [undefined, undefined],
      ]);
    });
  }));

Deno.test("findLibraryDrives() fails when a target does not answer that may have a drive", () =>
  withLibrary({ drives: 2 }, async (fixture) => {
    const changer = await fixture.openChanger();
    let dials = 0;
    // The discovery, the changer's target, the first drive's, and its login again.
    for (const broken of [3, 4]) {
      dials = 0;
      const find = findLibraryDrives(changer, ["simulator"], {
        dial: async (...args) => {
          const stream = await fixture.target.dial(...args);
          if (++dials === broken) stream.close();
          return stream;
        },
      });
      await rejects(find, IscsiError, `dial ${broken}`);
    }
    strictEqual(fixture.target.sessions().length, 1);
  }, "target"));
