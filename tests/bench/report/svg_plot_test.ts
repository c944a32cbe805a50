import assert from "node:assert/strict";
import type { Plot } from "../../../bench/part.ts";
import { svgPlot } from "../../../bench/report/svg_plot.ts";

function plot(points: readonly (readonly [number, number])[]): Plot {
  return {
    file: "plot.svg",
    description: "a < b",
    xLabel: "ms",
    yLabel: "MB/s",
    panels: [
      { title: "ours", series: [{ name: "depth 1", points }] },
      { title: "theirs", series: [{ name: "depth 1", points: [] }] },
    ],
  };
}

/** The centres of the circles, from left to right. */
function circles(svg: string): [number, number][] {
  return [...svg.matchAll(/<circle cx="([0-9.]+)" cy="([0-9.]+)"/g)]
    .map(([, x, y]) => [Number(x), Number(y)]);
}

Deno.test("svgPlot() draws larger values to the right and higher up", () => {
  const [low, middle, high] = circles(svgPlot(plot([[0, 100], [5, 150], [10, 200]])));
  assert.ok(low[0] < middle[0] && middle[0] < high[0]);
  assert.ok(low[1] > middle[1] && middle[1] > high[1]);
  assert.ok(Math.abs(2 * middle[1] - low[1] - high[1]) < 0.5, "the scale is linear");
});

Deno.test("svgPlot() takes a logarithmic scale where values lie far apart", () => {
  const [low, middle, high] = circles(svgPlot(plot([[0, 10], [5, 100], [10, 1000]])));
  assert.ok(Math.abs(2 * middle[1] - low[1] - high[1]) < 0.5);
});

Deno.test("svgPlot() draws each panel with its title, and escapes what is text", () => {
  const svg = svgPlot(plot([[0, 1]]));
  assert.match(svg, />ours<[^]*>theirs</);
  assert.match(svg, /aria-label="a &lt; b"/);
  assert.doesNotMatch(svg, /NaN|Infinity/);
});

Deno.test("svgPlot() draws axes where nothing was measured", () => {
  assert.doesNotMatch(svgPlot(plot([])), /NaN|Infinity/);
});
