/**
 * Plots as SVG: panels side by side on the same scales, with a logarithmic y axis where values lie far apart.
 *
 * @module
 */

import type { Panel, Plot, Series } from "../part.ts";

const PANEL_WIDTH = 380;
const PANEL_HEIGHT = 300;
const MARGIN = { left: 60, right: 16, top: 36, bottom: 48 };
const LEGEND_WIDTH = 110;
/** From which ratio of the largest value to the smallest the y axis is logarithmic. */
const LOGARITHMIC_FROM = 20;
/** Colours that people who see few of them can tell apart (Okabe and Ito). */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/** One axis: where a value is, from 0 to 1, and which values have a line. */
interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** The plot as one SVG document. */
export function svgPlot({ panels, xLabel, yLabel, description }: Plot): string {
  const values = panels.flatMap(({ series }) => series.flatMap(({ points }) => points));
  const x = linearScale(Math.max(0, ...values.map(([value]) => value)));
  const y = valueScale(values.map(([, value]) => value));
  const width = panels.length * PANEL_WIDTH + LEGEND_WIDTH;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${PANEL_HEIGHT}" ` +
    `font-family="sans-serif" font-size="12" role="img" aria-label="${escaped(description)}">`,
    `<rect width="${width}" height="${PANEL_HEIGHT}" fill="#ffffff"/>`,
    ...panels.flatMap((panel, index) => panelLines(panel, index, { x, y, xLabel, yLabel })),
    ...legend(panels[0]?.series ?? [], panels.length * PANEL_WIDTH),
    "</svg>",
  ];
  return lines.join("\n") + "\n";
}

function linearScale(most: number): Scale {
  const step = niceStep(most);
  const end = Math.max(step, Math.ceil(most / step) * step);
  const count = Math.round(end / step);
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step);
  return { at: (value) => value / end, ticks };
}

/** A step of 1, 2 or 5 and zeros that makes three to eight of `most`. */
function niceStep(most: number): number {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most / 3));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => most / step <= 8) ?? 10 * power;
}

function valueScale(values: readonly number[]): Scale {
  const positive = values.filter((value) => value > 0);
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  if (positive.length === 0 || most / least < LOGARITHMIC_FROM) return linearScale(most);
  const [low, high] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  const decades = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
  const ticks = decades.flatMap((decade) => [decade, 2 * decade, 5 * decade])
    .filter((tick) => tick <= 10 ** high);
  return { at: (value) => (Math.log10(value) - low) / (high - low), ticks };
}

interface Axes {
  readonly x: Scale;
  readonly y: Scale;
  readonly xLabel: string;
  readonly yLabel: string;
}

function panelLines(panel: Panel, index: number, { x, y, xLabel, yLabel }: Axes): string[] {
  const [left, right] = [MARGIN.left, PANEL_WIDTH - MARGIN.right];
  const [top, bottom] = [MARGIN.top, PANEL_HEIGHT - MARGIN.bottom];
  const px = (value: number) => round(left + x.at(value) * (right - left));
  const py = (value: number) => round(bottom - y.at(value) * (bottom - top));
  return [
    `<g transform="translate(${index * PANEL_WIDTH} 0)">`,
    text((left + right) / 2, top - 14, panel.title, 'text-anchor="middle" font-weight="bold"'),
    ...y.ticks.flatMap((tick) => [
      `<path d="M${left} ${py(tick)}H${right}" stroke="#dddddd"/>`,
      text(left - 6, py(tick) + 4, `${tick}`, 'text-anchor="end"'),
    ]),
    ...x.ticks.map((tick) => text(px(tick), bottom + 18, `${tick}`, 'text-anchor="middle"')),
    `<path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="#555555"/>`,
    text((left + right) / 2, bottom + 38, xLabel, 'text-anchor="middle"'),
    text(14, top - 14, yLabel, ""),
    ...panel.series.flatMap((series, number) => curve(series, COLOURS[number % 7], px, py)),
    "</g>",
  ];
}

type Place = (value: number) => number;

function curve({ points }: Series, colour: string, px: Place, py: Place): string[] {
  if (points.length === 0) return [];
  const path = points.map(([x, y]) => `${px(x)} ${py(y)}`).join("L");
  return [
    `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.map(([x, y]) => `<circle cx="${px(x)}" cy="${py(y)}" r="3" fill="${colour}"/>`),
  ];
}

function legend(series: readonly Series[], left: number): string[] {
  return series.flatMap(({ name }, index) => {
    const y = MARGIN.top + 12 + index * 20;
    return [
      `<path d="M${left} ${y}h20" stroke="${COLOURS[index % 7]}" stroke-width="2"/>`,
      text(left + 26, y + 4, name, ""),
    ];
  });
}

function text(x: number, y: number, content: string, attributes: string): string {
  const more = attributes === "" ? "" : ` ${attributes}`;
  return `<text x="${round(x)}" y="${round(y)}"${more}>${escaped(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return content.replace(/[&<>"]/g, (character) => names[character]);
}
