// What became of a thing, newest first, and what operators did to it, each in pages.

import { get, path } from './api.js';
import { instant, words } from './format.js';
import { alertBox, badge, fill, h, pagedTable, section, when } from './ui.js';

export function historyPart(id, signal) {
  const columns = [
    { title: 'When', cell: ({ at }) => [when(at), h('small', {}, instant(at))] },
    { title: 'What', cell: told },
  ];
  return part('History', () => pagedTable('What became of it, newest first', columns, async (after) => {
    const { entries, next } = await get(path`/things/${id}/history`, { limit: 20, after }, { signal });
    return { rows: entries, next };
  }, { empty: 'Nothing has been kept.' }));
}

/** The audit entries whose subject is the thing, by its id or by its name at the DDI door. */
export function auditPart(thing, signal) {
  const columns = [
    { title: 'When', cell: ({ at }) => [when(at), h('small', {}, instant(at))] },
    { title: 'Who', cell: ({ actor }) => actor },
    { title: 'Action', cell: ({ action }) => action },
    {
      title: 'Details', cell: ({ details = {} }) => Object.entries(details).filter(([, value]) => value !== '')
        .map(([name, value]) => `${words(name)}: ${value}`).join(', '),
    },
  ];
  const subjects = [...new Set([thing.id, thing.controllerId])].filter(Boolean);
  return part('Audit', async () => [
    await pagedTable('What operators did to it, newest first', columns, async (after) => {
      const { entries, next } = await get('/audit', { subject: thing.id, limit: 10, after }, { signal });
      return { rows: entries, next };
    }, { empty: 'No operator has done anything to it.' }),
    h('p', {}, subjects.map((subject, place) => [place > 0 && ' · ',
      h('a', { href: `#/audit?${new URLSearchParams({ subject })}` }, `Audit entries about ${subject}`)])),
  ]);
}

function part(title, load) {
  const place = h('div', {});
  return {
    part: section(title, place),
    load: async () => {
      try {
        fill(place, await load());
      } catch (error) {
        if (error.name === 'AbortError') throw error;
        fill(place, alertBox(error));
      }
    },
  };
}

const lives = {
  created: 'It was created.', imported: 'It came from another system with the token that it had.',
  activated: 'It was activated.', tokenRotated: 'It was given a new token.',
  reset: 'It was reset: its tokens ended, and its code activates it again.', retired: 'It was retired.',
  linked: 'A user became its owner.', unlinked: 'It has no owner any more.',
};

/** An entry in words. */
function told(entry) {
  const on = entry.mcu ? `${entry.mcu}: ` : '';
  const isOfRollout = entry.kind === 'joined' || entry.kind === 'ended';
  const rollout = entry.rollout && h('a', { href: `#/rollouts/${encodeURIComponent(entry.rollout)}` },
    `${isOfRollout ? 'Rollout' : 'rollout'} ${entry.rollout}`);
  // A rollout's code is a word of the service, that of a failure one of the thing.
  const code = isOfRollout && entry.code ? words(entry.code) : entry.code;
  const why = (code || entry.message) && h('small', {}, [code, entry.message].filter(Boolean).join(': '));
  const state = entry.state && badge(entry.state);
  switch (entry.kind) {
    case 'running': return [`${on}runs ${entry.version ?? 'what it did not say'}`, why];
    case 'state': return [`${on}${entry.version ?? ''} `, state, rollout && [' by ', rollout], why];
    case 'joined': return [rollout ?? 'A rollout', ' counts it in ', state, why];
    case 'ended': return [rollout ?? 'A rollout', ' ended on it ', state, why];
    case 'retried': return [`${on}${entry.version ?? 'what had failed'} is offered again`, why];
    default: return [lives[entry.kind] ?? `${on}${words(entry.kind)} ${entry.version ?? ''}`, state && [' ', state],
      rollout && [' by ', rollout], why];
  }
}
