/**
 * What the benchmark is made of: parts that measure, and the sections that they leave.
 *
 * @module
 */

import type { Workshop } from "./workshop.ts";

/** A table, as it is printed. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One line of a plot. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Axes with lines. */
export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}

/** Panels side by side, on the same scales. */
export interface Plot {
  /** The file's name in bench/. */
  readonly file: string;
  /** What one sees, for those who cannot. */
  readonly description: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly panels: readonly Panel[];
}

/** What a part found. */
export interface Section {
  readonly title: string;
  /** What was measured and how, in a few sentences. */
  readonly about: string;
  readonly table: Table;
  readonly plot?: Plot;
  /** The figures are those of one run, whatever the rounds. @default false */
  readonly isOneRun?: boolean;
}

/** What a part is given. */
export interface PartOptions {
  /** How often each figure is taken; the median counts. */
  readonly rounds: number;
  readonly workshop: Workshop;
  /** Says what is being done. */
  readonly say: (line: string) => void;
}

/** A part of the benchmark. */
export interface Part {
  readonly name: string;
  readonly about: string;
  measure(options: PartOptions): Promise<Section>;
}
