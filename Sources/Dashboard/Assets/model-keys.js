// The public keys whose signatures a model accepts: trusting one, and revoking one.

import { get, may, path, post, remove } from './api.js';
import { trust } from './manifest.js';
import { more, refill } from './parts.js';
import { action, announce, code, confirm, field, form, h, pagedTable, section, when } from './ui.js';

export async function keySection(model, signal) {
  const place = h('div');
  async function refresh() {
    const table = await keyTable(model, signal, refresh);
    if (signal.aborted) return;
    refill(place, table);
  }
  place.append(await keyTable(model, signal, refresh));
  return section('Trusted keys', place, may('administrator') && more('Trust a key', trusting(model, refresh)));
}

const keyTable = (model, signal, refresh) => pagedTable(`Keys of ${model}, revoked ones too`, [
  { title: 'Name', cell: ({ name }) => name ?? '–' },
  { title: 'State', cell: (key) => [trust(key), key.revokedAt && [' ', when(key.revokedAt)]] },
  { title: 'Id', cell: ({ id }) => code(id) },
  { title: 'Algorithm', cell: ({ algorithm }) => algorithm },
  { title: 'Trusted since', cell: ({ addedAt }) => when(addedAt) },
  may('administrator') && { title: 'Change', cell: (key) => (key.revokedAt ? '–' : revokeButton(model, key, refresh)) },
].filter(Boolean), async (after) => {
  const { keys, next } = await get(path`/models/${model}/keys`, { limit: 100, after }, { signal });
  return { rows: keys, next };
}, { empty: 'It trusts no key yet, so that no firmware can be registered for it.' });

function revokeButton(model, key, refresh) {
  const called = key.name ?? key.id.slice(0, 12);
  return action('Revoke', async () => {
    if (!await confirm(`Revoke ${called}?`,
      `What it signed stays registered and goes on being offered. Nothing new that it signs is taken for ${model}.`,
      'Revoke the key', { danger: true })) return;
    await remove(path`/models/${model}/keys/${key.id}`);
    announce(`Key ${called} is revoked for ${model}.`);
    await refresh();
  }, 'danger', { 'aria-label': `Revoke ${called}` });
}

function trusting(model, refresh) {
  const text = field('Public key', 'pem', {
    rows: 4, required: true, spellcheck: 'false', placeholder: '-----BEGIN PUBLIC KEY-----',
    hint: 'PEM: Ed25519 or ECDSA P-256, as firmament key generate writes it.',
  });
  const area = text.querySelector('textarea');
  const file = field('Or from a file', 'file', { type: 'file', accept: '.pem,.pub', hint: 'Such as engineer.pub.pem.' });
  file.querySelector('input').addEventListener('change', async (event) => {
    const [chosen] = event.currentTarget.files;
    if (chosen) area.value = chosen.size > 65536 ? 'This file is too large for a key.' : await chosen.text();
  });
  return form('Trust the key', [text, file, field('Name', 'name', { maxlength: 64, hint: 'What people call it.' })],
    async ({ pem, name }, element) => {
      if (/PRIVATE KEY/.test(pem)) {
        element.reset();
        throw new Error('This is a private key: it stays with the engineer and is not sent. Give the public one, KEY.pub.pem.');
      }
      if (!await confirm('Trust this key?',
        `Whoever has its private key can have firmware registered for ${model}.`, 'Trust the key')) return;
      const key = await post(path`/models/${model}/keys`, { pem, name: name || undefined });
      announce(`Key ${key.name ?? key.id.slice(0, 12)} is trusted for ${model}.`);
      element.reset();
      await refresh();
    });
}
