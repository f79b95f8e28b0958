// Where a rollout stands: its figures, its stages with the way of their things, why things wait, and what failed. Each part is
// made once and then follows the rollout in place, so that neither focus nor scroll position is lost.

import { bytes, duration, mood, now, number, percent, plural, words } from './format.js';
import { shares } from './plot.js';
import { barParts, beside, figuresOf, reasonText, states, way } from './rollout-words.js';
import { figure, figures, fill, h, section, svg, when } from './ui.js';

/** Puts a text into an element, if it is another one. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows a state in a badge that is there. */
export function tint(element, state, text = words(state)) {
  element.className = `badge ${mood(state)}`;
  say(element, text);
}

/** The big figures. */
export function overview() {
  const names = ['Confirmed', 'Failed', 'Under way', 'Waiting', 'At an end', 'Speed', 'Time'];
  const items = new Map(names.map((name) => [name, figure(name, '')]));
  const put = (name, value, hint) => {
    const place = items.get(name).querySelector('dd');
    if (place.dataset.shown === `${value} ${hint}`) return;
    place.dataset.shown = `${value} ${hint}`;
    fill(place, value, h('small', {}, hint));
  };
  return {
    element: figures([...items.values()]),
    update(rollout) {
      const { counts, plan, things } = rollout;
      const { succeeded, failed, under, waiting } = figuresOf(counts, plan);
      put('Confirmed', number(succeeded), `of ${plural(things, 'thing')} so far`);
      put('Failed', number(failed), percent(failed, succeeded + failed) + ' of the ends');
      put('Under way', number(under), 'offered to installed');
      put('Waiting', number(waiting), 'in open stages');
      const open = rollout.stages.filter(({ openedAt }) => openedAt).length;
      put('At an end', percent(succeeded + failed, things), `in ${plural(open, 'stage')} of ${rollout.stages.length}`);
      put('Speed', `${bytes(rollout.bytesPerSecond)}/s`, 'its downloads');
      const until = rollout.endedAt ? Date.parse(rollout.endedAt) : now();
      put('Time', rollout.startedAt ? duration((until - Date.parse(rollout.startedAt)) / 1000) : '–',
        !rollout.startedAt ? 'not started' : rollout.endedAt ? 'from start to end' : 'since the start');
    },
  };
}

/** A card for each stage. */
export function stageCards({ stages }) {
  const cards = stages.map(stageCard);
  return {
    element: section('Stages', cards.map(({ element }) => element)),
    update(rollout) { cards.forEach((card, place) => card.update(rollout.stages[place], rollout)); },
  };
}

function stageCard({ share }, place) {
  const state = h('span');
  const about = h('p', { class: 'about' });
  const bar = h('div');
  const rows = new Map(states.map((name) => [name, stateRow(name)]));
  const element = h('div', { class: 'card stage' },
    h('h3', {}, `Stage ${place + 1}: ${share} `, state), about, bar,
    h('div', { class: 'funnel' }, [way, beside].map((names, column) =>
      h('ul', { class: 'list', 'aria-label': column === 0 ? 'On the way' : 'Beside the way' },
        names.map((name) => rows.get(name).element)))));
  let drawn = '';
  return {
    element,
    update(stage, { plan }) {
      tint(state, stage.state);
      element.classList.toggle('pending', !stage.openedAt);
      if (!stage.openedAt) return say(about, place === 0 ? 'Opens with the start.' :
        `Opens when the stage before is good${plan.approval ? ' and a person has approved' : ''}.`);
      const { succeeded, failed } = figuresOf(stage.counts, plan);
      fill(about, `${plural(stage.things, 'thing')}, ${percent(succeeded + failed, stage.things)} at an end, opened `,
        when(stage.openedAt), stage.satisfiedAt && [', good since ', when(stage.satisfiedAt)]);
      const figures = JSON.stringify(stage.counts);
      if (figures === drawn) return;
      drawn = figures;
      fill(bar, shares(`Stage ${place + 1}`, barParts(stage.counts)));
      for (const [name, row] of rows) row.update(stage.counts[name], stage.things);
    },
  };
}

/** A state with its count as a bar and as a number. */
function stateRow(name) {
  const rect = svg('rect', { class: `state-${name}`, x: 0, y: 0, width: 0, height: 10 });
  const count = h('b', {}, '0');
  const element = h('li', {}, h('span', {}, words(name)),
    svg('svg', { class: 'shares', viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      svg('rect', { class: 'shares-ground', x: 0, y: 0, width: 100, height: 10 }), rect), count);
  return {
    element,
    update(value, whole) {
      rect.setAttribute('width', whole === 0 ? 0 : (100 * value) / whole);
      say(count, number(value));
      element.classList.toggle('none', value === 0);
    },
  };
}

/** A list that follows `[key, count]` pairs: what stays keeps its element. */
function countList(make) {
  const items = new Map();
  const element = h('ul', { class: 'list counts' });
  const empty = h('p', { class: 'empty' }, 'None.');
  return {
    element: h('div', {}, element, empty),
    update(pairs) {
      const keys = new Set(pairs.map(([key]) => key));
      for (const [key, item] of items) {
        if (!keys.has(key)) {
          item.element.remove();
          items.delete(key);
        }
      }
      for (const [key, value] of pairs) {
        if (!items.has(key)) {
          const count = h('b');
          items.set(key, { count, element: h('li', {}, count, ' ', make(key)) });
          element.append(items.get(key).element);
        }
        say(items.get(key).count, number(value));
      }
      empty.hidden = pairs.length > 0;
      element.hidden = pairs.length === 0;
    },
  };
}

/** Counts by key over all stages, most first. */
function gathered(stages, field) {
  const all = new Map();
  for (const [key, value] of stages.flatMap((stage) => Object.entries(stage[field]))) all.set(key, (all.get(key) ?? 0) + value);
  return [...all].filter(([, value]) => value > 0).sort((one, other) => other[1] - one[1]);
}

/**
 * Why things wait, and what failed.
 * @param choose called with the state whose things are to be shown.
 */
export function reasons(id, choose) {
  const link = (state, text) => h('a', {
    href: `#/rollouts/${encodeURIComponent(id)}?state=${state}`,
    on: { click: (event) => {
      event.preventDefault();
      choose(state);
    } },
  }, text);
  const waiting = countList(reasonText);
  const failures = countList((key) => (key === '-' ? 'without a code' : h('code', {}, key)));
  const failed = countList((state) => link(state, `Things that are ${words(state)}`));
  const waitLink = h('p', {}, link('waiting', 'Things that wait'));
  return {
    element: h('div', { class: 'columns' },
      section('Why things wait', waiting.element, waitLink),
      section('Failures', failed.element, h('h3', {}, 'By code'), failures.element)),
    update({ stages, counts }) {
      waiting.update(gathered(stages, 'waiting'));
      waitLink.hidden = counts.waiting === 0;
      failures.update(gathered(stages, 'failures'));
      failed.update(['failed', 'rejected', 'rolledBack', 'silent'].map((state) => [state, counts[state]])
        .filter(([, value]) => value > 0));
    },
  };
}
