// One webhook: what it is sent, and what became of each delivery.

import { all, get, may, path } from './api.js';
import { refill } from './parts.js';
import { action, announce, badge, code, due, facts, h, page, pagedTable, section, when } from './ui.js';
import { deleteWebhook, sendTest, webhookState } from './webhooks.js';

export async function show({ main, id, signal }) {
  // There is no endpoint for one: it is looked for among all.
  const webhook = (await all('/webhooks', 'webhooks')).find((one) => one.id === id);
  if (!webhook) {
    page(main, 'Not found', h('p', {}, 'There is no such webhook any more. ', h('a', { href: '#/webhooks' }, 'All webhooks')));
    return;
  }
  const place = h('div', {}, await deliveries(id, signal));
  const refresh = async () => {
    const list = await deliveries(id, signal);
    if (!signal.aborted) refill(place, list);
  };
  if (signal.aborted) return;
  page(main, `Webhook to ${webhook.url}`,
    h('p', {}, h('a', { href: '#/webhooks' }, 'All webhooks')),
    h('div', { class: 'card' }, facts([
      ['State', [webhookState(webhook), webhook.disabledAt && [' its receiver answered 410, ', when(webhook.disabledAt)]]],
      ['Events', webhook.events?.join(', ') ?? 'all'], ['Models', webhook.models?.join(', ') ?? 'all'],
      ['Created', [when(webhook.createdAt), ` by ${webhook.createdBy}`]], ['Id', code(id)],
    ])),
    may('administrator') && h('div', { class: 'buttons' },
      action('Send a test', async () => {
        await sendTest(webhook);
        await refresh();
      }),
      action('Delete', async () => { if (await deleteWebhook(webhook)) location.hash = '#/webhooks'; }, 'danger')),
    section('Deliveries', h('div', { class: 'buttons' }, action('Refresh', async () => {
      await refresh();
      announce('The deliveries are as they are now.');
    })), place));
}

const deliveries = (id, signal) => pagedTable('Deliveries, newest first; kept for 30 days', [
  { title: 'Event', cell: ({ event, eventId }) => [event, eventId !== undefined && ` (${eventId})`] },
  { title: 'Rollout', cell: ({ rollout }) => (rollout ? h('a', { href: `#/rollouts/${rollout}` }, code(rollout)) : '–') },
  { title: 'State', cell: state },
  { title: 'Attempts', numeric: true, cell: ({ attempts }) => attempts },
  { title: 'Status', numeric: true, cell: ({ status }) => status ?? '–' },
  { title: 'Failure', cell: ({ failure }) => failure ?? '–' },
  { title: 'Queued', cell: ({ createdAt }) => when(createdAt) },
  { title: 'Last attempt', cell: ({ lastAttemptAt }) => (lastAttemptAt ? when(lastAttemptAt) : '–') },
  { title: 'Next attempt', cell: ({ nextAttemptAt }) => (nextAttemptAt ? due(nextAttemptAt) : '–') },
], async (after) => {
  const page = await get(path`/webhooks/${id}/deliveries`, { limit: 100, after }, { signal });
  return { rows: page.deliveries, next: page.next };
}, { empty: 'Nothing was to be sent yet.' });

function state({ deliveredAt, nextAttemptAt, attempts }) {
  if (deliveredAt) return badge('passed', 'delivered');
  if (!nextAttemptAt) return badge('failed', 'given up');
  return attempts === 0 ? badge('running', 'queued') : badge('waiting', 'is tried again');
}
