/** A bar chart as inline SVG: one bar a system, its median as length, a whisker from the smallest to the largest round. */
import type { SystemFigures } from '../harness/scenario.ts';
import type { Chart } from './charts.ts';
import { escaped, isProduct, shown, systemTitle } from './words.ts';

const WIDTH = 720;
const NAME_WIDTH = 250;
const VALUE_WIDTH = 90;
const ROW_HEIGHT = 30;
const BAR_HEIGHT = 16;

interface Bar {
  readonly name: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Empty when no system has the quantity. */
export function barChart(chart: Chart, systems: Readonly<Record<string, SystemFigures>>): string {
  const bars = barsOf(chart, systems);
  if (bars.length === 0) return '';
  const largest = Math.max(...bars.map((bar) => bar.max), 0);
  const room = WIDTH - NAME_WIDTH - VALUE_WIDTH;
  const length = (value: number): number => (largest <= 0 ? 0 : (Math.max(0, value) / largest) * room);
  const rows = bars.map((bar, row) => drawBar(bar, row * ROW_HEIGHT, length));
  const height = bars.length * ROW_HEIGHT;
  const better = chart.better === 'higher' ? 'longer is better' : 'shorter is better';
  const caption = `${escaped(chart.title)} <small>${escaped(chart.unit)}, ${better}</small>`;
  const label = escaped(
    `${chart.title}, in ${chart.unit}: ${bars.map((bar) => `${systemTitle(bar.name)} ${shown(bar.median)}`).join('; ')}`,
  );
  return `<figure><figcaption>${caption}</figcaption><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">${rows.join('')}</svg></figure>`;
}

function barsOf({ quantity, factor, only, without }: Chart, systems: Readonly<Record<string, SystemFigures>>): Bar[] {
  return Object.entries(systems).flatMap(([name, figures]) => {
    const figure = figures[quantity];
    if (figure === undefined || (only !== undefined && !name.includes(only))) return [];
    if (without !== undefined && name.includes(without)) return [];
    const shortName = only === undefined ? name : name.replace(only, '');
    return [{ name: shortName, median: figure.median * factor, min: figure.min * factor, max: figure.max * factor }];
  });
}

function drawBar(bar: Bar, top: number, length: (value: number) => number): string {
  const middle = top + ROW_HEIGHT / 2;
  const kind = isProduct(bar.name) ? 'product' : 'peer';
  const from = NAME_WIDTH + length(bar.min);
  const to = NAME_WIDTH + length(bar.max);
  return [
    `<text x="${NAME_WIDTH - 10}" y="${middle}" class="name ${kind}">${escaped(systemTitle(bar.name))}</text>`,
    `<rect x="${NAME_WIDTH}" y="${middle - BAR_HEIGHT / 2}" width="${length(bar.median).toFixed(1)}" height="${BAR_HEIGHT}" rx="3" class="${kind}"/>`,
    `<path d="M${from.toFixed(1)} ${middle}H${to.toFixed(1)}" class="whisker"/>`,
    `<text x="${(to + 8).toFixed(1)}" y="${middle}" class="value">${shown(bar.median)}</text>`,
  ].join('');
}
