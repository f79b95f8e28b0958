// The fields of a new rollout, and the request that they make: what is left empty is left to the service's defaults.

import { instant } from './format.js';
import { seconds } from './rollout-plan.js';
import { field, h } from './ui.js';

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const basicFields = () => [
  field('Target', 'target', { class: 'mono wide', spellcheck: 'false', maxlength: 4096,
    hint: 'RSQL: which things belong, such as resource.battery>=20 and tag==beta. Empty for every thing of the model.' }),
  field('Gate', 'gate', { class: 'mono wide', spellcheck: 'false', maxlength: 4096,
    hint: 'RSQL: whether now is the moment; who belongs and does not fulfil it waits. Empty for always.' }),
  field('Stages', 'stages', { value: '1%,10%,100%', required: true,
    hint: 'Growing shares of the target, or tags such as tag:canary, with commas between them; 20 at most.' }),
];

export const moreFields = () => h('details', { class: 'more' }, h('summary', {}, 'More settings'),
  group('When a stage is good',
    field('Success', 'success', { placeholder: '95%', hint: 'Of the things with an end, so many succeeded.' }),
    field('Halt at', 'haltAt', { placeholder: '5%', hint: 'With more failures it stops itself; or never.' }),
    count('Minimum sample', 'minSample', '20', 'So many things have an end before anything is concluded.'),
    field('Soak', 'soak', { placeholder: '10m', hint: 'Good for so long before the next stage opens.' }),
    field('Silence', 'silence', { placeholder: '2h', hint: 'Not heard of for so long counts as failed; or never.' })),
  group('When it runs',
    field('Windows', 'windows', { rows: 2, placeholder: 'Mon-Fri 22:00-06:00 Europe/Berlin',
      hint: 'One in a line. Empty for always.' }),
    field('Start at', 'startAt', { type: 'datetime-local', step: 1,
      hint: `By the clock of ${zone}. Empty: a person starts it.` })),
  group('How fast',
    count('Rate', 'rate', 'no limit', 'Things that begin in a minute.'),
    count('The rate doubles after', 'rateDoublesEvery', 'never', 'So many successes.'),
    count('Concurrent downloads', 'concurrent', 'no limit', 'Things that download at the same time.')),
  group('For each thing',
    field('Priority', 'priority', { type: 'number', min: -1000, max: 1000, placeholder: '0',
      hint: 'Of several rollouts the larger wins.' }),
    count('Attempts', 'attempts', '3', 'Failed ones after which it is not offered any more.'),
    field('Download only, do not install yet', 'downloadOnly', { type: 'checkbox' }),
    field('The owner has to agree first', 'consent', { type: 'checkbox' }),
    field('A person approves each stage after the first', 'approval', { type: 'checkbox' })));

const group = (title, ...fields) => h('fieldset', {}, h('legend', {}, title), h('div', { class: 'row top' }, fields));
const count = (label, name, placeholder, hint) => field(label, name, { type: 'number', min: 1, placeholder, hint });

/**
 * The request of a new rollout.
 * @param values those of the form.
 * @param firmwares ids, where the versions are chosen for each MCU.
 */
export function request(values, firmwares) {
  const body = { model: values.model };
  if (firmwares) body.firmwares = firmwares;
  else body.version = values.version;
  const texts = ['target', 'gate', 'success', 'haltAt'];
  for (const name of texts) if (values[name]?.trim()) body[name] = values[name].trim();
  const list = (text, between) => text.split(between).map((part) => part.trim()).filter(Boolean);
  body.stages = list(values.stages, ',');
  if (values.windows?.trim()) body.windows = list(values.windows, '\n');
  for (const name of ['soak', 'silence']) if (values[name]?.trim()) body[name] = seconds(name, values[name]);
  if (body.soak === 0 && values.soak.trim() === 'never') {
    throw new Error('soak: a span of time is needed, such as 10m; 0s for none');
  }
  if (values.startAt) body.startAt = new Date(values.startAt).toISOString();
  for (const name of ['minSample', 'rate', 'rateDoublesEvery', 'concurrent', 'priority', 'attempts']) {
    if (values[name]) body[name] = Number(values[name]);
  }
  for (const name of ['downloadOnly', 'consent', 'approval']) if (values[name]) body[name] = true;
  return body;
}

/** When a request would start by itself; null where a person starts it. */
export const startOf = (body) => (body.startAt ? instant(body.startAt) : null);
