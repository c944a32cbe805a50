import type { LibraryPersonalityName, TapePersonalityName } from "../../sim/mod.ts";

/** The models of drive, by the names that the simulator has for them, without loading it. */
const DRIVES: Readonly<Record<Exclude<TapePersonalityName, "generic">, true>> = {
  "ibm-ult3580-td5": true,
  "ibm-ult3580-td6": true,
  "ibm-ult3580-td7": true,
  "ibm-ult3580-td8": true,
  "ibm-ult3580-td9": true,
  "hp-ultrium-5": true,
  "hp-ultrium-6": true,
  "quantum-dlt8000": true,
};

/** The models of library. */
const LIBRARIES: Readonly<Record<Exclude<LibraryPersonalityName, "generic">, true>> = {
  "stk-l700": true,
  "aws-gateway-vtl": true,
};

/** A name that `--personality` takes; `generic` is the same for drive and library: nobody's. */
export type PersonalityName = TapePersonalityName | LibraryPersonalityName;

/** All of them. */
export const PERSONALITY_NAMES: readonly PersonalityName[] = [
  "generic",
  ...Object.keys(DRIVES) as (keyof typeof DRIVES)[],
  ...Object.keys(LIBRARIES) as (keyof typeof LIBRARIES)[],
];

/** Whether it names a model of library. */
export function isLibraryName(name: PersonalityName): name is keyof typeof LIBRARIES {
  return name in LIBRARIES;
}

/** Whether it names a model of drive. */
export function isDriveName(name: PersonalityName): name is keyof typeof DRIVES {
  return name in DRIVES;
}
