/**
 * Which library a simulated one passes for: identity and element addresses of real products, as data.
 *
 * @module
 */

import type { ElementType } from "../../scsi/element/element_type.ts";

/** A model of library. */
export interface LibraryPersonality {
  /** T10 vendor identification, up to 8 characters. */
  readonly vendor: string;
  /** Product identification, up to 16 characters. */
  readonly product: string;
  /** Product revision level, up to 4 characters. */
  readonly revision: string;
  /** Address of the first element of each type; the others follow it. */
  readonly addresses: Readonly<Record<ElementType, number>>;
}

/** Names of the {@link libraryPersonalities}. */
export type LibraryPersonalityName = "generic" | "stk-l700" | "aws-gateway-vtl";

/**
 * The models by name. `generic` is nobody's; the others carry the identity of the product that they are named after. A
 * Tape Gateway has more slots than fit between an L700's addresses, so that its own are made up.
 */
export const libraryPersonalities: Readonly<Record<LibraryPersonalityName, LibraryPersonality>> = {
  "generic": {
    vendor: "UISCSI",
    product: "Virtual Library",
    revision: "0100",
    addresses: { transport: 1, drive: 256, importExport: 768, storage: 4096 },
  },
  "stk-l700": {
    vendor: "STK",
    product: "L700",
    revision: "0104",
    addresses: { transport: 0, importExport: 10, drive: 500, storage: 1000 },
  },
  "aws-gateway-vtl": {
    vendor: "AWS",
    product: "Gateway-VTL",
    revision: "0100",
    addresses: { transport: 0, drive: 1, storage: 1000, importExport: 10000 },
  },
};
