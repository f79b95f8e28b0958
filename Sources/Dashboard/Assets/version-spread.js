// How many things of a model ran each version over time: a plot for each MCU, with a choice of the span and of the model.

import { get } from './api.js';
import { now } from './format.js';
import { stackedArea } from './plot.js';
import { alertBox, field, fill, h, repeat, section } from './ui.js';

const spans = [
  ['1d', '24 hours', 86400], ['7d', '7 days', 7 * 86400], ['30d', '30 days', 30 * 86400], ['365d', '1 year', 365 * 86400],
];

/**
 * The part of the page; what is chosen is put into its address.
 * @param models those of the fleet's figures.
 */
export function spreadPart(query, models, signal) {
  const names = models.map(({ model }) => model);
  const most = models.reduce((best, model) => (model.activated > best.activated ? model : best)).model;
  let model = [query.get('spread'), query.get('model'), most].find((name) => names.includes(name));
  let span = spans.find(([key]) => key === query.get('span')) ?? spans[1];
  const place = h('div', {});
  const spanField = field('Time', 'span', { options: spans, value: span[0] });
  const modelField = names.length > 1 && field('Model', 'spread', { options: names, value: model });
  const part = section('Versions over time',
    h('div', {
      class: 'row', on: {
        change: ({ target }) => {
          if (target.name === 'span') span = spans.find(([key]) => key === target.value);
          else model = target.value;
          keep(target.name, target.value);
          load();
        },
      },
    }, modelField, spanField), place);
  let asked = 0;

  async function load() {
    asked += 1;
    const turn = asked;
    place.setAttribute('aria-busy', 'true');
    const from = new Date(now() - span[2] * 1000).toISOString();
    const { mcus } = models.find((one) => one.model === model);
    let shown;
    try {
      shown = (await Promise.all(mcus.map(({ mcu }) => get('/fleet/versions', { model, mcu, from }, { signal })))).map(plot);
    } catch (error) {
      if (error.name === 'AbortError') return;
      shown = [alertBox(error)];
    }
    if (turn !== asked) return;
    fill(place, shown);
    place.removeAttribute('aria-busy');
  }

  function plot({ mcu, times, series }) {
    const title = `What ran on ${mcu} of ${model} in the last ${span[1]}`;
    const isEmpty = series.every(({ things }) => things.every((count) => count === 0));
    return [
      h('h3', {}, `${model}, ${mcu}`),
      isEmpty ? h('p', { class: 'empty' }, 'There are no figures of this time yet.') :
        stackedArea(title, times, series.map(({ version, things }) => ({ name: named(version), values: things }))),
    ];
  }

  repeat(300, signal, () => !place.contains(document.activeElement) && load());
  return { part, load };
}

function named(version) {
  if (version === null || version === undefined) return 'never said';
  return version === 'other' ? 'other versions' : version;
}

/** Puts a choice into the address without going anywhere. */
function keep(name, value) {
  const [path, query = ''] = location.hash.split('?');
  const fields = new URLSearchParams(query);
  fields.set(name, value);
  history.replaceState(null, '', `${path || '#/fleet'}?${fields}`);
}
