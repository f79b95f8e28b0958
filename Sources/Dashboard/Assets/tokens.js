// Operators' tokens: who may do what, for which models, and until when.

import { all, get, may, path, post, remove, session } from './api.js';
import { instant, now } from './format.js';
import { choices, chosen, more, refill } from './parts.js';
import { action, announce, badge, code, confirm, due, field, fill, form, h, page, pagedTable, secret, when } from './ui.js';

const roles = [
  ['viewer', 'viewer: reads everything that is no secret'],
  ['uploader', 'uploader: also stores images and registers firmware'],
  ['releaser', 'releaser: also publishes, and creates and changes rollouts'],
  ['administrator', 'administrator: everything'],
];
const day = 86400;
const lifetimes = [
  [String(day), 'in a day'], [String(7 * day), 'in 7 days'], [String(30 * day), 'in 30 days'], [String(90 * day), 'in 90 days'],
  [String(365 * day), 'in a year'], ['', 'never'],
];

export async function show({ main, signal }) {
  const place = h('div');
  const refresh = async () => refill(place, await list(signal, refresh));
  place.append(await list(signal, refresh));
  const models = may('administrator') ? (await all('/models', 'models')).map(({ name }) => name) : [];
  if (signal.aborted) return;
  page(main, 'Tokens', may('administrator') && more('Create a token', creation(models, refresh)), place);
}

/** Whether a token still opens anything, with why it does not. */
function state({ revokedAt, expiresAt }) {
  if (revokedAt) return badge('failed', 'revoked');
  if (expiresAt && Date.parse(expiresAt) < now()) return badge('idle', 'expired');
  return badge('passed', 'valid');
}

const list = (signal, refresh) => pagedTable('Operators’ tokens, newest first', [
  { title: 'Name', cell: (row) => [row.name, row.id === session?.operator.id && [' ', badge('running', 'yours')]] },
  { title: 'Role', cell: ({ role }) => role },
  { title: 'Models', cell: ({ models }) => (models ? models.join(', ') : 'all') },
  { title: 'State', cell: state },
  { title: 'Created', cell: ({ createdAt }) => when(createdAt) },
  { title: 'Expires', cell: ({ expiresAt }) => due(expiresAt) },
  { title: 'Revoked', cell: ({ revokedAt }) => (revokedAt ? when(revokedAt) : '–') },
  { title: 'Id', cell: ({ id }) => code(id) },
  may('administrator') && { title: 'Change', cell: (row) => (row.revokedAt ? '–' : revokeButton(row, refresh)) },
].filter(Boolean), async (after) => {
  const { operators, next } = await get('/operators', { limit: 100, after }, { signal });
  return { rows: operators, next };
});

function revokeButton(row, refresh) {
  const own = row.id === session.operator.id;
  return action('Revoke', async () => {
    if (!await confirm(`Revoke the ${own ? 'token that you are signed in with' : `token of ${row.name}`}?`,
      `It opens nothing from the next request on, for good${own ? ': you are signed out at once' : ''}. ` +
      'What was done with it stays.', 'Revoke the token', { danger: true })) return;
    await remove(path`/operators/${row.id}`);
    announce(`The token of ${row.name} is revoked.`);
    await refresh();
  }, 'danger', { 'aria-label': `Revoke ${row.name}, token ${row.id}` });
}

function creation(models, refresh) {
  const made = h('div', { 'aria-live': 'polite' });
  return [form('Create the token', [
    field('Name', 'name', {
      required: true, maxlength: 64, hint: 'Who it is in the audit log. Several tokens may bear one name.',
    }),
    field('Role', 'role', { options: roles, value: 'viewer' }),
    field('It expires', 'expiresIn', { options: lifetimes, value: String(30 * day) }),
    models.length > 0 && choices('Only for these models', 'model', models, { hint: 'None for all.' }),
  ], async (values, element) => {
    const only = chosen(values, 'model');
    if (values.role === 'administrator' && !await confirm('Create a token of an administrator?',
      'Whoever has it may do everything: trust keys, read tokens of things, and make further tokens.',
      'Create the token')) return;
    const token = await post('/operators', {
      name: values.name, role: values.role, models: only.length > 0 ? only : undefined,
      expiresIn: values.expiresIn ? Number(values.expiresIn) : undefined,
    });
    announce(`A token for ${token.name} is created.`);
    element.reset();
    const until = token.expiresAt ? `, until ${instant(token.expiresAt)}` : '';
    fill(made, h('p', {}, `The token of ${token.name} (${token.role}${until}). ` +
      'It is shown here only, and never again:'), secret(`Token of ${token.name}`, token.token));
    await refresh();
  }), made];
}
