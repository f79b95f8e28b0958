// What happens to a rollout, as it happens: its server-sent events, connected again whenever the connection ends, and the log
// that tells of them in words.

import { listen, path } from './api.js';
import { instant, keepTime, setServiceTime } from './format.js';
import { eventText } from './rollout-words.js';
import { h } from './ui.js';

const kinds = ['created', 'scheduled', 'started', 'stageOpened', 'approvalNeeded', 'approved', 'paused', 'resumed', 'halted',
  'finished', 'cancelled', 'reverted'];

/**
 * Follows a rollout until the page is left, from its first event on.
 * @param stored called with each event that is kept, once.
 * @param moved called when the counts have moved, and when the connection is there again.
 * @param state called with `open` or `lost`.
 */
export function follow(id, signal, { stored, moved, state }) {
  let last = 0;
  let source;
  let timer;
  const connect = () => {
    source = listen(path`/rollouts/${id}/events` + `?after=${last}`, [...kinds, 'progressed'], (kind, data) => {
      if (signal.aborted || data === null) return;
      keepTime(data.at);
      if (kind === 'progressed') setServiceTime(data.at);
      if (kind !== 'progressed' && data.id > last) stored(data);
      last = Math.max(last, data.id);
      moved();
    }, (now) => {
      if (signal.aborted) return;
      state(now);
      if (now === 'open') moved();
      // The browser gives up where the service answers with an error, such as while it starts.
      else if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, 5000);
    });
  };
  connect();
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    source.close();
  });
}

/** The log, newest first; what is worth to be said aloud is announced, so that it does not read itself out. */
export function eventLog(stages) {
  const list = h('ul', { class: 'list' });
  const element = h('div',
    { class: 'card log', role: 'log', 'aria-live': 'off', 'aria-label': 'What happened', tabindex: 0 }, list);
  const add = (event) => {
    list.prepend(h('li', {}, h('time', { datetime: event.at }, instant(event.at)), ' ', eventText(event, stages),
      event.details?.rollout && [': ', h('a', { href: `#/rollouts/${event.details.rollout}` }, event.details.rollout)]));
    if (list.children.length > 100) list.lastChild.remove();
  };
  return { element, add };
}
