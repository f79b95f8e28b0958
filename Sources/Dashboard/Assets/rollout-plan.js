// The settings of a rollout's plan: their names, what they are unless set, and how times and spans are written and read.

import { duration, instant } from './format.js';
import { facts, h } from './ui.js';

const span = (seconds) => (seconds === 0 ? 'never' : duration(seconds));
const yes = (value) => (value ? 'yes' : 'no');
const mono = (text) => h('code', {}, text);

/** Of each setting: its name, what it is unless set, and how it is shown. */
const settings = [
  ['target', 'Target', undefined, mono, 'every thing of the model'],
  ['gate', 'Gate', undefined, mono, 'always open'],
  ['success', 'Success to go on', '95%', String],
  ['haltAt', 'Halts at failures over', '5%', String],
  ['minSample', 'Minimum sample', 20, String],
  ['soak', 'Soak', 600, (seconds) => (seconds === 0 ? 'none' : duration(seconds))],
  ['silence', 'Silent after', 7200, span],
  ['windows', 'Windows', '', (texts) => texts.map((text) => h('div', {}, mono(text))), 'always'],
  ['startAt', 'Starts at', undefined, instant, 'when somebody starts it'],
  ['rate', 'Things that begin in a minute', undefined, String, 'as many as come'],
  ['rateDoublesEvery', 'The rate doubles after', undefined, (value) => `${value} successes`, 'never'],
  ['concurrent', 'Downloads at a time', undefined, String, 'as many as come'],
  ['priority', 'Priority', 0, String],
  ['attempts', 'Attempts', 3, String],
  ['downloadOnly', 'Download only', false, yes],
  ['consent', 'Consent of the owner', false, yes],
  ['approval', 'Approval of each stage', false, yes],
];

/** The settings of a plan: what differs from the usual first, and the rest for whoever opens it. */
export function planFacts(plan) {
  const isUsual = ([key, , usual]) => String(plan[key] ?? '') === String(usual ?? '');
  const shown = ([key, name, , text, none]) =>
    [name, String(plan[key] ?? '') === '' ? none : text(plan[key])];
  const other = settings.filter((setting) => !isUsual(setting));
  return [
    other.length > 0 ? facts(other.map(shown)) : h('p', {}, 'Everything is as usual.'),
    h('details', {}, h('summary', {}, other.length > 0 ? 'What is as usual' : 'All settings'),
      facts(settings.filter(isUsual).map(shown))),
  ];
}

/** Seconds of `90`, `10m`, `2h`, `1d`, or of `never`: 0. */
export function seconds(name, text) {
  const match = /^(\d+)\s*(s|m|min|h|d)?$/.exec(text.trim());
  if (text.trim() === 'never') return 0;
  if (!match) throw new Error(`${name}: ${text.trim()} is no span of time such as 90s, 10m, 2h or 1d`);
  return Number(match[1]) * { s: 1, m: 60, min: 60, h: 3600, d: 86400 }[match[2] ?? 's'];
}
