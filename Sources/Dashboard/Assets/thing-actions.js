// What operators can do to a thing. Each asks first, saying what will happen; what the role may not do is not there.

import { get, may, path, post, put, remove } from './api.js';
import { duration, instant } from './format.js';
import { action, announce, confirm, field, fill, h, secret, section } from './ui.js';

const overlaps = [[0, 'at once'], [3600, 'after 1 hour'], [86400, 'after 24 hours'], [7 * 86400, 'after 7 days']];

/**
 * The part of the page with its buttons.
 * @param refresh shows the thing as it is now, and answers it.
 */
export function actionsPart(thing, refresh) {
  const at = path`/things/${thing.id}`;
  const result = h('div', {});
  const buttons = h('div', { class: 'buttons' });
  const part = section('Actions', buttons, result);
  const every = [
    ['Retry', 'releaser', retry, (now) => !now.retiredAt],
    ['Allow link', 'administrator', () => link(true), (now) => !now.retiredAt && !now.owner],
    ['Forbid link', 'administrator', () => link(false), (now) => !now.retiredAt && !now.owner],
    ['Take from its owner', 'administrator', unlink, (now) => now.owner],
    ['Show token', 'administrator', showToken, (now) => now.activatedAt && !now.retiredAt],
    ['Rotate token', 'administrator', rotate, (now) => now.activatedAt && !now.retiredAt],
    ['Reset', 'administrator', reset, (now) => !now.retiredAt, 'danger'],
    ['Retire', 'administrator', retire, (now) => !now.retiredAt, 'danger'],
  ].filter(([, role]) => may(role)).map(([name, , work, isOffered, kind]) => ({ button: action(name, work, kind), isOffered }));
  buttons.append(...every.map(({ button }) => button));

  /** Offers what can be done to the thing as it is; a button that was pressed and goes hands the focus to the heading. */
  function offer() {
    const offered = every.filter(({ button, isOffered }) => {
      button.hidden = !isOffered(thing);
      return !button.hidden;
    });
    part.hidden = offered.length === 0 && result.childNodes.length === 0;
    if (every.some(({ button }) => button.hidden && button.disabled)) part.querySelector('h2').focus();
  }

  part.querySelector('h2').tabIndex = -1;
  offer();
  return part;

  async function done(text, ...shown) {
    announce(text);
    fill(result, shown);
    thing = await refresh();
    offer();
  }

  async function retry() {
    const states = ['failed', 'rejected', 'rolledBack', 'installed'];
    const ended = thing.mcus.filter(({ firmware }) => firmware && states.includes(firmware.state));
    const which = ended.map(({ mcu, firmware }) => `${firmware.version} on ${mcu}`).join(', ');
    const isSure = await confirm('Retry updates on this thing?', 'What failed, was rejected or was rolled back on it, or ' +
      'waits for a confirmation that does not come, is offered to it again when it asks next' +
      `${which ? `: ${which}` : '. Of the newest updates of its MCUs none is such a one'}.`, 'Retry');
    if (!isSure) return;
    await post(`${at}/retry`);
    await done('It will be offered again.');
  }

  async function link(isAllowed) {
    const isSure = await confirm(isAllowed ? 'Let a user link this thing by its id?' : 'Forbid to link this thing by its id?',
      isAllowed ? 'For a day, any user who knows the id can become the owner of this 1 thing, without its token.' :
        'No user can become the owner of this 1 thing by its id any more. Its token still links it.',
      isAllowed ? 'Allow link' : 'Forbid link');
    if (!isSure) return;
    const { allowedUntil } = await put(`${at}/link`, { allow: isAllowed });
    await done(isAllowed ? 'A user may link it.' : 'No user may link it by its id.',
      allowedUntil && h('p', {}, `A user may link it by its id until ${instant(allowedUntil)}.`));
  }

  async function unlink() {
    if (!await confirm('Take this thing from its owner?', `${thing.owner} will not see it any more, and whoever it was ` +
      'shared with neither. Somebody else may link it then.', 'Take it', { danger: true })) return;
    await remove(`${at}/link`);
    await done('It has no owner any more.');
  }

  async function showToken() {
    if (!await confirm('Show the token of this thing?', 'Whoever has the token can speak as the thing. The audit log will ' +
      'keep that you have read it.', 'Show token')) return;
    const { token, previousExpiresAt } = await get(`${at}/token`);
    await done('The token is shown.', secretBox('Token', token, previousExpiresAt));
  }

  async function rotate() {
    const until = field('The old token ends', 'overlap', { options: overlaps, value: 86400 });
    const body = h('div', {}, h('p', {}, 'The thing needs the new token before the old one ends, or it is cut off. The ' +
      'audit log will keep that you did this.'), until);
    if (!await confirm('Give this thing a new token?', body, 'Rotate token', { danger: true })) return;
    const overlap = Number(until.querySelector('select').value);
    const { token, previousExpiresAt } = await post(`${at}/token`, { overlap });
    await done(overlap === 0 ? 'The old token has ended.' : `The old token ends in ${duration(overlap)}.`,
      secretBox('New token', token, previousExpiresAt));
  }

  async function reset() {
    if (!await confirm('Reset this thing?', 'For a device whose flash was erased: its tokens end at once, so that a device ' +
      'that still has one is cut off, and its activation code activates it again.', 'Reset', { danger: true })) return;
    const { code } = await post(`${at}/reset`);
    await done('It was reset.', h('p', {}, 'This code activates it again:'), secret('Activation code', code));
  }

  async function retire() {
    if (!await confirm('Retire this thing?', 'This 1 thing ends for good: neither its tokens nor its activation code ' +
      'work any more, and it gets no updates. This cannot be taken back.', 'Retire', { danger: true })) return;
    await post(`${at}/retirement`);
    await done('It is retired.', h('p', {}, 'The thing is retired.'));
  }
}

const secretBox = (label, token, previousExpiresAt) => [
  h('p', {}, `${label}:`), secret(label, token),
  previousExpiresAt && h('p', { class: 'line' }, `The token before it works until ${instant(previousExpiresAt)}.`),
];
