// All models, and creating one; with `?model=` in the address, one of them with its keys and settings.

import { all, get, may, post } from './api.js';
import { duration, number } from './format.js';
import { more } from './parts.js';
import { announce, field, form, h, page, pagedTable } from './ui.js';

export async function show({ main, query, signal }) {
  const name = query.get('model');
  if (name) return (await import('./model.js')).show({ main, name, signal });
  const list = await pagedTable('Models by name', [
    { title: 'Model', cell: (model) => h('a', { href: modelAddress(model.name) }, model.name) },
    { title: 'MCUs and newest sequences', cell: ({ mcus }) => h('ul', { class: 'list' }, mcus.map((mcu) =>
      h('li', {}, `${mcu.name}: `, mcu.newestSequence === 0 ? 'no firmware' : h('code', {}, mcu.newestSequence)))) },
    { title: 'Asks every', numeric: true, cell: ({ pollInterval }) => duration(pollInterval) },
    { title: 'Confirms within', numeric: true, cell: ({ confirmWithin }) => duration(confirmWithin) },
    { title: 'Values are kept', cell: ({ retention }) => retentionText(retention) },
    { title: 'Four eyes', cell: ({ fourEyes }) => (fourEyes ? 'yes' : 'no') },
  ], async (after) => {
    const { models, next } = await get('/models', { limit: 100, after }, { signal });
    return { rows: models, next };
  }, { empty: 'There is no model yet: it is a kind of thing, with one MCU or several that take firmware.' });
  if (signal.aborted) return undefined;
  return page(main, 'Models and keys', may('administrator') && more('Create a model', creation()), list);
}

const modelAddress = (name) => `#/models?${new URLSearchParams({ model: name })}`;

export function retentionText({ values, age }) {
  const parts = [values && `the newest ${number(values)}`, age && `for ${duration(age)}`].filter(Boolean);
  return parts.length === 0 ? 'for ever' : parts.join(', ');
}

function creation() {
  return form('Create the model', [
    field('Name', 'name', { required: true, maxlength: 64 }),
    field('MCUs', 'mcus', {
      required: true, hint: 'Their names with commas between them, such as: main, radio. They cannot be changed later.',
    }),
    field('Things confirm an update within seconds', 'confirmWithin', { type: 'number', min: 1, max: 31536000, value: 900 }),
    field('Things ask again after seconds', 'pollInterval', { type: 'number', min: 1, max: 86400, value: 300 }),
    field('Take only whole numbers as versions', 'numericVersions', { type: 'checkbox' }),
    field('Publishing needs a second operator (four eyes)', 'fourEyes', { type: 'checkbox' }),
  ], async (values) => {
    const mcus = values.mcus.split(',').map((mcu) => mcu.trim()).filter(Boolean);
    const known = (await all('/models', 'models')).some(({ name }) => name === values.name);
    const model = await post('/models', {
      name: values.name, mcus,
      confirmWithin: Number(values.confirmWithin || 900), pollInterval: Number(values.pollInterval || 300),
      numericVersions: values.numericVersions === true, fourEyes: values.fourEyes === true,
    });
    announce(known ? `Model ${model.name} was there already.` : `Model ${model.name} is created. It trusts no key yet.`);
    location.hash = modelAddress(model.name);
  });
}
