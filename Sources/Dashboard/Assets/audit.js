// What operators did, newest first, with what was before and is after.

import { get, search } from './api.js';
import { instant } from './format.js';
import { filters } from './parts.js';
import { field, h, page, pagedTable } from './ui.js';

const actions = [
  'app.create', 'code.create', 'controller.admit', 'controller.refuse', 'controller.refuseAll', 'firmware.publish',
  'firmware.register', 'firmware.withdraw', 'image.store', 'mail.read', 'model.create', 'model.createGatewayToken',
  'model.readGatewayToken', 'model.retain', 'model.revoke', 'model.rotateGatewayToken', 'model.set', 'model.trust',
  'operator.create', 'operator.login', 'operator.logout', 'operator.revoke', 'rollout.approve', 'rollout.cancel',
  'rollout.create', 'rollout.pause', 'rollout.resume', 'rollout.revert', 'rollout.start', 'thing.allowLink',
  'thing.forbidLink', 'thing.import', 'thing.readToken', 'thing.reset', 'thing.retire', 'thing.retry', 'thing.rotateToken',
  'thing.unlink', 'user.logout', 'webhook.create', 'webhook.delete', 'webhook.test',
];

export async function show({ main, query, signal }) {
  const given = Object.fromEntries(['subject', 'actor', 'action'].map((name) => [name, query.get(name) ?? '']));
  const filtered = Object.values(given).some(Boolean);
  const list = await pagedTable(`What operators did${filtered ? ' of this kind' : ''}, newest first`, [
    { title: 'When', cell: ({ at }) => h('time', { class: 'nowrap', datetime: at }, instant(at)) },
    { title: 'Who', cell: ({ actor }) => h('a', { href: `#/audit${search({ ...given, actor })}` }, actor) },
    { title: 'Action', cell: ({ action }) => h('a', { href: `#/audit${search({ ...given, action })}` }, action) },
    { title: 'Subject', cell: (entry) => subject(entry) },
    { title: 'Details and changes', cell: (entry) => changes(entry) },
  ], async (after) => {
    const { entries, next } = await get('/audit', { ...given, limit: 100, after }, { signal });
    return { rows: entries, next };
  }, { empty: filtered ? 'Nobody did anything of this kind.' : 'Nobody has done anything yet.' });
  if (signal.aborted) return;
  page(main, 'Audit', filters('audit', [
    field('Who', 'actor', { value: given.actor }),
    field('Action', 'action', { value: given.action, list: 'actions' }),
    field('Subject (whole)', 'subject', { value: given.subject }),
    h('datalist', { id: 'actions' }, actions.map((value) => h('option', { value }))),
  ]), list);
}

function subject(entry) {
  const address = addressOf(entry);
  const text = h('code', {}, short(entry.subject));
  return address ? h('a', { href: address }, text) : text;
}

/** The page of what an entry is about; null where there is none. */
function addressOf({ action, subject: name, after, details }) {
  const [kind, verb] = action.split('.');
  switch (kind) {
    case 'thing': return verb === 'import' ? null : `#/things/${encodeURIComponent(name)}`;
    case 'rollout': return `#/rollouts/${encodeURIComponent(name)}`;
    case 'firmware': return firmwareAddress(name, after?.id ?? details.id);
    case 'model': return `#/models${search({ model: name })}`;
    case 'code': return `#/codes${search({ model: name })}`;
    case 'webhook': return verb === 'delete' ? null : `#/webhooks${search({ webhook: name })}`;
    case 'operator': return '#/tokens';
    case 'app': return `#/users${search({ app: name })}`;
    default: return null;
  }
}

/** The subject of a firmware is MODEL/MCU/VERSION; only its registration tells the id. */
function firmwareAddress(name, id) {
  if (id) return `#/firmwares/${encodeURIComponent(id)}`;
  const parts = name.split('/');
  return parts.length === 3 ? `#/firmwares${search({ model: parts[0], mcu: parts[1] })}` : null;
}

/** What was said, and each value that is another than before: the old one struck out, the new one behind it. */
function changes({ details, before = {}, after = {} }) {
  const said = Object.entries(details).filter(([name, value]) => value !== '' && after[name] !== value)
    .map(([name, value]) => h('li', {}, `${name}: `, short(value)));
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => before[name] !== after[name]).map((name) => h('li', {}, `${name}: `,
    name in before && h('del', {}, h('span', { class: 'hidden' }, 'was '), short(before[name])),
    name in before && name in after && ' ',
    name in after && h('ins', {}, name in before && h('span', { class: 'hidden' }, 'is '), short(after[name]))));
  return said.length + changed.length === 0 ? '–' : h('ul', { class: 'changes' }, said, changed);
}

/** Digests by how they begin; the whole is told to whoever points at it. */
const short = (text) => (/^(sha256:)?[0-9a-f]{40,}$/.test(text) ? h('code', { title: text }, `${text.slice(0, 19)}…`) : text);
