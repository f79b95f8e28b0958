// One firmware: what it is, who signed it, where it runs, and whether it is offered.

import { get, may, path, put, remove, search } from './api.js';
import { instant, number, plural } from './format.js';
import { detailFacts } from './image-details.js';
import { keysOf, manifestFacts, readEnvelope, sizeText, trust } from './manifest.js';
import { more, pre } from './parts.js';
import { shares } from './plot.js';
import { action, announce, badge, code, confirm, facts, fill, h, page, pagedTable, repeat, save, section, when } from './ui.js';

export async function show({ main, parts: [id], signal }) {
  let firmware = await get(path`/firmwares/${id}`, {}, { signal });
  const { model, mcu, version } = firmware;
  const [envelope, keys, kind] = await Promise.all([
    get(path`/firmwares/${id}/manifest`, {}, { signal }), keysOf(model), get(path`/models/${model}`, {}, { signal }),
  ]);
  const key = keys.get(firmware.keyId);
  const name = `${model} ${mcu} ${version}`;
  const fleet = whereItRuns(firmware);

  const publish = action('Publish', async () => {
    const { models: [figures] } = await get('/fleet', { model });
    const things = figures?.activated ?? 0;
    const agreed = await confirm(`Publish ${name}?`, [
      h('p', {}, `It is offered at once to every thing of ${model} that does not run it or something newer, without stages: ` +
        `${plural(things, 'thing')} at most.`),
      h('p', {}, 'Nothing halts it but a person. A rollout goes in stages instead, and halts by itself.'),
    ], `Publish to ${plural(things, 'thing')}`);
    if (agreed) await change(() => put(path`/firmwares/${id}/publication`), 'is published');
  });
  const withdraw = action('Withdraw', async () => {
    const [{ rollouts, next }, status] = await Promise.all([
      get('/rollouts', { model, publications: true, limit: 1000 }), statusOf(),
    ]);
    const ended = rollouts.filter((rollout) => carries(rollout, id) && rollout.state !== 'cancelled').length;
    const agreed = await confirm(`Withdraw ${name}?`, [
      h('p', {}, 'It is no longer offered or served, also not to things in mid-download. Every rollout of it is cancelled, ' +
        `publications and finished ones too: ${next ? 'at least ' : ''}${plural(ended, 'rollout')}.`),
      h('p', {}, `What runs it keeps it: ${plural(status?.running ?? 0, 'thing')}. ` +
        'No rollout can be created with it until it is published again.'),
    ], 'Withdraw', { danger: true });
    if (agreed) await change(() => remove(path`/firmwares/${id}/publication`), 'is withdrawn');
  }, 'danger');

  async function change(work, done) {
    firmware = await work();
    announce(`${name} ${done}.`);
    state();
    await refresh();
    fill(carried, await rolloutTable(firmware, signal));
    if (publish.hidden) withdraw.focus();
  }
  async function statusOf() {
    return (await get('/status', { model }, { signal })).firmwares.find((one) => one.id === id);
  }
  const stateBadge = h('span');
  const publishedAt = h('span');
  function state() {
    stateBadge.replaceChildren(firmware.publishedAt ? badge('passed', 'published') : badge('idle', 'not published'));
    publishedAt.replaceChildren(firmware.publishedAt ? when(firmware.publishedAt) : 'no');
    publish.hidden = Boolean(firmware.publishedAt) || !may('releaser') || kind.fourEyes;
    withdraw.hidden = !may('releaser');
  }
  async function refresh() {
    const status = await statusOf();
    if (signal.aborted) return;
    fleet.tell(status);
  }
  state();
  await refresh();
  const carried = h('div', {}, await rolloutTable(firmware, signal));
  if (signal.aborted) return;

  const top = [h('p', {}, stateBadge), h('div', { class: 'card' }, facts([
    ['Model', h('a', { href: `#/models${search({ model })}` }, model)], ['MCU', mcu], ['Version', version],
    ['Sequence', code(firmware.sequence)], ['Size', sizeText(firmware.size)], ['SHA-256', code(firmware.sha256)],
    ['Requires', firmware.requires && code(firmware.requires)], ['Registered', when(firmware.registeredAt)],
    ['Published', publishedAt], ['Id', code(id)],
  ])), h('div', { class: 'buttons' },
    may('releaser') && h('a', { class: 'button primary', href: `#/rollouts/new${search({ model, version })}` }, 'Roll it out'),
    publish, withdraw),
  kind.fourEyes && may('releaser') && !firmware.publishedAt &&
    h('small', {}, `Nobody publishes firmware of ${model} alone: a rollout waits for the go of a second operator.`)];
  page(main, name, top,
    section('Where it is', fleet.element),
    section('Rollouts that carry it', carried),
    section('Read from the image', h('div', { class: 'card' },
      facts([['Format', firmware.format], ...detailFacts(firmware.formatDetails)]),
      Object.keys(firmware.formatDetails).length === 0 &&
        h('p', { class: 'empty' }, 'The image says nothing about itself that is read.'))),
    section('Signature', h('div', { class: 'card' }, facts([
      ['Key', key?.name ? [key.name, ' ', trust(key)] : trust(key)], ['Key id', code(firmware.keyId)],
      ['Algorithm', key && algorithm(key.algorithm)], ['Trusted since', key && when(key.addedAt)],
      ['Revoked', key?.revokedAt && [when(key.revokedAt), '; what it signed stays, nothing new is taken']],
      ['Signed', instant(firmware.createdAt)],
    ])), manifest(envelope, `${model}-${mcu}-${version}`)));
  repeat(10, signal, refresh);
}

const algorithm = (name) => ({ ed25519: 'Ed25519', 'ecdsa-p256': 'ECDSA P-256 with SHA-256' })[name] ?? name;

const carries = (rollout, id) => rollout.firmwares.some((one) => one.id === id);

/** How many run it, and what became of it on the things that were offered it; the figures change in their place. */
function whereItRuns({ model, mcu, version }) {
  const link = h('a', { href: `#/fleet${search({ model, running: `${mcu}=${version}` })}` });
  const states = h('div');
  let known = '';
  return {
    element: h('div', {}, h('p', { 'aria-live': 'polite' }, link), states),
    tell(status) {
      if (JSON.stringify(status ?? null) === known) return;
      known = JSON.stringify(status ?? null);
      const running = status?.running ?? 0;
      link.textContent = `${plural(running, 'thing')} ${running === 1 ? 'runs' : 'run'} it`;
      const parts = Object.entries(status?.counts ?? {}).filter(([, count]) => count > 0)
        .map(([state, count]) => ({ state, count }));
      const none = h('p', { class: 'empty' }, 'No thing was last offered it, or reported about it last.');
      fill(states, parts.length === 0 ? none : [
        shares('Things whose last offer or report was about it', parts),
        h('ul', { class: 'legend' },
          parts.map(({ state, count }) => h('li', {}, badge(state), ' ', h('b', {}, number(count))))),
      ]);
    },
  };
}

/** The rollouts of the model are looked through page by page, since the service does not list them by firmware. */
function rolloutTable({ id, model }, signal) {
  return pagedTable('Rollouts and publications, newest first', [
    { title: 'Rollout', cell: (row) => h('a', { href: `#/rollouts/${row.id}` }, code(row.id)) },
    { title: 'Kind', cell: (row) => (row.publication ? 'publication' : row.revertOf ? 'takes things back' : 'in stages') },
    { title: 'State', cell: (row) => badge(row.state) },
    { title: 'Things', numeric: true, cell: (row) => number(row.things) },
    { title: 'Created', cell: (row) => [when(row.createdAt), ` by ${row.createdBy}`] },
  ], async (after) => {
    const { rollouts, next } = await get('/rollouts', { model, publications: true, limit: 100, after }, { signal });
    return { rows: rollouts.filter((rollout) => carries(rollout, id)), next };
  }, { empty: 'No rollout carries it.' });
}

function manifest(envelope, name) {
  let shown;
  try {
    const read = readEnvelope(JSON.stringify(envelope));
    shown = [facts(manifestFacts(read.manifest)), pre('The manifest as it was signed', JSON.stringify(read.manifest, null, 2))];
  } catch (error) {
    shown = h('p', {}, error.message);
  }
  return [
    more('The signed manifest', shown),
    action('Save the envelope', () => {
      save(new Blob([JSON.stringify(envelope)], { type: 'application/json' }), `${name}.dsse.json`);
    }),
  ];
}
