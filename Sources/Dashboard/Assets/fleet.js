// The fleet: how many things there are and were seen, what they run now and ran over time, and the things themselves by what
// one searches for. The search is in the address.

import { get } from './api.js';
import { number, percent, plural, setServiceTime } from './format.js';
import { listPart } from './thing-search.js';
import { alike, figure, figures, h, page, repeat, section, svg } from './ui.js';
import { spreadPart } from './version-spread.js';

const day = 86400;
const mostModels = 6;
const mostVersions = 8;
const heads = ['Version', 'Share', 'Things', 'Percent'];

export async function show({ main, query, signal }) {
  const fleet = await get('/fleet', { silentFor: day }, { signal });
  setServiceTime(fleet.at);
  if (fleet.models.length === 0) {
    page(main, 'Fleet', firstSteps());
    return;
  }
  const names = fleet.models.map(({ model }) => model);
  const list = listPart(query, names, signal);
  const spread = spreadPart(query, fleet.models, signal);
  const overview = h('div', { on: { click: list.follow } }, overviewOf(fleet));
  page(main, 'Fleet', overview, spread.part, list.part);
  spread.load();
  await list.load();
  if (list.isNarrowed()) list.part.scrollIntoView();
  repeat(30, signal, async () => {
    const current = await get('/fleet', { silentFor: day }, { signal });
    setServiceTime(current.at);
    alike(overview, h('div', {}, overviewOf(current)));
  });
}

const to = (query) => `#/fleet?${new URLSearchParams(query)}`;

function overviewOf({ models }) {
  const sum = (name) => models.reduce((total, model) => total + model[name], 0);
  const [active, silent] = [sum('activated'), sum('silent')];
  const share = (count) => active > 0 && `${percent(count, active)} of the active`;
  const sorted = [...models].sort((one, other) => other.activated - one.activated);
  return [
    figures(
      figure('Things', h('a', { href: to({}) }, number(sum('things'))),
        sum('retired') > 0 && `${number(sum('retired'))} retired`),
      figure('Active', number(active), active > 0 && `${percent(active, sum('things'))} of all`),
      figure('Seen last hour', number(sum('seenLastHour')), share(sum('seenLastHour'))),
      figure('Seen last day', number(sum('seenLastDay')), share(sum('seenLastDay'))),
      figure('Silent for a day', silent === 0 ? '0' : h('a', { href: to({ silentFor: day }) }, number(silent)), share(silent))),
    sum('things') === 0 && firstThing(models[0].model),
    section('Models', sorted.slice(0, mostModels).map(card),
      models.length > mostModels && h('details', {}, h('summary', {}, `${plural(models.length - mostModels, 'more model')}`),
        sorted.slice(mostModels).map(card))),
  ];
}

function card(model) {
  const silent = model.silent > 0 && [' · ',
    h('a', { href: to({ model: model.model, silentFor: day }) }, `${number(model.silent)} silent for a day`)];
  return h('div', { class: 'card' },
    h('h3', {}, h('a', { href: to({ model: model.model }) }, model.model)),
    h('p', { class: 'line' }, `${plural(model.activated, 'active thing')} · ${number(model.seenLastHour)} seen in the ` +
      `last hour · ${number(model.seenLastDay)} in the last day`, silent,
      model.retired > 0 && ` · ${number(model.retired)} retired`),
    h('div', { class: 'mcus' }, model.activated > 0 && model.mcus.map((mcu) => versionsOf(model.model, mcu))));
}

/** What runs on an MCU: the versions that most things run, newest first, each with its share. */
function versionsOf(model, { mcu, versions, others = 0 }) {
  const present = versions.filter(({ things }) => things > 0);
  const whole = present.reduce((sum, { things }) => sum + things, others);
  const shown = present.slice(0, mostVersions).sort(byVersion);
  const rest = present.slice(mostVersions).reduce((sum, { things }) => sum + things, others);
  const row = (name, things) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, bar(things, whole)),
    h('td', { class: 'numeric' }, number(things)), h('td', { class: 'numeric' }, percent(things, whole)));
  return h('table', { class: 'versions' },
    h('caption', {}, 'On ', h('b', {}, mcu), whole === 0 && ': nothing has been said yet'),
    h('thead', { class: 'hidden' }, h('tr', {}, heads.map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', {}, shown.map(({ version, things }) =>
      row(h('a', { href: to({ model, running: `${mcu}=${version ?? ''}` }) }, version ?? 'never said'), things)),
    rest > 0 && row('other versions', rest)));
}

function byVersion(one, other) {
  if (one.version === null || other.version === null) return (one.version === null) - (other.version === null);
  return other.version.localeCompare(one.version, 'en', { numeric: true });
}

const bar = (part, whole) => svg('svg',
  { class: 'bar', viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
  svg('rect', { class: 'shares-ground', width: 100, height: 10 }),
  svg('rect', { class: 'bar-part', width: ((100 * part) / (whole || 1)).toFixed(2), height: 10 }));

/** What to do first where there is nothing at all. */
const firstSteps = () => [
  h('p', {}, 'There is no model yet, and so there are no things. On a terminal beside the service, an engineer makes a ' +
    'key, and operations makes a model that trusts it and codes that activate its things:'),
  commands('firmament key generate engineer.pem', 'firmament model create lamp --mcu main',
    'firmament model trust lamp engineer.pub.pem', 'firmament code create lamp --count 100 --csv > codes.csv'),
  h('p', {}, 'Models and codes can be made here too: ', h('a', { href: '#/models' }, 'Models and keys'), ', ',
    h('a', { href: '#/codes' }, 'Codes'), '.'),
];

const firstThing = (model) => h('div', { class: 'card' },
  h('h2', {}, 'No things yet'),
  h('p', {}, 'Make ', h('a', { href: '#/codes' }, 'activation codes'), '. A device that sends one becomes a thing:'),
  commands(`firmament code create ${model} --count 100 --csv > codes.csv`,
    `curl -d '{"activationCode":"CODE"}' ${location.origin}/v2/things`));

const commands = (...lines) => h('pre', { class: 'commands', tabindex: 0, 'aria-label': 'Commands' }, lines.join('\n'));
