// What a thing wrote: the newest value of each resource with its age, and of numbers the newest hundred as a small line.

import { get, path } from './api.js';
import { plural } from './format.js';
import { sparkline } from './plot.js';
import { action, alertBox, announce, fill, h, section, when } from './ui.js';

const atFirst = 24;

export function resourcesPart(id, signal) {
  const place = h('div', {});
  const cards = h('ul', { class: 'list resources' });
  let rest = [];

  async function load() {
    try {
      const { resources } = await get(path`/things/${id}/resources`, {}, { signal });
      rest = resources;
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      fill(place, alertBox(error));
      return;
    }
    if (rest.length === 0) {
      fill(place, h('p', { class: 'empty' }, 'It has written nothing.'));
      return;
    }
    fill(place, cards);
    more();
    if (rest.length > 0) {
      const button = action('Show more', () => {
        const count = more();
        announce(`${plural(count, 'resource')} more`);
        if (rest.length === 0) button.remove();
      });
      place.append(h('div', { class: 'buttons' }, button));
    }
  }

  function more() {
    const shown = rest.slice(0, atFirst);
    rest = rest.slice(atFirst);
    cards.append(...shown.map(card));
    return shown.length;
  }

  function card({ key, value, datetime }) {
    const line = h('div', { class: 'spark' });
    if (typeof value === 'number') draw(key, line);
    return h('li', { class: 'card' }, h('h3', {}, key), h('div', {}, h('span', { class: 'value' }, shownValue(value)), ' ',
      h('small', {}, when(datetime))), typeof value === 'number' && line);
  }

  /** The line comes after its value; without it the value still says what there is to say. */
  async function draw(key, line) {
    try {
      const { values } = await get(path`/things/${id}/resources/${key}`, { limit: 100 }, { signal });
      fill(line, sparkline(key, values.map(({ value, datetime }) => ({ at: datetime, value })).reverse()));
    } catch { /* the value is there */ }
  }

  return { part: section('Resources', place), load };
}

function shownValue(value) {
  if (value === '') return h('span', { class: 'empty' }, 'an empty text');
  const isJSON = value !== null && typeof value === 'object';
  const text = isJSON ? JSON.stringify(value) : String(value);
  const whole = isJSON ? h('code', {}, text) : text;
  return text.length <= 120 ? whole : h('details', {}, h('summary', {}, `${text.slice(0, 40)}…`), whole);
}
