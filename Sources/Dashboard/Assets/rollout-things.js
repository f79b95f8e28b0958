// The things of a rollout, by state; the state is in the address, and choosing another leaves the rest of the page as it is.

import { get, path } from './api.js';
import { words } from './format.js';
import { reasonText, states } from './rollout-words.js';
import { action, badge, busyWhile, code, field, fill, h, pagedTable, section, when } from './ui.js';

/** @returns the section, and `choose(state)` that shows the things in a state. */
export async function rolloutThings(id, chosen, signal) {
  const place = h('div');
  const choice = field('State', 'state', { options: [['', 'All states'], ...states.map((state) => [state, words(state)])],
    value: chosen });
  const select = choice.querySelector('select');
  const columns = [
    { title: 'Thing', cell: ({ thing }) => h('a', { href: `#/things/${encodeURIComponent(thing)}` }, code(thing)) },
    { title: 'Stage', numeric: true, cell: ({ stage }) => stage },
    { title: 'State', cell: ({ state }) => badge(state) },
    { title: 'Why', cell: ({ state, reason }) => (state === 'waiting' ? reasonText(reason) : reason && code(reason)) },
    { title: 'Since', cell: ({ since }) => when(since) },
  ];
  async function load() {
    const state = select.value;
    const caption = state ? `Things that are ${words(state)}` : 'Things that it has so far';
    const table = await pagedTable(caption, columns, async (after) => {
      const { things, next } = await get(path`/rollouts/${id}/things`, { state, limit: 50, after }, { signal });
      return { rows: things, next };
    }, { empty: state ? `No thing is ${words(state)}.` : 'No stage is open yet: it has no things.' });
    if (state === select.value) fill(place, table);
  }
  async function show() {
    history.pushState(null, '', `#/rollouts/${encodeURIComponent(id)}${select.value ? `?state=${select.value}` : ''}`);
    await busyWhile(refresh, load);
  }
  const refresh = action('Refresh the list', load);
  select.addEventListener('change', show);
  const element = section('Things', h('div', { class: 'row' }, choice, h('div', { class: 'buttons' }, refresh)), place);
  await load();
  const heading = element.querySelector('h2');
  heading.tabIndex = -1;
  return {
    element,
    async choose(state) {
      select.value = state;
      heading.focus();
      heading.scrollIntoView();
      await show();
    },
  };
}
