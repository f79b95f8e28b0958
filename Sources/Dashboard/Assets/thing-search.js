// The things that fit what one searches for, in pages. What is searched for is in the address, so that it can be shared; the
// service does the searching.

import { get, search } from './api.js';
import { now, plural } from './format.js';
import { mistake } from './parts.js';
import { announce, badge, code, field, fill, form, h, pagedTable, section, when } from './ui.js';

const names = ['model', 'id', 'tag', 'running', 'silentFor', 'where'];
const day = 86400;
const silences = [['', 'Any time'], [3600, '1 hour'], [day, '1 day'], [7 * day, '7 days'], [30 * day, '30 days']];

/**
 * The part of the page.
 * @param models the names of all models.
 * @returns the part; `load` fetches the list; `follow` hears clicks on links to other lists.
 */
export function listPart(query, models, signal) {
  let fields = taken(query);
  let asked = 0;
  const status = h('p', { class: 'line', role: 'status' });
  const place = h('div', { on: { click: follow } });
  const asking = form('Search', questions(fields, models), (values) => {
    fields = taken(new URLSearchParams(values));
    keep(fields);
    return load();
  }, { label: 'Search things' });
  const clear = h('button', { type: 'button', on: { click: () => go(new URLSearchParams(), false) } }, 'Clear');
  asking.querySelector('.buttons').append(clear);
  const part = section('Things', asking, status, place);
  const heading = part.querySelector('h2');
  heading.tabIndex = -1;

  async function load() {
    asked += 1;
    const turn = asked;
    const input = asking.elements.where;
    input.removeAttribute('aria-invalid');
    place.setAttribute('aria-busy', 'true');
    let shown;
    let text = '';
    try {
      let count = 0;
      let more = false;
      shown = await pagedTable('Things, newest first', columns, async (after) => {
        const page = await pageOf(fields, after, signal);
        count += page.rows.length;
        more = Boolean(page.next);
        if (after) status.textContent = said(count, more);
        return page;
      }, { empty: 'A wider search may find some.' });
      text = said(count, more);
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (/^where: /.test(error.message)) input.setAttribute('aria-invalid', 'true');
      shown = mistake(error, fields);
    }
    if (turn !== asked) return;
    fill(place, shown);
    place.removeAttribute('aria-busy');
    status.textContent = text;
  }

  /** Searches for something else, as a link of the page does. */
  async function go(wanted, goesThere = true) {
    fields = taken(wanted);
    for (const name of names) asking.elements[name].value = fields[name] ?? '';
    keep(fields);
    if (goesThere) {
      heading.focus({ preventScroll: true });
      part.scrollIntoView();
    }
    await load();
    if (!goesThere) announce('All things are shown.');
  }

  /** A link to another list of things changes the list in its place; with a key held it opens elsewhere, as any link does. */
  function follow(event) {
    const link = event.target.closest('a[href^="#/fleet?"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(new URLSearchParams(link.getAttribute('href').split('?')[1]));
  }

  return { part, load, follow, isNarrowed: () => names.some((name) => name !== 'model' && fields[name]) };
}

function questions(fields, models) {
  const silent = silences.some(([value]) => String(value) === (fields.silentFor ?? '')) ? silences :
    [...silences, [fields.silentFor, `${fields.silentFor} s`]];
  return [
    h('div', { class: 'search' },
      field('Id', 'id', { value: fields.id, hint: 'Or how it starts' }),
      field('Tag', 'tag', { value: fields.tag }),
      field('Model', 'model', { value: fields.model ?? '', options: [['', 'Every model'], ...models] }),
      field('Silent for', 'silentFor', {
        value: fields.silentFor ?? '', options: silent.map(([value, text]) => [String(value), text]),
      }),
      field('Runs', 'running', { value: fields.running, hint: 'Such as main=1.0.0' })),
    field('Condition', 'where', {
      value: fields.where, class: 'mono wide', spellcheck: 'false', autocapitalize: 'off',
      hint: 'RSQL, as targets of rollouts have it, such as resource.battery<40;tag==canary',
    }),
  ];
}

const columns = [
  {
    title: 'Thing', cell: (thing) => [
      h('a', { class: 'nowrap', href: `#/things/${encodeURIComponent(thing.id)}` }, code(thing.id)),
      thing.controllerId && thing.controllerId !== thing.id && h('small', {}, thing.controllerId)],
  },
  { title: 'Model', cell: (thing) => thing.model },
  {
    title: 'Runs', cell: ({ running = {} }) => Object.entries(running).map(([mcu, version]) =>
      h('div', {}, `${mcu} ${version}`)),
  },
  {
    title: 'Tags', cell: ({ tags = [] }) => tags.map((tag, place) =>
      [place > 0 && ', ', h('a', { href: `#/fleet${search({ tag })}` }, tag)]),
  },
  { title: 'Last seen', cell: (thing) => when(thing.lastSeenAt) },
  { title: 'State', cell: (thing) => standing(thing) },
];

/** Whether a thing is active, silent, retired or not activated yet, as a badge. */
export function standing(thing) {
  if (thing.retiredAt) return badge('retired');
  if (!thing.activatedAt) return badge('new', 'not activated');
  const isSilent = !thing.lastSeenAt || now() - Date.parse(thing.lastSeenAt) > day * 1000;
  return isSilent ? badge('silent', 'silent for a day') : badge('activated', 'active');
}

/** A page of the list. The service looks at so many things at a time: where none of them fits, it is asked to go on. */
async function pageOf(fields, after, signal) {
  let page;
  for (let turn = 0; turn < 4; turn += 1) {
    page = await get('/things', { ...fields, limit: 50, after }, { signal });
    after = page.next;
    if (page.things.length > 0 || !after) break;
  }
  return { rows: page.things, next: page.next };
}

function said(count, more) {
  if (count === 0) return more ? 'None so far. There are more things to look at.' : 'No things fit.';
  return `${plural(count, 'thing')}${more ? ', and there are more' : ''}.`;
}

/** What of a query is a search. */
const taken = (query) => Object.fromEntries(
  names.map((name) => [name, query.get(name)?.trim()]).filter(([, value]) => value));

/** Puts the search into the address, as a step that Back takes back, beside what else is chosen on the page. */
function keep(fields) {
  const others = new URLSearchParams(location.hash.split('?')[1] ?? '');
  for (const name of names) others.delete(name);
  const address = `#/fleet${search({ ...fields, ...Object.fromEntries(others) })}`;
  if (address !== location.hash) history.pushState(null, '', address);
}
