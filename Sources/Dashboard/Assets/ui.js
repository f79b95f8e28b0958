// The parts that pages are made of. Everything is built of elements and text nodes: no text of the service is ever read as
// HTML.

import { ago, instant, keepTime, mood, words } from './format.js';

/**
 * An element with its properties and children: h('a', {href: '#/fleet'}, 'Fleet').
 * @param properties attributes; `on` has listeners by event, `class` a text; what is false, null or undefined is left out.
 * @param children nodes, texts and arrays of them; null and false are left out.
 */
export function h(name, properties = {}, ...children) {
  return build(document.createElement(name), properties, children);
}

/** The same for SVG. */
export function svg(name, properties = {}, ...children) {
  return build(document.createElementNS('http://www.w3.org/2000/svg', name), properties, children);
}

function build(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'on') {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/** Puts children in the place of all that an element has. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** Says something to people who see and to those who hear; it goes away by itself. */
export function announce(text) {
  const note = h('p', { class: 'note' }, text);
  document.getElementById('announcements').append(note);
  setTimeout(() => note.remove(), 8000);
}

/** What went wrong, in the service's words. */
export const alertBox = (error) => h('p', { class: 'alert', role: 'alert' }, error.message ?? String(error));

/** A state as a coloured word; the word says it, the colour only helps. */
export const badge = (state, text = words(state)) => h('span', { class: `badge ${mood(state)}` }, text);

/** A time that has passed as its age, with the instant for whoever points at it. */
export function when(text) {
  keepTime(text);
  return due(text);
}

/** The same of a time that may be yet to come. */
export const due = (text) => (text ? h('time', { datetime: text, title: instant(text) }, ago(text)) : 'never');

/** Ids and digests: the whole is there, the look is short. */
export const code = (text) => h('code', {}, text);

/**
 * A table.
 * @param columns of `{title, cell(row), numeric}`; the first cell of a row is its header.
 */
export function table(caption, columns, rows, { empty = 'There is nothing here.' } = {}) {
  if (rows.length === 0) return h('p', { class: 'empty' }, empty);
  const body = h('tbody', {}, rows.map((row) => tableRow(columns, row)));
  return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h('table', {},
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, columns.map((column) =>
        h('th', { scope: 'col', class: column.numeric && 'numeric' }, column.title)))),
      body));
}

function tableRow(columns, row) {
  return h('tr', {}, columns.map((column, place) => place === 0
    ? h('th', { scope: 'row', class: column.numeric && 'numeric' }, column.cell(row))
    : h('td', { class: column.numeric && 'numeric' }, column.cell(row))));
}

/**
 * A list that comes in pages: a table, and a button for as long as there is more.
 * @param fetch called with the `next` of the page before, or undefined; answers `{rows, next}`.
 */
export async function pagedTable(caption, columns, fetch, options = {}) {
  const first = await fetch(undefined);
  const place = h('div', {}, table(caption, columns, first.rows, options));
  let next = first.next;
  if (!next) return place;
  const button = h('button', { type: 'button', on: { click: () => busyWhile(button, more) } }, 'Show more');
  async function more() {
    const page = await fetch(next);
    next = page.next;
    const body = place.querySelector('tbody');
    if (body) body.append(...page.rows.map((row) => tableRow(columns, row)));
    else fill(place, table(caption, columns, page.rows, options), next && button);
    announce(`${page.rows.length} more`);
    if (next) return;
    button.remove();
    place.querySelector('.scroll')?.focus({ preventScroll: true });
  }
  place.append(button);
  return place;
}

/** Names and what they are: `[['Model', 'lamp'], …]`; what is null or undefined is left out. */
export const facts = (pairs) => h('dl', { class: 'facts' }, pairs
  .filter(([, value]) => value !== null && value !== undefined && value !== false)
  .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));

/** A part of a page with its heading. */
export function section(title, ...children) {
  const id = `s-${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
  return h('section', { 'aria-labelledby': id }, h('h2', { id }, title), children);
}

/** A big figure with its name. */
export const figure = (name, value, hint) => h('div', { class: 'figure' },
  h('dt', {}, name), h('dd', {}, value, hint && h('small', {}, hint)));

export const figures = (...items) => h('dl', { class: 'figures' }, items);

/** A button that does something; `kind` is '', 'primary' or 'danger'. */
export function action(text, handler, kind = '', properties = {}) {
  const button = h('button',
    { type: 'button', class: kind, ...properties, on: { click: () => busyWhile(button, handler) } }, text);
  return button;
}

/** Runs something that may take a while; a failure is announced as an alert beside the button. */
export async function busyWhile(button, work) {
  const hadFocus = document.activeElement === button;
  button.disabled = true;
  button.setAttribute('aria-busy', 'true');
  button.parentElement?.querySelectorAll(':scope > .alert').forEach((alert) => alert.remove());
  try {
    await work();
  } catch (error) {
    if (error.name !== 'AbortError') button.after(alertBox(error));
  } finally {
    button.disabled = false;
    button.removeAttribute('aria-busy');
    // What is disabled loses the focus, and a dialog cannot give it back there.
    if (hadFocus && [null, document.body].includes(document.activeElement)) button.focus();
  }
}

let fields = 0;

/**
 * A labelled input.
 * @param options `type`, `value`, `hint`, `required`, `options` (a select: texts or `[value, text]`), `rows` (a text area), and
 *   any other attribute.
 */
export function field(label, name, { hint, options, value, rows, ...attributes } = {}) {
  fields += 1;
  const id = `f${fields}`;
  const common = { id, name, 'aria-describedby': hint && `${id}-hint`, ...attributes };
  let input;
  if (options) {
    input = h('select', common, options.map((option) => {
      const [key, text] = Array.isArray(option) ? option : [option, option];
      return h('option', { value: key, selected: key === value }, text);
    }));
  } else if (rows) {
    input = h('textarea', { ...common, rows });
    input.value = value ?? '';
  } else if (attributes.type === 'checkbox') {
    return h('div', { class: 'field check' }, h('input', { ...common, checked: value }), h('label', { for: id }, label),
      hint && h('small', { id: `${id}-hint` }, hint));
  } else {
    input = h('input', { type: 'text', autocomplete: 'off', ...common, value });
  }
  return h('div', { class: 'field' }, h('label', { for: id }, label), input, hint && h('small', { id: `${id}-hint` }, hint));
}

/**
 * A form: fields, and a button that hands their values over.
 * @param submit called with an object of the values by name (checkboxes true or absent, files as File).
 */
export function form(button, parts, submit, { kind = 'primary', label } = {}) {
  const send = h('button', { type: 'submit', class: kind }, button);
  return h('form', {
    'aria-label': label ?? button, novalidate: false,
    on: {
      submit: (event) => {
        event.preventDefault();
        const values = {};
        for (const [name, value] of new FormData(event.currentTarget)) values[name] = value === 'on' ? true : value;
        busyWhile(send, () => submit(values, event.target));
      },
    },
  }, parts, h('div', { class: 'buttons' }, send));
}

/**
 * Asks before something that matters; the text says what will happen, to how many.
 * @returns a promise of whether the person agreed.
 */
export function confirm(title, body, verb, { danger = false } = {}) {
  return new Promise((resolve) => {
    const dialog = h('dialog', { 'aria-labelledby': 'dialog-title', 'aria-describedby': 'dialog-body' },
      h('h2', { id: 'dialog-title' }, title),
      h('div', { id: 'dialog-body' }, typeof body === 'string' ? h('p', {}, body) : body),
      h('div', { class: 'buttons' },
        h('button', { type: 'button', on: { click: () => dialog.close('') } }, 'Go back'),
        h('button', { type: 'button', class: danger ? 'danger' : 'primary', on: { click: () => dialog.close('yes') } }, verb)));
    dialog.addEventListener('close', () => {
      resolve(dialog.returnValue === 'yes');
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Shows a secret once, with a button that copies it where the browser lets it. */
export function secret(label, text) {
  const shown = h('output', { class: 'secret', 'aria-label': label }, text);
  const copy = navigator.clipboard && action('Copy', async () => {
    await navigator.clipboard.writeText(text);
    announce('Copied.');
  });
  return h('div', { class: 'secret-box' }, shown, copy);
}

/** Offers a Blob as a file to keep. */
export function save(blob, name) {
  const link = h('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** Puts a page into `main`: its title, also in the window's, and what it shows. */
export function page(main, title, ...children) {
  document.title = `${title} · Firmament`;
  return fill(main, h('h1', { tabindex: -1 }, title), children);
}

/** Calls something again and again, not at once, until the page is left; a failure is left for the next time. */
export function repeat(seconds, signal, work) {
  const timer = setInterval(() => {
    if (!document.hidden) Promise.resolve(work()).catch(() => {});
  }, seconds * 1000);
  signal.addEventListener('abort', () => clearInterval(timer));
}

/**
 * Makes an element like a fresh one and touches only what differs, so that what has the focus keeps it and what is open stays
 * open. Listeners stay those of the elements that were there: put them around what is made alike.
 */
export function alike(element, fresh) {
  for (const { name } of [...element.attributes]) {
    if (!fresh.hasAttribute(name) && name !== 'open') element.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
  const wanted = [...fresh.childNodes];
  wanted.forEach((child, place) => {
    const present = element.childNodes[place];
    if (!present) element.append(child);
    else if (present.nodeName !== child.nodeName) present.replaceWith(child);
    else if (child.nodeType === Node.ELEMENT_NODE) alike(present, child);
    else if (present.data !== child.data) present.data = child.data;
  });
  while (element.childNodes.length > wanted.length) element.lastChild.remove();
  return element;
}
