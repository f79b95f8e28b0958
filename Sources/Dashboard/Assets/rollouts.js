// Rollouts, newest first, with where each of them stands; what is on the screen follows the service every ten seconds.

import { all, get, may } from './api.js';
import { number } from './format.js';
import { barParts, figuresOf, needsText, titleOf } from './rollout-words.js';
import { filters } from './parts.js';
import { shares } from './plot.js';
import { badge, code, field, fill, h, page, pagedTable, repeat, when } from './ui.js';

export async function show({ main, query, signal }) {
  const filter = { model: query.get('model') ?? '', publications: query.has('publications') };
  const models = (await all('/models', 'models')).map(({ name }) => name);
  const live = new Map();
  const fetch = async (after) => {
    const { rollouts, next } = await get('/rollouts', { ...filter, limit: 50, after }, { signal });
    return { rows: rollouts, next };
  };
  const columns = [
    { title: 'Rollout', cell: name },
    ...['State', 'Progress', 'Things', 'Confirmed', 'Failed'].map((title) => ({
      title, numeric: ['Things', 'Confirmed', 'Failed'].includes(title), cell: (rollout) => liveCell(live, title, rollout),
    })),
    { title: 'Created', cell: (rollout) => [when(rollout.createdAt), h('small', {}, rollout.createdBy)] },
  ];
  const table = await pagedTable('Rollouts, newest first', columns, fetch, { empty: 'There is no such rollout yet.' });
  if (signal.aborted) return;
  const fresh = h('p', { class: 'hint', role: 'status', hidden: true });
  page(main, 'Rollouts',
    may('releaser') && h('p', {}, h('a', { class: 'button primary', href: '#/rollouts/new' }, 'New rollout')),
    filters('rollouts', [
      field('Model', 'model', { options: [['', 'All models'], ...models], value: filter.model }),
      field('Also the publications of firmwares', 'publications', { type: 'checkbox', value: filter.publications }),
    ]), fresh, table);
  repeat(10, signal, async () => {
    const { rows } = await fetch();
    for (const rollout of rows) for (const [title, cell] of live.get(rollout.id) ?? []) fill(cell, liveParts[title](rollout));
    if (fresh.hidden && rows.some(({ id }) => !live.has(id))) {
      fresh.hidden = false;
      fill(fresh, 'There are newer rollouts. ', h('a', { href: location.hash, on: { click: (event) => {
        event.preventDefault();
        dispatchEvent(new Event('hashchange'));
      } } }, 'Show them'));
    }
  });
}

function name(rollout) {
  return [
    h('a', { href: `#/rollouts/${rollout.id}` }, titleOf(rollout)),
    h('small', {}, code(rollout.id), rollout.publication && ' publication', rollout.revertOf && ' takes things back'),
  ];
}

/** What follows the service, by column. */
const liveParts = {
  State: (rollout) => [badge(rollout.state), h('small', {}, needsText(rollout))],
  Progress: (rollout) => shares(titleOf(rollout), barParts(rollout.counts)),
  Things: ({ things }) => number(things),
  Confirmed: ({ counts, plan }) => number(figuresOf(counts, plan).succeeded),
  Failed: ({ counts, plan }) => number(figuresOf(counts, plan).failed),
};

function liveCell(live, title, rollout) {
  const cell = fill(h('div', { class: title === 'Progress' && 'progress' }), liveParts[title](rollout));
  if (!live.has(rollout.id)) live.set(rollout.id, new Map());
  live.get(rollout.id).set(title, cell);
  return cell;
}
