// A new rollout: its settings, the plan that says what they would mean, and only then, for exactly these, its creation.

import { all, get, may, post } from './api.js';
import { plural } from './format.js';
import { basicFields, moreFields, request, startOf } from './rollout-form.js';
import { mistake } from './parts.js';
import { reasonText } from './rollout-words.js';
import { action, alertBox, announce, code, confirm, field, fill, form, h, page, table } from './ui.js';

export async function show({ main, query, signal }) {
  const models = await all('/models', 'models');
  if (signal.aborted) return;
  if (models.length === 0) {
    page(main, 'New rollout', h('p', {}, 'There is no model yet. ', h('a', { href: '#/models' }, 'To the models')));
    return;
  }
  const chosen = models.find(({ name }) => name === query.get('model')) ?? models[0];
  const model = field('Model', 'model', { options: models.map(({ name }) => name), value: chosen.name });
  const what = h('div');
  const result = h('div', { class: 'plan' });
  let inputs = 0;

  /** A plan holds for the inputs that it was made for. */
  function forget() {
    inputs += 1;
    planning.querySelector('.mistake').replaceChildren();
    if (result.querySelector('h2')) {
      fill(result, h('p', { class: 'hint' }, 'Something was changed: show the plan again.'));
      announce('The plan no longer fits what was entered.');
    }
  }

  async function plan(values) {
    const place = inputs;
    const box = planning.querySelector('.mistake');
    box.replaceChildren();
    let body;
    try {
      body = request(values, chosenFirmwares(what, values));
      const preview = await post('/rollouts/plan', body, { signal });
      if (place !== inputs || signal.aborted) return;
      const heading = h('h2', { tabindex: -1 }, 'Plan');
      fill(result, heading, planned(preview), may('releaser') && creation(preview, body, signal));
      heading.focus();
      heading.scrollIntoView({ block: 'nearest' });
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      fill(result);
      fill(box, mistake(error, body));
    }
  }

  const planning = form('Show plan', [
    model, what, basicFields(), moreFields(), h('div', { class: 'mistake' }),
  ], plan, { label: 'New rollout' });
  planning.addEventListener('input', forget);
  const select = model.querySelector('select');
  const choose = async () => {
    const name = select.value;
    const firmwares = await all('/firmwares', 'firmwares', { model: name, limit: 1000 });
    if (name === select.value) fill(what, firmwareFields(models.find((model) => model.name === name), firmwares, query));
  };
  select.addEventListener('change', () => choose().catch((error) => fill(what, alertBox(error))));
  await choose();
  if (signal.aborted) return;
  page(main, 'New rollout',
    h('p', {}, 'Nothing is offered to any thing until the rollout is created and started. ' +
      'Its settings never change afterwards.'),
    planning, result);
}

/** What is delivered: a version, or for models of several MCUs also a firmware for each. */
function firmwareFields(model, firmwares, query) {
  const versions = new Map();
  for (const { version, mcu } of firmwares) versions.set(version, [...(versions.get(version) ?? []), mcu]);
  if (versions.size === 0) return h('p', { class: 'hint' }, `${model.name} has no firmware yet: upload one first.`);
  const options = [...versions].map(([version, mcus]) =>
    [version, model.mcus.length > 1 ? `${version} (${mcus.join(', ')})` : version]);
  if (model.mcus.length > 1) options.push(['', 'Choose for each MCU…']);
  const version = field('Version', 'version', { options, value: query.get('version') ?? options[0][0],
    hint: model.mcus.length > 1 && 'The firmware of this version of each MCU that has one.' });
  const each = h('fieldset', { class: 'each', hidden: true },
    h('legend', {}, 'Firmware of each MCU, in the order in which a thing gets them'),
    h('div', { class: 'row' }, model.mcus.map(({ name }) => field(name, `mcu:${name}`, { options: [['', 'none'],
      ...firmwares.filter(({ mcu }) => mcu === name).map(({ id, version }) => [id, version])] }))));
  version.addEventListener('change', () => { each.hidden = version.querySelector('select').value !== ''; });
  return [version, each];
}

/** The ids that were chosen for each MCU, in the model's order; undefined where a version is to be taken. */
function chosenFirmwares(what, values) {
  if (!what.querySelector('select')) throw new Error(`${values.model} has no firmware yet`);
  if (values.version !== '') return undefined;
  const ids = [...what.querySelectorAll('.each select')].map(({ value }) => value).filter(Boolean);
  if (ids.length === 0) throw new Error('Choose the firmware of at least one MCU.');
  return ids;
}

/** How many things each stage would have, and who is left out, and why. */
function planned({ model, firmwares, things, stages, excluded, exclusions }) {
  const held = stages.reduce((sum, stage) => sum + stage.held, 0);
  const versions = firmwares.map(({ mcu, version }) => `${mcu} ${version}`).join(', ');
  const sample = { title: 'For example', cell: ({ sample }) => sample.map((id) =>
    h('div', {}, h('a', { href: `#/things/${encodeURIComponent(id)}` }, code(id)))) };
  return [
    h('p', {}, h('b', {}, `${plural(things - excluded, 'thing')} of ${plural(things, 'thing')}`),
      ` of ${model} would get ${versions}; `, `${plural(excluded, 'thing')} would not. `,
      held > 0 && `${plural(held, 'thing')} would have to wait now.`),
    table('Things that each stage adds', [
      { title: 'Stage', cell: ({ place }) => place + 1 },
      { title: 'Share', cell: ({ share }) => share },
      { title: 'Things', numeric: true, cell: ({ things }) => plural(things, 'thing') },
      { title: 'Held now', numeric: true, cell: ({ held }) => held },
      sample,
    ], stages.map((stage, place) => ({ ...stage, place }))),
    excluded > 0 && [h('h3', {}, 'Left out'), table('Things that would not get it', [
      { title: 'Why', cell: ({ reason }) => reasonText(reason) },
      { title: 'Clause', cell: ({ clause }) => clause && code(clause) },
      { title: 'Things', numeric: true, cell: ({ things }) => plural(things, 'thing') },
      sample,
    ], exclusions)],
  ];
}

/** The button that creates what was planned; one that starts by itself asks first. */
function creation({ things, excluded }, body, signal) {
  return h('div', { class: 'buttons' }, action('Create rollout', async () => {
    const at = startOf(body);
    if (at) {
      const { fourEyes } = await get('/models/' + encodeURIComponent(body.model), {}, { signal });
      if (!await confirm('Create this rollout?', fourEyes ?
        `It starts at ${at} for ${plural(things - excluded, 'thing')}, in stages, once another operator has approved it.` :
        `It starts by itself at ${at} for ${plural(things - excluded, 'thing')}, in stages.`, 'Create')) return;
    }
    const rollout = await post('/rollouts', body);
    announce(at ? `The rollout is created: it is ${rollout.state}.` : 'The rollout is created: it waits for its start.');
    location.hash = `/rollouts/${encodeURIComponent(rollout.id)}`;
  }, 'primary'));
}
