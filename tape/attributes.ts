/**
 * The memory in a cartridge by names and values (SPC-5, medium auxiliary memory).
 *
 * @module
 */

import { readAscii } from "../scsi/ascii.ts";
import { ATTRIBUTE_TABLE, type AttributeFacts, attributeFacts } from "../scsi/attribute_table.ts";
import { isBytes } from "../scsi/bytes.ts";
import { logNumber } from "../scsi/log_pages.ts";
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import {
  type MediumAttribute,
  readAttributes,
  writeAttributes,
} from "../scsi/medium_attributes.ts";
import { count, listOf, object, text, truth } from "../scsi/option_rules.ts";
import { checkGiven } from "./caller_values.ts";
import { BARCODE } from "./cartridge.ts";
import type { DriveWork } from "./drive_work.ts";
import { TapeError } from "./errors.ts";
import { UnsupportedError } from "./feature_errors.ts";
import { ifThere, isMissing, unsupported } from "./feature_support.ts";
import type { OperationOptions } from "./options.ts";

/** An attribute's value: a number, text, or bytes where it is neither. */
export type AttributeValue = number | string | Uint8Array;

/** One attribute of the tape in the drive. */
export interface NamedAttribute {
  /** Its identifier. */
  readonly id: number;
  /** Its name: `barcode`; absent for one that has no name here. */
  readonly name?: string;
  /** Whether the host may write it. */
  readonly writable: boolean;
  /** Its value; absent where it has none, or the drive does not know it (all ones). */
  readonly value?: AttributeValue;
  /** What a number counts, where it counts something: `MiB`. */
  readonly unit?: string;
}

/** Options of reading attributes. */
export interface AttributeOptions extends OperationOptions {
  /** Partition whose attributes are meant, 0 to 255. @default 0 */
  readonly partition?: number;
}

/** Options of writing attributes. */
export interface SetAttributeOptions extends AttributeOptions {
  /**
   * Allows attributes that other software relies on (LTFS's volume coherency and lock). A wrong value there makes
   * a volume unreadable for that software. @default false
   */
  readonly unsafe?: boolean;
}

/** What LTFS keeps there: a wrong value makes it refuse the volume. */
const RELIED_ON: readonly number[] = [0x080c, 0x1623];
const TEXT_LOCALIZATION = 0x0805;
const UTF_8 = 0x81;

/** The attributes of the tape in a drive. `drive.attributes` is one. Every method may throw what {@link TapeDrive} says, too. */
export class TapeAttributes {
  readonly #work: DriveWork;

  /**
   * Made by the drive.
   *
   * @internal
   */
  constructor(work: DriveWork) {
    this.#work = work;
  }

  /**
   * All attributes that have a value.
   *
   * @throws {UnsupportedError} when the drive cannot reach a memory in the tape, or the tape has no such partition.
   */
  list(options: AttributeOptions = {}): Promise<NamedAttribute[]> {
    return this.#read(options, (attributes) => attributes.map(nameAttribute));
  }

  /**
   * One attribute's value by its name or identifier; `undefined` when it has none.
   *
   * @throws {UnsupportedError} when the drive cannot reach a memory in the tape, or the tape has no such partition.
   * @throws {TapeError} of kind `invalid-argument` for a name that there is not.
   */
  async get(
    which: string | number,
    options: AttributeOptions = {},
  ): Promise<AttributeValue | undefined> {
    const id = idOf(which);
    return await this.#read(options, (attributes) => {
      const found = attributes.find((each) => each.id === id);
      return found && nameAttribute(found).value;
    });
  }

  /**
   * Writes attributes, all or none. Text beyond ASCII is written in UTF-8, and the attribute that says so along with it.
   *
   * @param values Values by name.
   * @throws {TapeError} of kind `invalid-argument` for a name that there is not, that the host may not write, or that is not safe to write; for a value that
   * does not fit. Nothing is sent then. Of kind `illegal-request` when the drive refuses it.
   * @throws {UnsupportedError} when the drive cannot reach a memory in the tape, or the tape has no such partition.
   */
  async set(
    values: Readonly<Record<string, AttributeValue>>,
    options: SetAttributeOptions = {},
  ): Promise<void> {
    const { unsafe = false } = options;
    checkGiven({ unsafe, values }, { unsafe: truth, values: object });
    const attributes = Object.entries(values).map(([name, value]) =>
      encodeAttribute(writableFacts(name, unsafe), value)
    );
    const isBeyondAscii = attributes.some(({ format, value }) =>
      format === "text" && value.some((byte) => byte > 0x7f)
    );
    if (isBeyondAscii && !attributes.some(({ id }) => id === TEXT_LOCALIZATION)) {
      attributes.push(encodeAttribute(attributeFacts(TEXT_LOCALIZATION)!, UTF_8));
    }
    await this.#write(attributes, options);
  }

  /** Deletes attributes. Throws as `set()`. */
  async remove(names: readonly string[], options: SetAttributeOptions = {}): Promise<void> {
    const { unsafe = false } = options;
    checkGiven({ unsafe, names }, { unsafe: truth, names: listOf(text) });
    const attributes = names.map((name) => {
      const { id, format } = writableFacts(name, unsafe);
      return { id, readOnly: false, format, value: new Uint8Array(0) };
    });
    await this.#write(attributes, options);
  }

  /** The names of the attributes that `set()` takes without `unsafe`. */
  get writableNames(): string[] {
    return ATTRIBUTE_TABLE.filter(isSafe).map(({ name }) => name);
  }

  #read<T>(
    options: AttributeOptions,
    use: (attributes: readonly MediumAttribute[]) => T,
  ): Promise<T> {
    const { signal } = options;
    return this.#work.run(
      async () => use(await this.#ofPartition(options, readAttributes)),
      signal,
    );
  }

  #write(attributes: readonly MediumAttribute[], options: AttributeOptions): Promise<void> {
    const { signal } = options;
    return this.#work.run(async () => {
      await this.#ofPartition(options, (unit, which) => writeAttributes(unit, attributes, which));
      if (attributes.some(({ id }) => id === BARCODE)) {
        await this.#work.session.learnCartridge(signal);
      }
    }, signal);
  }

  /** A drive refuses a partition that there is not as it does a memory that there is not: the first partition tells them apart. */
  async #ofPartition<T>(
    { partition = 0, signal }: AttributeOptions,
    operation: (unit: LogicalUnit, which: WhichPartition) => Promise<T>,
  ): Promise<T> {
    const { device } = this.#work.session;
    checkGiven({ partition }, { partition: count(0, 0xff) });
    try {
      return await device.consult((unit) => operation(unit, { partition, signal }));
    } catch (error) {
      if (!isMissing(error)) throw error;
      const ask = (unit: LogicalUnit) => readAttributes(unit, { signal });
      if (partition === 0 || await ifThere(device, ask) === undefined) {
        throw unsupported(device, MEMORY, error);
      }
      throw new UnsupportedError(
        "partitions",
        `Cannot use the attributes of partition ${partition} on ${device.name}: the tape has no such partition`,
        { cause: error, command: error.command },
      );
    }
  }
}

const MEMORY = "medium auxiliary memory";

interface WhichPartition {
  readonly partition: number;
  readonly signal: AbortSignal | undefined;
}

function idOf(which: string | number): number {
  if (typeof which === "number") {
    checkGiven({ attribute: which }, { attribute: count(0, 0xffff) });
    return which;
  }
  const facts = attributeFacts(which);
  if (facts !== undefined) return facts.id;
  throw new TapeError(
    "invalid-argument",
    `Cannot find the attribute "${which}": there is none of that name`,
  );
}

function isSafe({ id, owner }: AttributeFacts): boolean {
  return owner === "host" && !RELIED_ON.includes(id);
}

function writableFacts(name: string, unsafe: boolean): AttributeFacts {
  const facts = attributeFacts(idOf(name))!;
  if (isSafe(facts) || (unsafe && facts.owner === "host")) return facts;
  const why = facts.owner === "host" ? "other software relies on it" : "only the drive writes it";
  throw new TapeError("invalid-argument", `Cannot write the attribute "${name}": ${why}`);
}

function nameAttribute(attribute: MediumAttribute): NamedAttribute {
  const { id, readOnly } = attribute;
  const facts = attributeFacts(id);
  const value = decodeValue(attribute, facts);
  return {
    id,
    ...(facts && { name: facts.name }),
    writable: !readOnly,
    ...(value !== undefined && { value }),
    ...(facts?.unit !== undefined && { unit: facts.unit }),
  };
}

function decodeValue(
  { format, value }: MediumAttribute,
  facts: AttributeFacts | undefined,
): AttributeValue | undefined {
  if (value.length === 0) return undefined;
  if (format === "ascii") return readAscii(value, 0, value.length);
  if (format === "text") return decodeText(value);
  const isNumber = value.length <= 8 && (facts?.length ?? value.length) <= 8;
  if (!isNumber) return value;
  return value.every((byte) => byte === 0xff) ? undefined : logNumber({ value }) ?? value;
}

/** C0 and C1 control characters, which must not reach a terminal. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** Text ends at the first NUL; ASCII is the same in UTF-8. */
function decodeText(value: Uint8Array): string {
  const [text] = new TextDecoder().decode(value).split("\0", 1);
  return text.trimEnd().replace(CONTROL, "\ufffd");
}

function encodeAttribute(facts: AttributeFacts, value: AttributeValue): MediumAttribute {
  const { id, format, name, length } = facts;
  const bytes = format === "binary" ? encodeBinary(facts, value) : encodeText(facts, value);
  if (bytes.length <= length) return { id, readOnly: false, format, value: bytes };
  throw new TapeError(
    "invalid-argument",
    `Cannot write the attribute "${name}": ${bytes.length} bytes, at most ${length} fit`,
  );
}

function encodeBinary({ name, length }: AttributeFacts, value: AttributeValue): Uint8Array {
  if (isBytes(value)) return value;
  const fits = typeof value === "number" && Number.isSafeInteger(value) && value >= 0 &&
    value < 256 ** length;
  if (!fits) throw wrongValue(name, `a number of ${length} bytes, or bytes`);
  const bytes = new Uint8Array(length);
  for (let at = length - 1, rest = value; at >= 0; at--, rest = Math.floor(rest / 256)) {
    bytes[at] = rest % 256;
  }
  return bytes;
}

/** ASCII is padded with spaces, text with NULs, to the length that the standard gives (SPC-5, attribute formats). */
function encodeText({ name, format, length }: AttributeFacts, value: AttributeValue): Uint8Array {
  if (typeof value !== "string") throw wrongValue(name, "text");
  const text = new TextEncoder().encode(value);
  const isPlain = text.every((byte) => byte >= 0x20 && byte < 0x7f);
  if (format === "ascii" && !isPlain) throw wrongValue(name, "printable ASCII");
  if (text.length > length) return text;
  const bytes = new Uint8Array(length).fill(format === "ascii" ? 0x20 : 0);
  bytes.set(text);
  return bytes;
}

function wrongValue(name: string, needed: string): TapeError {
  return new TapeError(
    "invalid-argument",
    `Cannot write the attribute "${name}": it takes ${needed}`,
  );
}
