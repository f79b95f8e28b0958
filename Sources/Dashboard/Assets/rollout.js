// One rollout, live: where it stands, what it needs, what can be done to it, what happened to it, and its things.

import { get, path, post } from './api.js';
import { follow, eventLog } from './rollout-live.js';
import { planFacts } from './rollout-plan.js';
import { rolloutThings } from './rollout-things.js';
import { overview, reasons, say, stageCards, tint } from './rollout-view.js';
import { actions, changeText, consequence, needsText, titleOf, waitsForAnother } from './rollout-words.js';
import { instant, keepTime } from './format.js';
import { action, announce, code, confirm, facts, h, page, repeat, section } from './ui.js';

export async function show({ main, parts: [id], query, signal }) {
  const address = path`/rollouts/${id}`;
  let rollout = await get(address, {}, { signal });
  keepClock(rollout);
  const view = { overview: overview(), stages: stageCards(rollout), reasons: reasons(id, (state) => things.choose(state)) };
  const things = await rolloutThings(id, query.get('state') ?? '', signal);
  if (signal.aborted) return;

  const state = h('span');
  const needs = h('span');
  const live = h('span', { role: 'status' });
  const halt = h('p', { class: 'alert', role: 'alert', hidden: true });
  const another = h('p', { class: 'hint', hidden: true });
  const log = eventLog(rollout.stages);
  let isReverted = false;
  const buttons = actions.map((kind) => ({ kind, button: action(kind.title, (() => act(kind)), kind.kind) }));

  /** Shows the rollout as it is now, and says what matters of the difference. */
  function update(after) {
    const said = changeText(rollout, after);
    rollout = after;
    keepClock(after);
    tint(state, after.state);
    say(needs, needsText(after));
    needs.hidden = needs.textContent === '';
    halt.hidden = after.state !== 'halted';
    say(halt, after.state === 'halted' ? `It has halted: ${after.haltReason}` : '');
    another.hidden = !waitsForAnother(after);
    say(another, `${after.createdBy} has created it: another operator has to approve it before it can start.`);
    const focused = buttons.find(({ button }) => button === document.activeElement);
    for (const { kind, button } of buttons) button.hidden = !kind.isOffered(after, isReverted);
    if (focused?.button.hidden) keepFocus();
    for (const part of Object.values(view)) part.update(after);
    if (said) announce(said);
  }

  /** A button that is gone hands the focus to one that is there, else to the page's heading. */
  function keepFocus() {
    (buttons.find(({ button }) => !button.hidden)?.button ?? main.querySelector('h1')).focus({ preventScroll: true });
  }

  async function act({ verb, title, kind }) {
    const question = `${title}: ${titleOf(rollout)}`.replace('Cancel rollout', 'Cancel');
    const agreed = await confirm(question, consequence(verb, rollout), title, { danger: kind === 'danger' });
    if (!agreed) return;
    const after = await post(`${address}/${verb}`);
    if (signal.aborted) return;
    if (verb === 'revert') {
      announce(`The rollout is reverted by ${after.id}.`);
      location.hash = `/rollouts/${encodeURIComponent(after.id)}`;
      return;
    }
    update(after);
    // The button is enabled again, or hidden, after this.
    setTimeout(() => { if (document.activeElement === document.body) keepFocus(); });
  }

  // At most one look a second, and one look for all that comes while one is under way.
  let waits = null;
  let isStale = false;
  async function refetch() {
    if (waits !== null) {
      isStale = true;
      return;
    }
    isStale = false;
    waits = setTimeout(() => {
      waits = null;
      if (isStale) refetch();
    }, 1000);
    try {
      const after = await get(address, {}, { signal });
      if (!signal.aborted) update(after);
    } catch { /* the next event or the connection's return asks again */ }
  }

  page(main, titleOf(rollout),
    h('p', { class: 'statusline' }, state, needs, live),
    halt, another,
    h('div', { class: 'buttons', role: 'group', 'aria-label': 'What can be done' }, buttons.map(({ button }) => button)),
    view.overview.element, view.stages.element, view.reasons.element,
    h('div', { class: 'columns' },
      section('What happened', log.element),
      section('Settings', about(rollout), planFacts(rollout.plan))),
    things.element);
  update(rollout);
  follow(id, signal, {
    stored(event) {
      if (event.event === 'reverted') isReverted = true;
      log.add(event);
    },
    moved: refetch,
    state(now) { tint(live, now === 'open' ? 'open' : 'paused', now === 'open' ? 'live' : 'connection lost, trying again'); },
  });
  repeat(30, signal, refetch);
}

const keepClock = ({ createdAt, startedAt, endedAt, stages }) =>
  keepTime(createdAt, startedAt, endedAt, ...stages.flatMap(({ openedAt, satisfiedAt }) => [openedAt, satisfiedAt]));

/** What never changes of a rollout. */
const about = (rollout) => facts([
  ['Rollout', code(rollout.id)],
  ['Model', rollout.model],
  ...rollout.firmwares.map(({ id, mcu, version }) => [mcu, h('a', { href: `#/firmwares/${encodeURIComponent(id)}` }, version)]),
  ['Takes back', rollout.revertOf && h('a', { href: `#/rollouts/${encodeURIComponent(rollout.revertOf)}` }, rollout.revertOf)],
  ['Kind', rollout.publication && 'publication of a firmware'],
  ['Created', `${instant(rollout.createdAt)} by ${rollout.createdBy}`],
]);
