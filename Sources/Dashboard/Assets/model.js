// One model: its MCUs, the keys that it trusts, its settings, and how devices that speak DDI come in.

import { get, may, patch, path, put, search } from './api.js';
import { duration } from './format.js';
import { doorSections } from './model-door.js';
import { keySection } from './model-keys.js';
import { retentionText } from './models.js';
import { more } from './parts.js';
import { announce, code, confirm, facts, field, fill, form, h, page, section, table, when } from './ui.js';

export async function show({ main, name, signal }) {
  let model = await get(path`/models/${name}`, {}, { signal });
  const told = h('div');
  const tell = (changed) => {
    model = changed;
    fill(told, h('div', { class: 'card' }, facts([
      ['Things', h('a', { href: `#/fleet${search({ model: name })}` }, 'in the fleet')],
      ['Firmwares', h('a', { href: `#/firmwares${search({ model: name })}` }, 'all of this model')],
      ['Versions', model.numericVersions ? 'whole numbers only' : 'as they are written'],
      ['Things ask every', duration(model.pollInterval)],
      ['Things confirm within', duration(model.confirmWithin)],
      ['Four eyes', model.fourEyes ? 'publishing needs a second operator' : 'no: a releaser publishes alone'],
      ['Values are kept', retentionText(model.retention)],
      ['Created', when(model.createdAt)],
    ])), mcuTable(model));
  };
  tell(model);
  const [keys, door] = await Promise.all([keySection(name, signal), doorSections(() => model, tell, signal)]);
  if (signal.aborted) return;
  page(main, name, h('p', {}, h('a', { href: '#/models' }, 'All models')), told, keys,
    may('administrator') && section('Settings', settings(() => model, tell), retention(() => model, tell)), door);
}

const mcuTable = ({ name, mcus }) => section('MCUs', table('In the order in which the model names them', [
  { title: 'MCU', cell: (mcu) => h('a', { href: `#/firmwares${search({ model: name, mcu: mcu.name })}` }, mcu.name) },
  {
    title: 'Newest sequence', numeric: true,
    cell: (mcu) => (mcu.newestSequence === 0 ? 'no firmware' : code(mcu.newestSequence)),
  },
  { title: 'Type of its module', cell: (mcu) => mcu.moduleType },
  { title: 'Part (DDI)', cell: (mcu) => mcu.part },
], mcus));

function settings(model, tell) {
  const { name, pollInterval, fourEyes } = model();
  return more('How often its things ask, and four eyes', form('Save the settings', [
    field('Things ask again after seconds', 'pollInterval', {
      type: 'number', min: 1, max: 86400, required: true, value: pollInterval,
    }),
    field('Publishing needs a second operator (four eyes)', 'fourEyes', { type: 'checkbox', value: fourEyes }),
  ], async (values) => {
    const wanted = values.fourEyes === true;
    if (model().fourEyes && !wanted && !await confirm('Turn four eyes off?',
      `From then on one releaser publishes firmware of ${name}, and starts rollouts, alone.`,
      'Turn it off', { danger: true })) return;
    tell(await patch(path`/models/${name}`, { pollInterval: Number(values.pollInterval), fourEyes: wanted }));
    announce(`The settings of ${name} are saved.`);
  }));
}

function retention(model, tell) {
  const { name, retention: { values: most, age } } = model();
  return more('How long values are kept', form('Save how long', [
    field('Newest values of each resource', 'values', { type: 'number', min: 1, value: most, hint: 'Empty for no limit.' }),
    field('Days', 'days', {
      type: 'number', min: 0, step: 'any', value: age && Number((age / 86400).toFixed(4)),
      hint: 'Empty for no limit. The newest value of each resource stays, whatever its age.',
    }),
  ], async ({ values, days }) => {
    const wanted = { values: values ? Number(values) : undefined, age: days ? Math.round(Number(days) * 86400) : undefined };
    if ((wanted.values || wanted.age) && !await confirm(`Keep values ${retentionText(wanted)}?`,
      `What things of ${name} wrote before that is deleted, in the background and for good.`,
      'Save how long', { danger: true })) return;
    tell(await put(path`/models/${name}/retention`, wanted));
    announce(`Values of ${name} are kept ${retentionText(wanted)}.`);
  }));
}
