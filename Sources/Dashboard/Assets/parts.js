// Parts of lists, settings and forms that not every page has; the others are in ui.js.

import { alertBox, field, fill, h } from './ui.js';

/** Several of a few: a group of checkboxes. `chosen` finds which ones in the values that a form hands over. */
export const choices = (legend, name, options, { hint, chosen: marked = [] } = {}) => h('fieldset', { class: 'choices' },
  h('legend', {}, legend), hint && h('small', {}, hint),
  h('div', {}, options.map((option) => {
    const [key, text] = Array.isArray(option) ? option : [option, option];
    return field(text, `${name}:${key}`, { type: 'checkbox', value: marked.includes(key) });
  })));

export const chosen = (values, name) => Object.keys(values).filter((key) => key.startsWith(`${name}:`))
  .map((key) => key.slice(name.length + 1));

/** A form of filters that live in the address: what is chosen makes a new one, so that it can be shared and left by Back. */
export const filters = (address, parts) => h('form', {
  class: 'row filters', 'aria-label': 'Filters',
  on: {
    submit: (event) => {
      event.preventDefault();
      const given = [...new FormData(event.currentTarget)].map(([name, value]) => [name, value.trim()])
        .filter(([, value]) => value);
      location.hash = `#/${address}${given.length === 0 ? '' : '?'}${new URLSearchParams(given)}`;
    },
  },
}, parts, h('div', { class: 'buttons' }, h('button', { type: 'submit' }, 'Filter'),
  h('a', { class: 'button', href: `#/${address}` }, 'Show all')));

/** Text of a file as it is, in a box of its own that scrolls. */
export const pre = (label, text) => h('pre', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label }, text);

/** What is seldom needed, behind its heading. */
export const more = (summary, ...children) => h('details', { class: 'card' }, h('summary', {}, summary), children);

/**
 * The service's error; where it names a place in an expression, with the expression and a caret under that place.
 * @param texts the expressions, by the names that the service calls them by.
 */
export function mistake(error, texts = {}) {
  const [, name, at] = /^(\w+): at character (\d+): /.exec(error.message) ?? [];
  if (texts[name] === undefined) return alertBox(error);
  const place = Number(at) - 1;
  const characters = [...new Intl.Segmenter('en').segment(texts[name])].map(({ segment }) => segment);
  const first = Math.max(0, place - 24);
  const last = Math.min(characters.length, first + 34);
  const lead = first > 0 ? '…' : '';
  const line = lead + characters.slice(first, last).join('') + (last < characters.length ? '…' : '');
  const box = alertBox(error);
  box.append(h('span', { class: 'caret', 'aria-hidden': 'true' }, `${line}\n${' '.repeat(lead.length + place - first)}^`));
  return box;
}

/** Fills a place anew, after a change that was asked for inside of it: whoever uses the keyboard stays there. */
export function refill(place, ...children) {
  const hadFocus = place.contains(document.activeElement) || place.querySelector('[aria-busy]') !== null;
  fill(place, ...children);
  if (!hadFocus) return;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}
