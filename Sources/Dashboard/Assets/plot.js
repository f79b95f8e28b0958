// Plots as SVG, drawn from the API's figures. Each is an image with a name, and its figures can be read as a table.

import { instant, number, percent, words } from './format.js';
import { h, svg, table } from './ui.js';

/** A value not below another one, which is easy to read and has an easy half. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 2)));
  const steps = power === 1 ? [2, 4, 6, 8, 10] : [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10];
  return steps.map((step) => Math.round(step * power)).find((round) => round >= value);
}

/**
 * Figures over time, stacked. The drawing is stretched to the width that there is; what is to be read stands beside it.
 * @param times ISO 8601 texts, evenly spaced.
 * @param series of `{name, values}` with a value for each time; at most twelve.
 */
export function stackedArea(title, times, series) {
  const totals = times.map((_, place) => series.reduce((sum, { values }) => sum + values[place], 0));
  const top = ceiling(Math.max(...totals));
  const point = (value, place) => `${((100 * place) / Math.max(times.length - 1, 1)).toFixed(2)},` +
    `${(100 - (100 * value) / top).toFixed(2)}`;
  const below = times.map(() => 0);
  const areas = series.map(({ name, values }, order) => {
    const floor = below.map(point).reverse();
    values.forEach((value, place) => { below[place] += value; });
    return svg('polygon', { class: `series-${order % 12}`, points: [...below.map(point), ...floor].join(' ') },
      svg('title', {}, name));
  });
  const lines = [0, 50, 100].map((y) => svg('line', { class: 'grid', x1: 0, x2: 100, y1: y, y2: y }));
  const columns = [
    { title: 'Time', cell: (place) => instant(times[place]) },
    ...series.map(({ name, values }) => ({ title: name, numeric: true, cell: (place) => number(values[place]) })),
  ];
  return h('figure', { class: 'plot' },
    h('div', { class: 'area' },
      h('div', { class: 'scale', 'aria-hidden': 'true' }, [top, top / 2, 0].map((value) => h('span', {}, number(value)))),
      svg('svg', { viewBox: '0 0 100 100', preserveAspectRatio: 'none', role: 'img', 'aria-label': title }, lines, areas),
      h('div', { class: 'ends', 'aria-hidden': 'true' },
        [times[0], times.at(-1)].map((time) => h('span', {}, instant(time).slice(0, 16))))),
    legend(series.map(({ name, values }) => [name, number(values.at(-1) ?? 0)])),
    h('details', {}, h('summary', {}, 'The figures as a table'),
      table(title, columns, thinned(times.length, 25), { empty: 'There are no figures yet.' })));
}

/** At most `most` of the places 0..<count, the last one among them. */
function thinned(count, most) {
  const step = Math.max(1, Math.ceil(count / most));
  return Array.from({ length: count }, (_, place) => place).filter((place) => (count - 1 - place) % step === 0);
}

const legend = (entries) => h('ul', { class: 'legend' }, entries.map(([name, value], order) =>
  h('li', {}, h('span', { class: `swatch series-${order % 12}`, 'aria-hidden': 'true' }), `${name} `, h('b', {}, value))));

/**
 * A small line of numbers over time.
 * @param points `[{at, value}]`, oldest first; what is no number is left out.
 */
export function sparkline(title, points) {
  const known = points.filter(({ value }) => typeof value === 'number' && Number.isFinite(value));
  if (known.length < 2) return null;
  const [w, hgt] = [220, 40];
  const times = known.map(({ at }) => Date.parse(at));
  const values = known.map(({ value }) => value);
  const [first, last] = [times[0], times.at(-1)];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (time) => 2 + ((w - 4) * (time - first)) / Math.max(last - first, 1);
  const y = (value) => hgt - 3 - ((hgt - 6) * (value - low)) / (high - low || 1);
  const line = known.map((_, place) => `${x(times[place]).toFixed(1)},${y(values[place]).toFixed(1)}`).join(' ');
  const label = `${title}: ${known.length} values from ${low} to ${high}, last ${values.at(-1)}`;
  return svg('svg', { class: 'sparkline', viewBox: `0 0 ${w} ${hgt}`, role: 'img', 'aria-label': label },
    svg('polyline', { points: line }), svg('circle', { cx: x(last), cy: y(values.at(-1)), r: 2.5 }));
}

/**
 * Shares of a whole side by side: the states of the things of a stage.
 * @param parts of `{state, count}`; empty ones are left out.
 */
export function shares(title, parts) {
  const whole = parts.reduce((sum, { count }) => sum + count, 0);
  const present = parts.filter(({ count }) => count > 0);
  let x = 0;
  const bars = present.map(({ state, count }) => {
    const w = (count / whole) * 100;
    const bar = svg('rect', { class: `state-${state}`, x: x.toFixed(3), y: 0, width: w.toFixed(3), height: 10 },
      svg('title', {}, `${words(state)}: ${number(count)}`));
    x += w;
    return bar;
  });
  const label = present.length === 0 ? `${title}: no things` :
    `${title}: ` + present.map(({ state, count }) => `${words(state)} ${number(count)} (${percent(count, whole)})`).join(', ');
  return svg('svg', { class: 'shares', viewBox: '0 0 100 10', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    svg('rect', { class: 'shares-ground', x: 0, y: 0, width: 100, height: 10 }), bars);
}
