// All firmwares, newest first, by model and MCU.

import { all, get, may, search } from './api.js';
import { bytes, number } from './format.js';
import { keysOf } from './manifest.js';
import { filters } from './parts.js';
import { badge, code, field, h, page, pagedTable, when } from './ui.js';

export async function show({ main, query, signal }) {
  const [model, mcu] = [query.get('model') ?? '', query.get('mcu') ?? ''];
  const models = await all('/models', 'models');
  const [status, keys] = await Promise.all([get('/status', { model }, { signal }), keysOfAll(model, models)]);
  const running = new Map(status.firmwares.map((firmware) => [firmware.id, firmware]));
  const shown = models.filter(({ name }) => !model || name === model);
  const mcus = new Set([...shown.flatMap((one) => one.mcus.map(({ name }) => name)), mcu].filter(Boolean));
  const columns = [
    { title: 'Version', cell: (row) => h('a', { href: `#/firmwares/${row.id}` }, `${row.model} ${row.mcu} ${row.version}`) },
    { title: 'State', cell: (row) => (row.publishedAt ? badge('passed', 'published') : badge('idle', 'not published')) },
    { title: 'Run it', numeric: true, cell: (row) => runners(row, running.get(row.id)?.running ?? 0) },
    { title: 'Size', numeric: true, cell: ({ size }) => bytes(size) },
    { title: 'Format', cell: ({ format }) => format },
    { title: 'Signed by', cell: (row) => signer(row, keys) },
    { title: 'Registered', cell: ({ registeredAt }) => when(registeredAt) },
    { title: 'Published', cell: ({ publishedAt }) => (publishedAt ? when(publishedAt) : '–') },
  ];
  const caption = `Firmwares${model && ` of ${model}`}${mcu && ` for ${mcu}`}, newest first`;
  const list = await pagedTable(caption, columns, async (after) => {
    const { firmwares, next } = await get('/firmwares', { model, mcu, limit: 50, after }, { signal });
    return { rows: firmwares, next };
  }, { empty: model || mcu ? 'No firmware is registered for these.' : 'No firmware is registered yet.' });
  if (signal.aborted) return;
  page(main, 'Firmwares',
    may('uploader') && h('p', {}, h('a', { class: 'button primary', href: '#/firmwares/upload' }, 'Upload')),
    filters('firmwares', [
      field('Model', 'model', { value: model, options: [['', 'All models'], ...models.map(({ name }) => name)] }),
      field('MCU', 'mcu', { value: mcu, options: [['', 'All MCUs'], ...mcus] }),
    ]), list);
}

/** The keys of the models that are shown; of very many models only ids are told. */
async function keysOfAll(model, models) {
  const names = model ? [model] : models.slice(0, 20).map(({ name }) => name);
  return new Map(await Promise.all(names.map(async (name) => [name, await keysOf(name)])));
}

function signer(row, keys) {
  const key = keys.get(row.model)?.get(row.keyId);
  const name = h('span', { title: row.keyId }, key?.name ?? code(row.keyId.slice(0, 12)));
  return [name, key?.revokedAt && [' ', badge('failed', 'revoked')]];
}

function runners(row, count) {
  if (count === 0) return '0';
  return h('a', { href: `#/fleet${search({ model: row.model, running: `${row.mcu}=${row.version}` })}` }, number(count));
}
