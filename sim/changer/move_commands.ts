/**
 * What moves in a simulated library: MOVE MEDIUM, EXCHANGE MEDIUM, POSITION TO ELEMENT, INITIALIZE ELEMENT STATUS, the
 * door of the import/export elements (SMC-3 §6).
 *
 * @module
 */

import { readU16 } from "../../scsi/big_endian.ts";
import type { Task } from "../device_server.ts";
import { Conditions, failed, GOOD, invalidField, type Outcome } from "../tape/conditions.ts";
import { CONTROL, plainUsage, type UnitCommand } from "../unit/unit_command.ts";
import type { Cartridge } from "./cartridge.ts";
import { ChangerConditions, type ChangerState } from "./changer_state.ts";
import { cartridgeIn, type SimulatedElement } from "./library_element.ts";

type Command = UnitCommand<ChangerState>;

const ADDRESS = [0xff, 0xff] as const;
const PREVENT = 0x03;
const ACTION_CODE = 0x1f;
const OPEN = 0;
const CLOSE = 1;
const RANGE = 0x01;
const FAST = 0x02;
const RANGE_USAGE = [RANGE | FAST, ...ADDRESS, 0, 0, ...ADDRESS, 0, CONTROL];

/** The commands. Cartridges are never turned over: INVERT is refused. */
export const MOVE_COMMANDS: readonly Command[] = [
  {
    opcode: 0xa5,
    usage: [0, ...ADDRESS, ...ADDRESS, ...ADDRESS, 0, 0, 0, CONTROL],
    needsReady: true,
    execute: (state, { cdb }) => move(state, cdb),
  },
  {
    opcode: 0xa6,
    usage: [0, ...ADDRESS, ...ADDRESS, ...ADDRESS, ...ADDRESS, 0, CONTROL],
    needsReady: true,
    execute: (state, { cdb }) => exchange(state, cdb),
  },
  {
    opcode: 0x2b,
    usage: [0, ...ADDRESS, ...ADDRESS, 0, 0, 0, CONTROL],
    needsReady: true,
    execute: (state, { cdb }) =>
      wrongArm(state, cdb) ?? (at(state, cdb, 4) ? GOOD : failed(ChangerConditions.invalidElement)),
  },
  { opcode: 0x01, usage: plainUsage(6), needsReady: true, execute: () => GOOD },
  { opcode: 0x07, usage: plainUsage(6), needsReady: true, execute: () => GOOD },
  { opcode: 0x37, usage: RANGE_USAGE, needsReady: true, execute: initializeRange },
  { opcode: 0xe7, usage: RANGE_USAGE, needsReady: true, execute: initializeRange },
  { opcode: 0x1b, usage: [0, ...ADDRESS, ACTION_CODE, CONTROL], execute: openClose },
  { opcode: 0x1e, usage: [0, 0, 0, PREVENT, CONTROL], execute: preventAllow },
];

function at({ elements }: ChangerState, cdb: Uint8Array, byte: number) {
  return elements.at(readU16(cdb, byte));
}

/** Address 0 stands for whichever arm; another has to be one. */
function wrongArm(state: ChangerState, cdb: Uint8Array): Outcome | undefined {
  if (readU16(cdb, 2) === 0 || at(state, cdb, 2)?.type === "transport") return undefined;
  return failed(ChangerConditions.invalidElement);
}

/** An element that holds cartridges; an arm does not. */
function holder(state: ChangerState, cdb: Uint8Array, byte: number): SimulatedElement | undefined {
  const element = at(state, cdb, byte);
  return element?.type === "transport" ? undefined : element;
}

function move(state: ChangerState, cdb: Uint8Array): Outcome {
  const source = holder(state, cdb, 4);
  const destination = holder(state, cdb, 6);
  if (source === undefined || destination === undefined) {
    return failed(ChangerConditions.invalidElement);
  }
  const refused = wrongArm(state, cdb) ?? notToBeTaken(state, source) ?? shut(destination);
  if (refused !== undefined) return refused;
  if (source === destination) return GOOD;
  if (cartridgeIn(destination) !== undefined) return failed(ChangerConditions.destinationFull);
  const { cartridge, outcome } = take(source);
  put(destination, cartridge, lastSlot(source));
  return outcome;
}

function exchange(state: ChangerState, cdb: Uint8Array): Outcome {
  const source = holder(state, cdb, 4);
  const first = holder(state, cdb, 6);
  const second = holder(state, cdb, 8);
  if (source === undefined || first === undefined || second === undefined || source === first) {
    return failed(ChangerConditions.invalidElement);
  }
  const refused = wrongArm(state, cdb) ?? notToBeTaken(state, source) ??
    notToBeTaken(state, first) ?? shut(second);
  if (refused !== undefined) return refused;
  if (second !== source && cartridgeIn(second) !== undefined) {
    return failed(ChangerConditions.destinationFull);
  }
  const one = take(source);
  const other = take(first);
  const otherSlot = lastSlot(first);
  put(first, one.cartridge, lastSlot(source));
  put(second, other.cartridge, otherSlot);
  return one.outcome.condition === undefined ? other.outcome : one.outcome;
}

/** Why the arm cannot take a cartridge from an element. */
function notToBeTaken(state: ChangerState, element: SimulatedElement): Outcome | undefined {
  if (cartridgeIn(element) === undefined) return failed(ChangerConditions.sourceEmpty);
  if (element.drive?.removalPrevented) return failed(Conditions.removalPrevented);
  if (state.requireUnload && element.drive?.holdsFast) {
    return failed(ChangerConditions.driveHoldsMedium);
  }
  return shut(element);
}

/** The arm has no access to what is open to the operator. */
function shut({ open }: SimulatedElement): Outcome | undefined {
  return open ? failed(ChangerConditions.notAccessible) : undefined;
}

/** The cartridge, out of its element; a tape that could not be written back is a hardware error, and moves all the same. */
function take(element: SimulatedElement): { cartridge: Cartridge; outcome: Outcome } {
  const { drive } = element;
  if (drive === undefined) {
    const cartridge = element.cartridge as Cartridge;
    element.cartridge = undefined;
    element.placedByOperator = false;
    return { cartridge, outcome: GOOD };
  }
  const { cartridge, failure } = drive.remove();
  return {
    cartridge: cartridge as Cartridge,
    outcome: failure === undefined ? GOOD : failed(Conditions.internalFailure),
  };
}

/** SOURCE STORAGE ELEMENT ADDRESS (SMC-3 §6.11): the slot that the cartridge of an element was in last. A drive is none. */
function lastSlot({ type, address, source }: SimulatedElement): number | undefined {
  return type === "drive" ? source : address;
}

function put(element: SimulatedElement, cartridge: Cartridge, source: number | undefined): void {
  element.source = source;
  element.placedByOperator = false;
  if (element.drive === undefined) element.cartridge = cartridge;
  else element.drive.insert(cartridge);
}

function initializeRange(state: ChangerState, { cdb }: Task): Outcome {
  if ((cdb[1] & RANGE) === 0 || at(state, cdb, 2) !== undefined) return GOOD;
  return failed(ChangerConditions.invalidElement);
}

function openClose(state: ChangerState, { cdb }: Task): Outcome {
  const element = at(state, cdb, 2);
  if (element?.type !== "importExport") return failed(ChangerConditions.invalidElement);
  const action = cdb[4] & ACTION_CODE;
  if (action !== OPEN && action !== CLOSE) return invalidField(4, 4);
  if (action === OPEN && state.preventing.size > 0) return failed(Conditions.removalPrevented);
  const wasOpen = element.open;
  element.open = action === OPEN;
  if (wasOpen && !element.open) state.attentions.raise(ChangerConditions.importExportAccessed);
  return GOOD;
}

/** Each nexus prevents for itself (SPC-5 §6.19). */
function preventAllow({ preventing }: ChangerState, { cdb, nexus }: Task): Outcome {
  const prevent = cdb[4] & PREVENT;
  if (prevent > 1) return invalidField(4, 1);
  if (prevent === 1) preventing.add(nexus);
  else preventing.delete(nexus);
  return GOOD;
}
