/**
 * What a simulated changer tells: READ ELEMENT STATUS, and the search by volume tag (SMC-3 §6.11, §6.13, §6.14).
 *
 * @module
 */

import { readAscii } from "../../scsi/ascii.ts";
import { readU16, readU24 } from "../../scsi/big_endian.ts";
import type { DesignatorInput } from "../../scsi/designator.ts";
import { TAG_TEXT_LENGTH } from "../../scsi/element/element_layout.ts";
import { elementTypeOf } from "../../scsi/element/element_type.ts";
import {
  type ElementStatusInput,
  encodeElementStatus,
} from "../../scsi/element/encode_element_status.ts";
import { encodeSerialNumber } from "../../scsi/vpd.ts";
import type { Task } from "../device_server.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";
import { Conditions, failed, GOOD, invalidField, type Outcome } from "../tape/conditions.ts";
import { CONTROL, type UnitCommand } from "../unit/unit_command.ts";
import type { ChangerState } from "./changer_state.ts";
import { cartridgeIn, type SimulatedElement } from "./library_element.ts";
import { matchesTemplate } from "./volume_tag_template.ts";

type Command = UnitCommand<ChangerState>;

const VOLTAG = 0x10;
const TYPE = 0x0f;
const CURDATA = 0x02;
const DVCID = 0x01;
const ACTION_CODE = 0x1f;
const TAG_LIST_LENGTH = 40;
const ACTION_BYTE = 4;

/** SEND ACTION CODEs that search: which labels they look at. There are no sequence numbers to be heeded. */
const SEARCHES: Readonly<Record<number, "primary" | "alternate" | "both">> = {
  0x00: "both",
  0x01: "primary",
  0x02: "alternate",
  0x04: "both",
  0x05: "primary",
  0x06: "alternate",
};

/** The commands. */
export const STATUS_COMMANDS: readonly Command[] = [
  {
    opcode: 0xb8,
    usage: [VOLTAG | TYPE, 0xff, 0xff, 0xff, 0xff, CURDATA | DVCID, 0xff, 0xff, 0xff, 0, CONTROL],
    needsReady: true,
    access: "read",
    execute: readElementStatus,
  },
  {
    opcode: 0xb6,
    usage: [TYPE, 0xff, 0xff, 0, ACTION_CODE, 0, 0, 0xff, 0xff, 0, CONTROL],
    needsReady: true,
    access: "read",
    dataOutLength: (cdb) => readU16(cdb, 8),
    execute: sendVolumeTag,
  },
  {
    opcode: 0xb5,
    usage: [VOLTAG | TYPE, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0, CONTROL],
    needsReady: true,
    access: "read",
    execute: requestVolumeElementAddress,
  },
];

/** Elements of one type, or of all for type 0, from an address on. */
function chosen(state: ChangerState, cdb: Uint8Array): SimulatedElement[] | Outcome {
  const code = cdb[1] & TYPE;
  const type = elementTypeOf(code);
  if (code !== 0 && type === undefined) return invalidField(1, 3);
  const first = readU16(cdb, 2);
  return state.elements.all.filter((element) =>
    element.address >= first && (type === undefined || element.type === type)
  );
}

function readElementStatus(state: ChangerState, { cdb }: Task): Outcome {
  const deviceIds = (cdb[6] & DVCID) !== 0;
  if (deviceIds && state.deviceIds === "none") return invalidField(6, 0);
  const elements = chosen(state, cdb);
  if (!Array.isArray(elements)) return elements;
  const volumeTags = (cdb[1] & VOLTAG) !== 0;
  const told = elements.slice(0, readU16(cdb, 4)).map((element) => statusOf(state, element));
  const data = encodeElementStatus(told, { volumeTags, deviceIds });
  return { dataIn: cutToAllocation(data, readU24(cdb, 7)) };
}

function statusOf(state: ChangerState, element: SimulatedElement): ElementStatusInput {
  const { type, address, drive, open, placedByOperator } = element;
  const cartridge = cartridgeIn(element);
  const deviceId = drive && deviceIdOf(state, element);
  return {
    type,
    address,
    full: cartridge !== undefined,
    accessible: type !== "transport" && !open && !(state.requireUnload && drive?.holdsFast),
    ...(type === "importExport" && {
      placedByOperator,
      importEnabled: true,
      exportEnabled: true,
    }),
    ...(cartridge !== undefined && {
      mediumType: cartridge.mediumType,
      source: element.source,
      barcode: cartridge.barcode,
      alternateBarcode: cartridge.alternateBarcode,
    }),
    ...(deviceId !== undefined && { deviceId }),
  };
}

/** The drive's identifier, as {@link DeviceIdForm} has it. */
function deviceIdOf(state: ChangerState, { drive }: SimulatedElement): DesignatorInput | undefined {
  if (drive === undefined || state.deviceIds === "none") return undefined;
  const isT10 = state.deviceIds === "t10-vendor";
  const { serialNumber, vendorName } = drive;
  return {
    codeSet: "ascii",
    association: "logical-unit",
    type: isT10 ? "t10-vendor" : "vendor-specific",
    data: encodeSerialNumber(isT10 ? vendorName : serialNumber),
  };
}

function sendVolumeTag(state: ChangerState, { cdb, dataOut, nexus }: Task): Outcome {
  const action = cdb[5] & ACTION_CODE;
  const labels = SEARCHES[action];
  if (labels === undefined) return invalidField(5, 4);
  if (readU16(cdb, 8) !== TAG_LIST_LENGTH || dataOut.length < TAG_LIST_LENGTH) {
    return failed(Conditions.parameterListLength);
  }
  const elements = chosen(state, cdb);
  if (!Array.isArray(elements)) return elements;
  const template = readAscii(dataOut, 0, TAG_TEXT_LENGTH);
  const isMatch = (label?: string) => label !== undefined && matchesTemplate(template, label);
  const found = elements.filter((element) => {
    const cartridge = cartridgeIn(element);
    return (labels !== "alternate" && isMatch(cartridge?.barcode)) ||
      (labels !== "primary" && isMatch(cartridge?.alternateBarcode));
  });
  state.searches.set(nexus, { action, addresses: found.map(({ address }) => address) });
  return GOOD;
}

/** What the last search found, with what is in it now. */
function requestVolumeElementAddress(state: ChangerState, { cdb, nexus }: Task): Outcome {
  const elements = chosen(state, cdb);
  if (!Array.isArray(elements)) return elements;
  const { action, addresses } = state.searches.get(nexus) ?? { action: 0, addresses: [] };
  const told = elements.filter(({ address }) => addresses.includes(address))
    .slice(0, readU16(cdb, 4)).map((element) => statusOf(state, element));
  const data = encodeElementStatus(told, { volumeTags: (cdb[1] & VOLTAG) !== 0 });
  data[ACTION_BYTE] = action;
  return { dataIn: cutToAllocation(data, readU24(cdb, 7)) };
}
