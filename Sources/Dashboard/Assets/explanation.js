// Why a thing is offered what it is offered, in sentences: pure functions from what the service answers to /things/ID/explain.
// What is not known here is told in the service's own words.

import { duration, words } from './format.js';

/** The sentence for an MCU: what the rollout that decided says, else what the service says. */
export function headline(mcu) {
  const decided = mcu.rollouts.find(({ rollout }) => rollout === mcu.decidedBy);
  return decided && decided.reason === mcu.reason && mcu.reason !== 'upToDate' ? outcome(decided) : mcu.explanation;
}

/** What a rollout says of the thing: `held: battery is 31, the rollout asks for at least 40`. */
export function outcome(rollout) {
  if (rollout.outcome === 'offered') return `${rollout.version ?? 'the update'} is offered to it`;
  const lead = rollout.outcome === 'held' ? 'held: ' : rollout.outcome === 'skipped' ? 'not offered: ' : '';
  const deciding = rollout.clauses.filter(({ decides }) => decides);
  const texts = deciding.map((clause) => sentence(clause, rollout.reason));
  return lead + (texts.length === 0 ? words(rollout.reason) : [...new Set(texts)].join('; '));
}

/**
 * One condition in words, whether it holds or not.
 * @param reason why the rollout came to its outcome, which tells apart what one check may mean.
 */
export function sentence(clause, reason) {
  return (checks[clause.check] ?? own)(clause, clause.decides ? reason : undefined) ?? own(clause);
}

const own = ({ clause, value, note }) => clause + (value === undefined ? '' : ` (${value})`) + (note ? `, ${note}` : '');

const checks = {
  state({ value, note }, reason) {
    if (reason === 'withdrawn') return 'the firmware was withdrawn';
    if (reason === 'nothingToRevert') return 'it does not run what the reverted rollout brought';
    const texts = {
      draft: 'the rollout has not been started', scheduled: 'the rollout waits for its start',
      running: 'the rollout is running',
      paused: 'the rollout is paused', halted: 'the rollout has halted', cancelled: 'the rollout was cancelled',
      finished: 'the rollout has finished',
    };
    return texts[value] && texts[value] + (note ? `: ${note}` : '');
  },
  target(clause) {
    if (clause.clause === 'every thing of the model') return 'the rollout is for every thing of the model';
    if (clause.clause === 'it was offered it already') return `it was offered it already: ${words(clause.value)}`;
    return compared(clause, 'the target asks for');
  },
  stage({ clause, value, holds }) {
    const [, place, count] = /^stage (\d+) of (\d+) is open$/.exec(clause) ?? [];
    if (!place) return holds ? clause : 'no stage of the rollout holds it';
    const which = `its stage, ${place} of ${count}${value ? ` (${value.split(';')[0]})` : ''},`;
    return `${which} ${holds ? 'is open' : 'is not open yet'}`;
  },
  requires: (clause) => compared(clause, 'the firmware requires'),
  running({ clause, value, holds }) {
    const wanted = /^it runs something older than (.*)$/.exec(clause)?.[1];
    if (!wanted) return undefined;
    if (value === undefined) return 'it has not said what it runs';
    if (holds) return `it runs ${value}, which ${wanted} may replace`;
    return value === wanted ? `it runs ${value} already` : `it runs ${value}, and ${wanted} is older`;
  },
  history({ value, holds }, reason) {
    if (reason === 'takenBack') return 'it was taken back from this firmware by a rollout that reverts';
    if (value === undefined) return holds ? 'the update has not failed on it' : undefined;
    const [, state, attempts] = /^([A-Za-z]+)(.*)$/.exec(value) ?? [];
    if (holds) return `the update is ${words(state)} on it${attempts}`;
    const texts = {
      failed: `the update failed on it${attempts}`, rejected: 'the thing rejected the update',
      rolledBack: 'it fell back to another version after the update',
      installed: 'it has installed the update and has not said yet that it runs it',
    };
    return texts[state];
  },
  order: ({ holds }) => (holds ? 'the MCUs before it run theirs' : 'another MCU of it comes first'),
  consent: ({ value, holds }) =>
    (holds ? `its owner has agreed${value ? ` at ${utc(value)}` : ''}` : 'its owner has not agreed yet'),
  gate: (clause) => compared(clause, 'the rollout asks for'),
  window: ({ clause, value, holds }) => (holds ? `it is within the hours of the rollout, ${clause}` :
    `it is ${utc(value)}, outside the hours of the rollout: ${clause}`),
  pace({ clause, holds }, reason) {
    if (holds) return `the rollout has room for it: ${clause}`;
    if (reason === 'rateLimited') return `as many things as the rollout allows have begun in this minute: ${clause}`;
    if (reason === 'tooManyDownloads') return `as many things as the rollout allows download now: ${clause}`;
    return `the rollout has no room for it now: ${clause}`;
  },
};

/** A comparison of RSQL with what the thing has: `battery is 31, the rollout asks for at least 40`. */
function compared({ clause, value, holds, note }, asks) {
  const parts = comparison(clause);
  if (!parts) return undefined;
  if (parts.selector === 'linked') return linked(parts, value, holds, asks);
  const { kind, name } = subject(parts.selector);
  const wanted = phrase(parts, kind);
  if (!wanted) return undefined;
  if (value === undefined || (value === '' && note)) return `${note ?? `it has no ${name}`}, ${asks} ${wanted}`;
  const is = shown(value, kind);
  if (note) return `${name}, ${is}, ${note}; ${asks} ${wanted}`;
  const verb = kind === 'tags' ? 'are' : 'is';
  return holds ? `${name} ${verb} ${is}, as asked: ${wanted}` : `${name} ${verb} ${is}, ${asks} ${wanted}`;
}

/** Whether a user owns the thing, as a sentence of its own. */
function linked({ sign, wanted }, value, holds, asks) {
  const is = value === 'true' ? 'a user owns it' : 'no user owns it';
  return holds ? `${is}, as asked` : `${is}, ${asks} ${(wanted === 'true') === (sign === '==') ? 'an owner' : 'no owner'}`;
}

const signs = { '=lt=': '<', '=le=': '<=', '=gt=': '>', '=ge=': '>=' };

/** A comparison in its parts; null where the text is none. */
function comparison(text) {
  const match = /^((?:"(?:\\.|[^"\\])*"|[^"=!<>])+?)\s*(==|!=|=in=|=out=|=within=|=lt=|=le=|=gt=|=ge=|<=|>=|<|>)\s*(.+)$/su
    .exec(text.trim());
  return match && { selector: match[1].trim(), sign: signs[match[2]] ?? match[2], wanted: match[3].trim() };
}

/** What a selector asks about, in words, and of which kind that is. */
function subject(selector) {
  const [head, ...rest] = selector.split('.');
  const name = rest.join('.').replace(/"/g, '');
  switch (head) {
    case 'tag': return { kind: 'tags', name: 'its tags' };
    case 'mcu': return { kind: 'version', name: `the version of ${name.replace(/\.version$/, '')}` };
    case 'resource': return { kind: 'any', name };
    case 'age': return { kind: 'age', name: `the age of ${name}` };
    case 'setting': return { kind: 'any', name: `the setting ${name}` };
    case 'description': return { kind: 'any', name: `${name} of its description` };
    case 'activatedAt': return { kind: 'time', name: 'its activation' };
    case 'lastSeen': return { kind: 'time', name: 'the time it was last seen' };
    case 'geo': return { kind: 'place', name: 'its place' };
    case 'controllerId': return { kind: 'any', name: 'its name at the DDI door' };
    default: return { kind: 'any', name: `its ${words(selector)}` };
  }
}

/** What a comparison asks for: `at least 40`, `one of a, b`. */
function phrase({ sign, wanted }, kind) {
  const one = bare(wanted);
  const like = /(^|[^\\])\*/.test(wanted) && wanted !== '*' ? 'something like ' : '';
  const orders = {
    any: ['less than', 'at most', 'more than', 'at least'],
    version: ['one older than', 'at most', 'one newer than', 'at least'],
    time: ['before', 'at the latest', 'after', 'at the earliest'],
  };
  const [less, most, more, least] = orders[kind] ?? orders.any;
  switch (sign) {
    case '==': return kind === 'tags' ? `the tag ${one}` : like + one;
    case '!=': return kind === 'tags' ? `no tag ${one}` : `anything but ${like}${one}`;
    case '<': return `${less} ${one}`;
    case '<=': return `${most} ${one}`;
    case '>': return `${more} ${one}`;
    case '>=': return `${least} ${one}`;
    case '=in=': return `one of ${listed(wanted)}`;
    case '=out=': return `none of ${listed(wanted)}`;
    case '=within=': {
      const numbers = listed(wanted).split(', ');
      return numbers.length === 3 ? `a place within ${metres(numbers[2])} of ${numbers[0]}, ${numbers[1]}` :
        `a place in the box ${numbers.join(', ')}`;
    }
    default: return undefined;
  }
}

const metres = (text) => (/^[\d.]+$/.test(text) ? `${text} m` : text);

/** A value as it was meant, without its quotes. */
const bare = (text) => (/^(["']).*\1$/s.test(text) ? text.slice(1, -1).replace(/\\(["\\])/g, '$1') : text);

/** The values of a list in parentheses. */
const listed = (text) => (text.replace(/^\(|\)$/g, '').match(/"(?:\\.|[^"\\])*"|[^,]+/g) ?? []).map((one) => bare(one.trim()))
  .join(', ');

/** A time as rollouts have it: rules of rollouts are told in UTC, whatever the browser's zone is. */
const utc = (text) => (/^\d{4}-\d\d-\d\dT.*Z$/.test(text) ? `${text.slice(0, 16).replace('T', ' ')} UTC` : text);

/** What a thing has, as people read it. */
function shown(value, kind) {
  if (kind === 'age' && /^\d+(\.\d+)?$/.test(value)) return duration(Number(value));
  if (kind === 'time') return utc(value);
  return value === '' ? 'empty' : value;
}
