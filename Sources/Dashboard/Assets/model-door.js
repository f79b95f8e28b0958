// How devices that speak hawkBit's DDI come in: the settings of the door, the gateway token, and devices that wait.

import { get, may, patch, path, post, remove, search } from './api.js';
import { duration, instant, plural } from './format.js';
import { more, refill } from './parts.js';
import { action, announce, code, confirm, facts, field, fill, form, h, pagedTable, secret, section, when } from './ui.js';

const unknown = [
  ['accept', 'Accept: it is a thing of the model from then on'],
  ['hold', 'Hold: it waits until an operator admits it'],
  ['refuse', 'Refuse: it is answered as one without a token'],
];

/** @param model tells the model as it is now; `tell` takes it as it was changed. */
export async function doorSections(model, tell, signal) {
  const { name } = model();
  const told = h('div');
  const refresh = () => {
    const { deviceDoor } = model();
    fill(told, h('div', { class: 'card' }, facts([
      ['Unknown devices', unknown.find(([key]) => key === deviceDoor.unknownThings)?.[1] ?? deviceDoor.unknownThings],
      ['Version', ['told in the attribute ', code(deviceDoor.versionAttribute)]],
      ['Success', deviceDoor.trustsReports ? 'believed when the device reports it (claimed)' :
        'confirmed when the device says its version'],
    ])));
  };
  refresh();
  const changed = (next) => {
    tell(next);
    refresh();
  };
  return [
    section('Devices by hawkBit DDI', told,
      may('administrator') && [more('How they come in', doorForm(model, changed)), more('Gateway token', gateway(name))]),
    section('Devices that came by DDI', await controllers(name, signal)),
  ];
}

function doorForm(model, changed) {
  const { name, deviceDoor, mcus } = model();
  return form('Save the door', [
    field('A device that is not known', 'unknownThings', { options: unknown, value: deviceDoor.unknownThings }),
    field('Attribute with the version', 'versionAttribute', {
      required: true, maxlength: 128, value: deviceDoor.versionAttribute,
    }),
    field('Believe the report of a success alone', 'trustsReports', {
      type: 'checkbox', value: deviceDoor.trustsReports,
      hint: 'For devices that cannot say what they run: they end as claimed.',
    }),
    mcus.map((mcu) => h('div', { class: 'row' },
      field(`Module type of ${mcu.name}`, `type:${mcu.name}`, {
        required: true, maxlength: 64, value: mcu.moduleType, hint: 'os, application, runtime, …',
      }),
      field(`Part of ${mcu.name}`, `part:${mcu.name}`, {
        maxlength: 64, value: mcu.part, hint: 'Empty for that of the type.',
      }))),
  ], async (values) => {
    // What is as it was is not sent, so that a part which goes by its type goes on doing so.
    const modules = model().mcus.map((mcu) => [mcu.name, {
      moduleType: values[`type:${mcu.name}`] === mcu.moduleType ? undefined : values[`type:${mcu.name}`],
      part: values[`part:${mcu.name}`] === mcu.part ? undefined : values[`part:${mcu.name}`],
    }]).filter(([, { moduleType, part }]) => moduleType !== undefined || part !== undefined);
    changed(await patch(path`/models/${name}`, {
      deviceDoor: {
        unknownThings: values.unknownThings, versionAttribute: values.versionAttribute,
        trustsReports: values.trustsReports === true,
      },
      modules: modules.length > 0 ? Object.fromEntries(modules) : undefined,
    }));
    announce(`The door of ${name} is saved.`);
  });
}

function gateway(model) {
  const place = h('div', { 'aria-live': 'polite' });
  const tell = ({ token, previousExpiresAt }) => fill(place, secret(`Gateway token of ${model}`, token),
    previousExpiresAt && h('p', {}, `The one before works until ${instant(previousExpiresAt)}.`));
  const days = [['0', 'at once'], ['3600', 'in an hour'], ['86400', 'in a day'], ['604800', 'in a week']];
  return [
    h('p', {}, `By it, gateways and devices without a token of their own speak for things of ${model}. ` +
      'It is made when it is first shown; the audit log keeps who read it.'),
    h('div', { class: 'buttons' },
      action('Show the token', async () => tell(await post(path`/models/${model}/gateway-token`, {})))),
    form('Make a new token', [field('The old one ends', 'overlap', { options: days, value: '86400' })], async ({ overlap }) => {
      const seconds = Number(overlap);
      if (!await confirm(`Make a new gateway token for ${model}?`, seconds === 0 ?
        'Every device and gateway with the old one is shut out at once, until it has the new one.' :
        `Every device and gateway with the old one has ${duration(seconds)} to get the new one; then it is shut out.`,
      'Make a new token', { danger: true })) return;
      tell(await post(path`/models/${model}/gateway-token`, { rotate: true, overlap: seconds }));
      announce(`${model} has a new gateway token.`);
    }, { kind: 'danger' }),
    place,
  ];
}

async function controllers(model, signal) {
  const place = h('div');
  let waits = true;
  const heading = field('Which', 'which', { options: [['waiting', 'Those that wait'], ['all', 'All']], value: 'waiting' });
  heading.querySelector('select').addEventListener('change', (event) => {
    waits = event.currentTarget.value === 'waiting';
    refresh().catch(() => {});
  });
  async function refresh() {
    const list = await pagedTable(waits ? `Devices of ${model} that wait` : `Devices of ${model} that came by DDI`, [
      { title: 'Name', cell: ({ controllerId }) => code(controllerId) },
      { title: 'Came first', cell: ({ createdAt }) => when(createdAt) },
      { title: 'Thing', cell: ({ thing }) => (thing ? h('a', { href: `#/things/${thing}` }, code(thing)) : 'waits') },
      may('administrator') && { title: 'Change', cell: buttons },
    ].filter(Boolean), async (after) => {
      const page = await get('/controllers', { model, waiting: waits, limit: 100, after }, { signal });
      return { rows: page.controllers, next: page.next };
    }, { empty: waits ? 'No device waits to be admitted.' : 'No device has come by DDI.' });
    if (signal.aborted) return;
    refill(place, list);
    refuseAll.hidden = !waits || !list.querySelector('tbody') || !may('administrator');
  }
  function buttons({ controllerId, thing }) {
    if (thing) return '–';
    return h('div', { class: 'buttons' },
      action('Admit', async () => {
        await post(path`/controllers/${controllerId}/admission`);
        announce(`${controllerId} is a thing of ${model} now.`);
        await refresh();
      }, '', { 'aria-label': `Admit ${controllerId}` }),
      action('Refuse', async () => {
        await remove(path`/controllers/${controllerId}`);
        announce(`${controllerId} is forgotten; it waits again when it comes again.`);
        await refresh();
      }, 'danger', { 'aria-label': `Refuse ${controllerId}` }));
  }
  const refuseAll = action('Refuse all that wait', async () => {
    if (!await confirm('Refuse all that wait?',
      `Every device of ${model} that waits is forgotten. Each waits again when it comes again.`,
      'Refuse all', { danger: true })) return;
    const { refused } = await remove(`/controllers${search({ model, waiting: true })}`);
    announce(`${plural(refused, 'device')} of ${model} forgotten.`);
    await refresh();
  }, 'danger');
  await refresh();
  return [h('div', { class: 'row' }, heading, h('div', { class: 'buttons' }, refuseAll)), place];
}
