// One thing: what it is, what it runs and why it is offered what it is offered, what became of it, what it wrote, and what can
// be done to it.

import { get, may, path } from './api.js';
import { bytes, setServiceTime, words } from './format.js';
import { headline, outcome, sentence } from './explanation.js';
import { actionsPart } from './thing-actions.js';
import { auditPart, historyPart } from './thing-history.js';
import { resourcesPart } from './thing-resources.js';
import { standing } from './thing-search.js';
import { alertBox, alike, badge, code, facts, h, page, repeat, section, table, when } from './ui.js';

export async function show({ main, parts: [id], signal }) {
  const about = await read(id, signal);
  const { thing } = about;
  const now = h('div', {}, standingOf(about));
  let actions = null;
  const refresh = async () => {
    const current = await read(id, signal);
    alike(now, h('div', {}, standingOf(current)));
    return current.thing;
  };
  const history = historyPart(thing.id, signal);
  const audit = auditPart(thing, signal);
  if (may('releaser')) {
    actions = actionsPart(thing, async () => {
      const [current] = await Promise.all([refresh(), history.load(), audit.load()]);
      return current;
    });
  }
  const resources = resourcesPart(thing.id, signal);
  page(main, `Thing ${thing.id}`, now, actions, resources.part, history.part, audit.part);
  await Promise.all([resources.load(), history.load(), audit.load()]);
  repeat(20, signal, refresh);
}

/** The thing and its explanation; why there is none, where there is none. */
async function read(id, signal) {
  const thing = await get(path`/things/${id}`, {}, { signal });
  try {
    const explanation = await get(path`/things/${id}/explain`, {}, { signal });
    setServiceTime(explanation.at);
    return { thing, explanation };
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    return { thing, explanation: null, error };
  }
}

function standingOf({ thing, explanation, error }) {
  const between = (nodes) => nodes.map((node, place) => [place > 0 && ', ', node]);
  return [
    h('div', { class: 'card about' }, facts([
      ['State', standing(thing)],
      ['Model', h('a', { href: `#/fleet?${new URLSearchParams({ model: thing.model })}` }, thing.model)],
      ['Owner', thing.owner ?? 'none'],
      ['Tags', thing.tags.length === 0 ? 'none' : between(thing.tags.map((tag) =>
        h('a', { href: `#/fleet?${new URLSearchParams({ tag })}` }, tag)))],
      ['Name at the DDI door', thing.controllerId && code(thing.controllerId)],
      ['Created', when(thing.createdAt)],
      ['Activated', when(thing.activatedAt)],
      ['Last seen', when(thing.lastSeenAt)],
      ['Retired', thing.retiredAt && when(thing.retiredAt)],
    ])),
    section(thing.retiredAt ? 'What it ran' : 'What it runs', error && alertBox(error), thing.mcus.map((mcu) =>
      running(thing, mcu, !thing.retiredAt && explanation?.mcus.find((one) => one.mcu === mcu.mcu)))),
  ];
}

function running(thing, mcu, explained) {
  const { firmware } = mcu;
  const others = new URLSearchParams({ model: thing.model, running: `${mcu.mcu}=${mcu.version}` });
  const version = mcu.version === undefined ? 'it has not said what it runs' :
    h('a', { href: `#/fleet?${others}` }, mcu.version);
  const why = thing.retiredAt ? 'The thing is retired, and nothing is offered to it' :
    begun(explained ? headline(explained) : mcu.explanation);
  return h('div', { class: 'card' },
    h('h3', {}, mcu.mcu, ': ', version),
    h('p', { class: 'why', 'aria-live': 'polite' }, why, '.'),
    explained && pending(explained),
    facts([
      ['Offered', !thing.retiredAt && mcu.offer],
      ['Reported', mcu.reportedAt && [when(mcu.reportedAt), mcu.boot && ` at boot ${mcu.boot}`]],
      ['Last update', firmware && [h('a', { href: `#/firmwares/${encodeURIComponent(firmware.id)}` }, firmware.version), ' ',
        badge(firmware.state), ' since ', when(firmware.since), `, ${bytes(firmware.bytesServed)} sent`]],
      ['What it said', firmware && (firmware.code || firmware.message) &&
        [firmware.code && code(firmware.code), firmware.message && ` ${firmware.message}`]],
    ]),
    explained && explained.rollouts.length > 0 && h('details', {},
      h('summary', {}, 'Why: every rollout and every condition'), explained.rollouts.map(asked)));
}

/** What the rollouts under way say, where another one has decided. */
function pending({ rollouts, decidedBy }) {
  const others = rollouts.filter(({ rollout, state }) => rollout !== decidedBy && (state === 'running' || state === 'paused'));
  return others.length > 0 && h('ul', { class: 'list' }, others.slice(0, 5).map((one) =>
    h('li', {}, h('a', { href: `#/rollouts/${encodeURIComponent(one.rollout)}` }, `Rollout of ${one.version ?? one.rollout}`),
      `: ${outcome(one)}.`)));
}

/** One rollout, condition by condition. */
function asked(rollout) {
  return h('div', { class: 'asked' },
    h('h4', {}, h('a', { href: `#/rollouts/${encodeURIComponent(rollout.rollout)}` },
      rollout.version ? `${rollout.version} by rollout ${rollout.rollout}` : `Rollout ${rollout.rollout}`),
      ' ', badge(rollout.state)),
    h('p', {}, begun(outcome(rollout)), '.'),
    rollout.clauses.length > 0 && table(`Conditions of rollout ${rollout.rollout}`, clauses(rollout), rollout.clauses));
}

const clauses = (rollout) => [
  { title: 'Check', cell: ({ check }) => words(check) },
  { title: 'Condition', cell: ({ clause }) => clause },
  { title: 'It is', cell: ({ value }) => value ?? '–' },
  { title: 'Holds', cell: ({ holds }) => (holds ? 'yes' : badge('failed', 'no')) },
  {
    title: 'In words', cell: (clause) => [sentence(clause, rollout.reason),
      clause.decides && [' ', badge('waiting', 'this decides')]],
  },
];

/** A sentence of the service begins with a small letter; here it stands alone. */
const begun = (text) => text.charAt(0).toUpperCase() + text.slice(1);
