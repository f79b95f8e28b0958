// Users of apps and their sessions, and the apps.

import { get, may, path, post, remove } from './api.js';
import { plural } from './format.js';
import { filters, more, refill } from './parts.js';
import { action, announce, badge, code, confirm, field, form, h, page, pagedTable, section, when } from './ui.js';

export async function show({ main, query, signal }) {
  const app = query.get('app') ?? '';
  const { apps, next } = await get('/apps', { limit: 1000 }, { signal });
  const users = await pagedTable(app ? `Users of ${app}, newest first` : 'Users, newest first', [
    { title: 'E-mail', cell: ({ email }) => email },
    { title: 'App', cell: (row) => h('a', { href: `#/users?${new URLSearchParams({ app: row.app })}` }, row.app) },
    { title: 'Registered', cell: ({ createdAt }) => when(createdAt) },
    { title: 'Sessions', numeric: true, cell: (row) => sessionsOf(row) },
    { title: 'Id', cell: ({ id }) => code(id) },
    may('administrator') && { title: 'Change', cell: endButton },
  ].filter(Boolean), async (after) => {
    const page = await get('/users', { app, limit: 100, after }, { signal });
    return { rows: page.users, next: page.next };
  }, { empty: app ? `Nobody has registered in ${app}.` : 'Nobody has registered in an app.' });
  const place = h('div', {}, await appTable(signal));
  if (signal.aborted) return;
  // Apps come from clients too: of very many, the filter is a text.
  const names = new Set([...apps.map(({ name }) => name), app].filter(Boolean));
  const choice = field('App', 'app', next ? { value: app } : { value: app, options: [['', 'All apps'], ...names] });
  const refresh = async () => refill(place, await appTable(signal));
  page(main, 'Users',
    filters('users', [choice]), users,
    section('Apps', place, may('administrator') && more('Create an app', creation(apps, refresh))));
}

/** The figure of a row, which the button beside it changes. */
const figures = new WeakMap();

function sessionsOf(row) {
  const figure = h('span', {}, String(row.sessions));
  figures.set(row, figure);
  return figure;
}

function endButton(row) {
  const button = action('End sessions', async () => {
    if (!await confirm(`End all sessions of ${row.email}?`,
      `${plural(row.sessions, 'session')} of ${row.email} in ${row.app} ${row.sessions === 1 ? 'ends' : 'end'} at once. ` +
      'The account and its things stay; with the password one can log in again.', 'End sessions', { danger: true })) return;
    const { ended } = await remove(path`/users/${row.id}/sessions`);
    row.sessions = 0;
    figures.get(row).textContent = '0';
    announce(`${plural(ended, 'session')} of ${row.email} ended.`);
  }, 'danger', { 'aria-label': `End sessions of ${row.email}` });
  return button;
}

const appTable = (signal) => pagedTable('Apps, newest first', [
  { title: 'App', cell: ({ name }) => h('a', { href: `#/users?${new URLSearchParams({ app: name })}` }, name) },
  { title: 'Made by', cell: ({ declaredAt }) => (declaredAt ? badge('passed', 'an operator') : badge('idle', 'a client')) },
  { title: 'Since', cell: ({ createdAt }) => when(createdAt) },
], async (after) => {
  const page = await get('/apps', { limit: 100, after }, { signal });
  return { rows: page.apps, next: page.next };
}, { empty: 'There is no app yet: any name that a client sends is one, until an operator creates one.' });

function creation(apps, done) {
  return form('Create the app', [
    field('Name', 'name', { required: true, maxlength: 64, hint: 'What clients send as “app”.' }),
  ], async ({ name }, element) => {
    if (!apps.some(({ declaredAt }) => declaredAt) && !await confirm(`Create ${name}?`,
      'No operator has created an app yet, so that users register with any name. From now on they register in created apps ' +
      'only.',
      'Create the app')) return;
    const known = apps.some((app) => app.name === name && app.declaredAt);
    apps.push(await post('/apps', { name }));
    announce(known ? `App ${name} was there already.` : `App ${name} is created.`);
    element.reset();
    await done();
  });
}
