// Webhooks: other servers that are told of what happens to rollouts; with `?webhook=` in the address, one of them.

import { all, get, may, path, post, remove } from './api.js';
import { choices, chosen, more, refill } from './parts.js';
import { action, announce, badge, code, confirm, field, fill, form, h, page, pagedTable, secret, when } from './ui.js';

const events = [
  'created', 'scheduled', 'started', 'stageOpened', 'approvalNeeded', 'approved', 'paused', 'resumed', 'halted', 'finished',
  'cancelled', 'reverted',
];

export async function show({ main, query, signal }) {
  const id = query.get('webhook');
  if (id) return (await import('./webhook.js')).show({ main, id, signal });
  const place = h('div');
  const refresh = async () => refill(place, await list(signal, refresh));
  place.append(await list(signal, refresh));
  const models = may('administrator') ? (await all('/models', 'models')).map(({ name }) => name) : [];
  if (signal.aborted) return undefined;
  return page(main, 'Webhooks', may('administrator') && more('Create a webhook', creation(models, refresh)), place);
}

const webhookAddress = (id) => `#/webhooks?${new URLSearchParams({ webhook: id })}`;

export const webhookState = ({ disabledAt }) => (disabledAt ? badge('failed', 'disabled') : badge('passed', 'active'));

/** Sends a `test`, and says where to see what becomes of it. */
export async function sendTest({ id, url }) {
  await post(path`/webhooks/${id}/test`);
  announce(`A test to ${url} is on its way; its delivery tells what becomes of it.`);
}

export async function deleteWebhook({ id, url }) {
  if (!await confirm('Delete this webhook?', `Nothing more is sent to ${url}, not even what waits to be sent again. ` +
    'Its deliveries are forgotten.', 'Delete the webhook', { danger: true })) return false;
  await remove(path`/webhooks/${id}`);
  announce(`The webhook to ${url} is deleted.`);
  return true;
}

const list = (signal, refresh) => pagedTable('Webhooks, newest first', [
  { title: 'URL', cell: (row) => h('a', { href: webhookAddress(row.id) }, row.url) },
  { title: 'State', cell: webhookState },
  { title: 'Events', cell: (row) => (row.events ? row.events.join(', ') : 'all') },
  { title: 'Models', cell: ({ models }) => (models ? models.join(', ') : 'all') },
  { title: 'Created', cell: ({ createdAt, createdBy }) => [when(createdAt), ` by ${createdBy}`] },
  { title: 'Id', cell: ({ id }) => code(id) },
  may('administrator') && { title: 'Change', cell: (row) => h('div', { class: 'buttons' },
    action('Test', () => sendTest(row), '', { 'aria-label': `Test ${row.url}` }),
    action('Delete', async () => {
      if (await deleteWebhook(row)) await refresh();
    }, 'danger', { 'aria-label': `Delete ${row.url}` })) },
].filter(Boolean), async (after) => {
  const { webhooks, next } = await get('/webhooks', { limit: 100, after }, { signal });
  return { rows: webhooks, next };
}, { empty: 'No server is told of rollouts yet.' });

function creation(models, refresh) {
  const made = h('div', { 'aria-live': 'polite' });
  return [form('Create the webhook', [
    field('URL', 'url', { type: 'url', required: true, maxlength: 2048, hint: 'http or https. It gets a POST of JSON.' }),
    choices('Only these events', 'event', events, { hint: 'None for all.' }),
    models.length > 0 && choices('Only rollouts of these models', 'model', models, { hint: 'None for all.' }),
  ], async (values, element) => {
    const [onlyEvents, onlyModels] = [chosen(values, 'event'), chosen(values, 'model')];
    const webhook = await post('/webhooks', {
      url: values.url, events: onlyEvents.length > 0 ? onlyEvents : undefined,
      models: onlyModels.length > 0 ? onlyModels : undefined,
    });
    announce(`The webhook to ${webhook.url} is created.`);
    element.reset();
    fill(made, h('p', {}, 'Its receiver checks signatures with this secret. It is shown here only, and never again:'),
      secret(`Secret of ${webhook.url}`, webhook.secret));
    await refresh();
  }), made];
}
