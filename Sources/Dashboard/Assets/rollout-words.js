// What the API's words about rollouts mean for people: states, reasons, events, and what an action will do to how many things.

import { may, session } from './api.js';
import { instant, number, plural, words } from './format.js';

/** The way of a thing through a rollout, in order; and what a thing may become beside it. */
export const way = ['waiting', 'offered', 'downloading', 'downloaded', 'installing', 'installed', 'confirmed'];
export const beside = ['claimed', 'failed', 'rejected', 'rolledBack', 'silent'];
export const states = [...way, ...beside];

const sum = (counts, names) => names.reduce((total, name) => total + counts[name], 0);

/** The counts of a rollout, or of a stage, by what they mean for people. */
export function figuresOf(counts, plan) {
  const done = plan.downloadOnly ? ['confirmed', 'claimed', 'downloaded'] : ['confirmed', 'claimed'];
  return {
    succeeded: sum(counts, done),
    failed: sum(counts, ['failed', 'rejected', 'rolledBack', 'silent']),
    fetching: sum(counts, ['offered', 'downloading']),
    under: sum(counts, way.slice(1, -1).filter((name) => !done.includes(name))),
    waiting: counts.waiting,
  };
}

/** The states in the order of a shares bar: what is done first, what went wrong last. */
export const barParts = (counts) => [
  'confirmed', 'claimed', 'installed', 'installing', 'downloaded', 'downloading', 'offered', 'waiting', 'silent', 'rejected',
  'rolledBack', 'failed',
].map((state) => ({ state, count: counts[state] }));

/** `lamp 1.2.0`, `lamp main 1.2.0 and radio 3.0.0`, or what it takes back. */
export function titleOf(rollout) {
  if (rollout.revertOf) return `${rollout.model}: back from ${rollout.revertOf}`;
  const { firmwares } = rollout;
  const versions = new Set(firmwares.map(({ version }) => version));
  return `${rollout.model} ` + (versions.size === 1 ? firmwares[0].version :
    firmwares.map(({ mcu, version }) => `${mcu} ${version}`).join(' and '));
}

/** What it waits for: a person, or its time. */
export function needsText({ state, needs, plan }) {
  const person = { start: 'waits for its start', approval: 'waits for approval', resume: 'waits to be resumed' }[needs];
  return person ?? (state === 'scheduled' && plan.startAt ? `starts at ${instant(plan.startAt)}` : '');
}

const reasons = {
  notSeen: 'not heard of since the stage opened',
  requirementNotMet: 'without what the firmware requires',
  paused: 'held: the rollout is paused',
  consentMissing: 'held: the owner has not agreed yet',
  gateClosed: 'held: the gate is closed',
  outsideWindow: 'held: it is outside the hours of the rollout',
  rateLimited: 'held: as many as the rate allows have begun in this minute',
  tooManyDownloads: 'held: as many as are allowed download now',
  notInTarget: 'not in the target',
  upToDate: 'at this version or a newer one already',
  olderThanRunning: 'at something newer than this',
  withdrawn: 'the firmware was withdrawn',
  takenBack: 'taken back from this firmware by a rollout that reverts',
  nothingToRevert: 'not at what the reverted rollout brought',
  failedBefore: 'failed with it before; a retry of the thing offers it again',
  rejectedByThing: 'rejected it before; a retry of the thing offers it again',
  rolledBack: 'fell back from it before; a retry of the thing offers it again',
  awaitingConfirmation: 'installed, and not yet said to run',
  awaitingOtherMCU: 'another MCU comes first',
};

/** Why things wait, or are left out; a code that is not known as it is. */
export const reasonText = (reason) => reasons[reason] ?? (reason ? words(reason) : 'no reason was given');

/** What happened, in a sentence; `stages` are those of the rollout. */
export function eventText({ event, details = {} }, stages) {
  const by = details.by ? ` by ${details.by}` : '';
  switch (event) {
    case 'created': return `Created${by}`;
    case 'scheduled': return `Scheduled${by}`;
    case 'started': return by ? `Started${by}` : 'Started at its time';
    case 'stageOpened': return `Stage ${details.stage} (${stages[details.stage - 1]?.share ?? '?'}) opened`;
    case 'approvalNeeded': return 'The stage is good: the next one waits for approval';
    case 'approved': return `Approved${by}`;
    case 'paused': return `Paused${by}`;
    case 'resumed': return `Resumed${by}`;
    case 'halted': return `Halted: ${details.reason ?? 'no reason was given'}`;
    case 'finished': return 'Finished: every thing has reached an end';
    case 'cancelled': return `Cancelled${by}`;
    case 'reverted': return `Reverted${by}`;
    default: return words(event);
  }
}

/** What has changed between two looks at a rollout that is worth to be said aloud; null for mere counts. */
export function changeText(before, after) {
  if (before.state !== after.state) {
    return after.state === 'halted' ? `The rollout has halted: ${after.haltReason}` :
      `The rollout is ${words(after.state)} now.`;
  }
  const stage = after.stages.findLastIndex((stage, place) => stage.openedAt && !before.stages[place].openedAt);
  if (stage >= 0) return `Stage ${stage + 1} (${after.stages[stage].share}) is open.`;
  if (after.needs && before.needs !== after.needs) return `The rollout ${needsText(after)}.`;
  return !before.approvedBy && after.approvedBy ? `Approved by ${after.approvedBy}.` : null;
}

/** Whether its creator looks at a draft that needs another operator's go. */
export const waitsForAnother = (rollout) =>
  rollout.state === 'draft' && rollout.needs === 'approval' && rollout.createdBy === session?.operator.name;

/** What a releaser may do to a rollout as it is now; the service decides again. */
export const actions = [
  { verb: 'start', title: 'Start', kind: 'primary',
    fits: ({ state, needs }) => state === 'scheduled' || (state === 'draft' && needs === 'start') },
  { verb: 'approve', title: 'Approve', kind: 'primary',
    fits: (rollout) => rollout.needs === 'approval' && !waitsForAnother(rollout) },
  { verb: 'resume', title: 'Resume', kind: 'primary', fits: ({ state }) => state === 'paused' || state === 'halted' },
  { verb: 'pause', title: 'Pause', kind: '', fits: ({ state }) => state === 'running' || state === 'finished' },
  { verb: 'revert', title: 'Revert', kind: 'danger',
    fits: ({ startedAt, revertOf, counts }, isReverted) => startedAt && !revertOf && !isReverted && states.some((name) =>
      name !== 'waiting' && counts[name] > 0) },
  { verb: 'cancel', title: 'Cancel rollout', kind: 'danger', fits: ({ state }) => state !== 'cancelled' },
].map((action) => ({
  ...action, isOffered: (rollout, isReverted) => may('releaser') && Boolean(action.fits(rollout, isReverted)),
}));

/** A sentence about things; the empty text where there are none. */
const say = (count, one, many) => (count === 0 ? '' : ` ${number(count)} ${count === 1 ? one : many}.`);

/** What an action will do, said with the counts of now. */
export function consequence(verb, rollout) {
  const { counts, plan, stages } = rollout;
  const { succeeded, failed, fetching, under, waiting } = figuresOf(counts, plan);
  const keep = say(succeeded, 'thing that has it keeps it', 'things that have it keep it');
  const stopped = say(fetching, 'thing is offered it or downloads, and is stopped',
    'things are offered it or download, and are stopped');
  const mayInstall = say(under - fetching, 'thing has downloaded it already and may install it',
    'things have downloaded it already and may install it');
  const lost = say(waiting, 'thing that waits does not get it', 'things that wait do not get it');
  const next = stages.findIndex(({ state }) => state === 'pending');
  switch (verb) {
    case 'start':
      return `Stage 1 (${stages[0].share}) opens now, and its things are offered the update when they ask next.`;
    case 'resume': {
      const forgiven = rollout.state === 'halted' && failed > 0 ?
        ` ${plural(failed, 'failure')} so far ${failed === 1 ? 'is' : 'are'} forgiven: only what fails from here on halts ` +
        'it again.' : '';
      const [wait, are] = waiting + under === 1 ? ['waits', 'is'] : ['wait', 'are'];
      return `It is offered and served again, to ${plural(waiting + under, 'thing')} that ${wait} or ${are} under way, ` +
        `and further stages may open.${forgiven}`;
    }
    case 'pause':
      return 'Nothing of it is offered, and no further stage opens, until it is resumed.' +
        say(fetching, 'thing is offered it or downloads, and is held at its next request',
          'things are offered it or download, and are held at their next request') +
        mayInstall +
        say(waiting, 'thing goes on waiting', 'things go on waiting') + keep;
    case 'cancel':
      return 'This is the end of it and cannot be undone: nothing of it is offered or served any more.' +
        stopped + mayInstall + lost + keep;
    case 'approve':
      return rollout.state === 'draft' ? (plan.startAt ? 'It will start at its time.' : 'It can be started then.') :
        `Stage ${next + 1}${next >= 0 ? ` (${stages[next].share})` : ''} opens once the one before has been ` +
        'good for long enough, and its things are offered the update.';
    case 'revert': {
      const has = counts.confirmed + counts.claimed;
      return 'This rollout ends, and a new one takes its things back to what each of them ran before, stage by stage and ' +
        'also to older versions.' + say(has, 'thing that has it will be offered what it ran before',
        'things that have it will be offered what they ran before') +
        stopped + say(under - fetching + (plan.downloadOnly ? counts.downloaded : 0),
          'thing has downloaded it and is taken back once it runs it',
          'things have downloaded it and are taken back once they run it') +
        lost + ' A thing of which no registered version is known that it ran before stays as it is.';
    }
    default: return '';
  }
}
