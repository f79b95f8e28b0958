// Activation codes: created for a model, given to the factory as CSV, and which of them have activated a thing.

import { all, get, may, post } from './api.js';
import { number, plural } from './format.js';
import { filters, more, refill } from './parts.js';
import { action, announce, badge, code, confirm, field, fill, form, h, page, pagedTable, save, when } from './ui.js';

/** So many are put into one file; `firmament code list --csv` has no such limit. */
const most = 100_000;

export async function show({ main, query, signal }) {
  if (!may('administrator')) {
    page(main, 'Codes', h('p', { class: 'hint' }, 'Codes activate things, so that only administrators may read them.'));
    return;
  }
  const [model, unused] = [query.get('model') ?? '', query.get('unused') === 'true'];
  const names = (await all('/models', 'models')).map(({ name }) => name);
  const columns = [
    { title: 'Code', cell: (row) => code(row.code) },
    { title: 'Model', cell: (row) => row.model },
    { title: 'Created', cell: ({ createdAt }) => when(createdAt) },
    { title: 'State', cell: ({ usedAt }) => (usedAt ? badge('activated', 'used') : badge('idle', 'unused')) },
    { title: 'Used', cell: ({ usedAt }) => (usedAt ? when(usedAt) : '–') },
    { title: 'Thing', cell: ({ thing }) => (thing ? h('a', { href: `#/things/${thing}` }, code(thing)) : '–') },
  ];
  const caption = `${unused ? 'Unused codes' : 'Codes'}${model && ` of ${model}`}, newest first`;
  const list = () => pagedTable(caption, columns, async (after) => {
    const { codes, next } = await get('/codes', { model, unused, limit: 100, after }, { signal });
    return { rows: codes, next };
  }, { empty: 'There are no such codes.' });
  const place = h('div', {}, await list());
  const made = h('div');

  const download = action('Save as CSV', async () => {
    const codes = [];
    let after;
    do {
      const page = await get('/codes', { model, unused, limit: 1000, after }, { signal });
      codes.push(...page.codes);
      after = page.next;
      if (after) download.textContent = `Save as CSV (${number(codes.length)} so far)`;
    } while (after && codes.length < most);
    download.textContent = 'Save as CSV';
    saveCSV(codes, `codes${model && `-${model}`}${unused ? '-unused' : ''}.csv`);
    announce(`${plural(codes.length, 'code')} saved.` +
      (after ? ' There are more: filter, or use firmament code list --csv.' : ''));
  });
  if (signal.aborted) return;
  page(main, 'Codes',
    names.length === 0 ? h('p', {}, h('a', { href: '#/models' }, 'Create a model'), ' first: codes are for one.') :
      more('Create codes', form('Create codes', [
        field('Model', 'model', { options: names, value: model }),
        field('How many', 'count', {
          type: 'number', min: 1, max: 10000, step: 1, required: true, value: 100, hint: '10,000 at most at once.',
        }),
      ], async (values) => {
        const count = Number(values.count);
        if (!await confirm(`Create ${plural(count, 'code')}?`,
          `Each of them activates one thing of ${values.model}, once. Codes cannot be deleted.`,
          `Create ${plural(count, 'code')}`)) return;
        const { codes } = await post('/codes', { model: values.model, count });
        announce(`${plural(codes.length, 'code')} created for ${values.model}.`);
        fill(made, h('p', {}, `${plural(codes.length, 'code')} created for ${values.model}.`),
          action('Save these as CSV', () => saveCSV(codes, `codes-${values.model}-new.csv`)));
        refill(place, await list());
      }, { label: 'Create codes' }), made),
    filters('codes', [
      field('Model', 'model', { value: model, options: [['', 'All models'], ...names] }),
      field('Which', 'unused', { value: unused ? 'true' : '', options: [['', 'All codes'], ['true', 'Unused ones']] }),
    ]),
    h('div', { class: 'buttons' }, download), place);
}

/** The columns of the API's CSV, and its quotes (RFC 4180). */
function saveCSV(codes, name) {
  const quoted = (text = '') => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const names = ['code', 'model', 'createdAt', 'usedAt', 'thing'];
  const lines = [names.join(','), ...codes.map((row) => names.map((column) => quoted(row[column])).join(','))];
  save(new Blob([lines.join('\r\n') + '\r\n'], { type: 'text/csv' }), name);
}
