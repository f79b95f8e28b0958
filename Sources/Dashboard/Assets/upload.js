// Uploads an image with its signed manifest: first what the manifest says, and whether the image is the one it means; then the
// bytes, which go on where they were cut; then the registration.

import { APIError, get, may, path, post, search, upload } from './api.js';
import { bytes, duration, percent } from './format.js';
import { keyText, keysOf, manifestFacts, readEnvelope, sizeText } from './manifest.js';
import { action, alertBox, announce, badge, facts, field, fill, h, page } from './ui.js';

/** So much is hashed here before it is sent: browsers hash only what is in memory as a whole. The service hashes all of it. */
const hashedHere = 256 * 1024 * 1024;

export async function show({ main, signal }) {
  if (!may('uploader')) {
    page(main, 'Upload a firmware', h('p', { class: 'hint' }, 'Uploading needs the role uploader.'));
    return;
  }
  let chosen = null;
  const image = field('Image', 'image', { type: 'file', required: true, hint: 'The file that your build made.' });
  const signed = field('Signed manifest', 'manifest', {
    type: 'file', required: true, accept: '.json,.dsse,.jsonl,application/json',
    hint: 'The DSSE envelope (JSON) that firmament sign wrote where the private key is.',
  });
  const report = h('div', { 'aria-live': 'polite' });
  const outcome = h('div');
  const start = action('Upload', () => send(), 'primary');
  start.disabled = true;

  // Another file may be chosen while one is still looked at: only what was asked last counts.
  let looks = 0;
  async function look() {
    looks += 1;
    const mine = looks;
    start.disabled = true;
    chosen = null;
    fill(outcome);
    const [file, envelopeFile] = [image, signed].map((one) => one.querySelector('input').files[0]);
    if (!envelopeFile) return;
    let read;
    try {
      if (envelopeFile.size > 1024 * 1024) throw new Error('This file is too large for a signed manifest.');
      read = readEnvelope(await envelopeFile.text());
    } catch (error) {
      if (mine === looks) fill(report, alertBox(error));
      return;
    }
    const shown = h('div');
    fill(report, h('h2', {}, 'What the manifest says'),
      h('div', { class: 'card' }, facts(manifestFacts(read.manifest))), shown);
    const checks = file ? [size(file, read.manifest), await digest(file, read.manifest, () => mine === looks && fill(shown,
      h('p', {}, 'The digest of the image is being worked out…')))] : [];
    checks.unshift(...await signer(read));
    if (mine !== looks || signal.aborted) return;
    fill(shown, h('h3', {}, 'Checked before anything is sent'),
      h('ul', { class: 'list' }, checks.map(([state, ...text]) => h('li', {}, mark(state), ' ', text))));
    if (!file || checks.some(([state]) => state === 'bad')) return;
    chosen = { file, ...read };
    start.disabled = false;
  }
  for (const one of [image, signed]) one.querySelector('input').addEventListener('change', () => look());

  async function send() {
    const { file, envelope, manifest } = chosen;
    const stopping = new AbortController();
    signal.addEventListener('abort', () => stopping.abort());
    const bar = h('progress', { max: file.size, value: 0, 'aria-label': `Upload of ${file.name}` });
    const text = h('p', {}, 'Asking what the service has already…');
    const stop = h('button', { type: 'button', on: { click: () => stopping.abort() } }, 'Stop');
    fill(outcome, bar, text, h('div', { class: 'buttons' }, stop));
    stop.focus();
    addEventListener('beforeunload', hold);
    enable(false);
    try {
      const wasSent = await upload(`/images/sha256:${manifest.sha256}`, file, {
        signal: stopping.signal,
        progress: pace(file.size, bar, text),
        waiting: (reason) => {
          text.textContent = `It goes on where it was in a moment (${reason}).`;
          announce('The upload was cut and goes on in a moment.');
        },
      });
      text.textContent = wasSent ? 'Every byte has arrived.' : 'The service has these bytes already.';
      bar.value = file.size;
      stop.hidden = true;
      registered(await post('/firmwares', envelope));
    } catch (error) {
      const stopped = error.name === 'AbortError';
      if (signal.aborted) return;
      fill(outcome,
        stopped ? h('p', { role: 'status' }, 'Stopped. Upload again, and it goes on where it was.') : alertBox(error),
        !stopped && error.status === 0 && h('p', {}, 'Upload again, and it goes on where it was.'));
    } finally {
      removeEventListener('beforeunload', hold);
      enable(true);
      if (document.activeElement === document.body || document.activeElement === stop) setTimeout(() => start.focus());
    }
  }
  function enable(isEnabled) {
    for (const one of [image, signed]) one.querySelector('input').disabled = !isEnabled;
  }
  function registered({ id, model, mcu, version, publishedAt }) {
    const name = `${model} ${mcu} ${version}`;
    announce(`${name} is registered.`);
    const heading = h('h2', { tabindex: -1 }, `${name} is registered`);
    fill(outcome, heading,
      h('p', {}, publishedAt ? 'It is published.' : 'It is not published: a rollout offers it in stages.'),
      h('div', { class: 'buttons' },
        may('releaser') &&
          h('a', { class: 'button primary', href: `#/rollouts/new${search({ model, version })}` }, 'New rollout with it'),
        h('a', { class: 'button', href: `#/firmwares/${id}` }, 'To the firmware')));
    heading.focus();
  }

  page(main, 'Upload a firmware',
    h('p', {}, 'Signing needs the private key, which never leaves the engineer’s machine; so the signature is made there, ' +
      'and both files are uploaded here. On a terminal ', h('code', {}, 'firmament upload'), ' does both.'),
    h('form', { class: 'card', 'aria-label': 'Files', on: { submit: (event) => event.preventDefault() } }, image, signed),
    report, h('div', { class: 'buttons' }, start), outcome);
}

const hold = (event) => event.preventDefault();

const mark = (state) => badge({ good: 'passed', bad: 'failed', open: 'waiting' }[state],
  { good: 'good', bad: 'wrong', open: 'not checked' }[state]);

const size = (file, manifest) => (file.size === manifest.size ?
  ['good', `The image has ${sizeText(file.size)}, as the manifest says.`] :
  ['bad', `The image has ${sizeText(file.size)}; the manifest means one of ${sizeText(manifest.size)}.`]);

async function digest(file, manifest, working) {
  if (file.size !== manifest.size) return ['open', 'The digest was not worked out: the size is another already.'];
  if (!globalThis.crypto?.subtle || file.size > hashedHere) {
    return ['open', 'The digest is checked by the service: ', file.size > hashedHere ?
      `the image has more than ${bytes(hashedHere)}.` : 'this browser works it out on pages that come by https only.'];
  }
  working();
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex === manifest.sha256 ? ['good', 'The image has the digest that the manifest says.'] :
    ['bad', 'The image is another one: its digest is not that of the manifest.'];
}

/** What is known of the model and the key; the service has the last word when it registers the firmware. */
async function signer({ manifest, keyId }) {
  try {
    const { mcus } = await get(path`/models/${manifest.model}`);
    const mcu = mcus.find(({ name }) => name === manifest.mcu);
    if (!mcu) return [['bad', `Model ${manifest.model} has no MCU ${manifest.mcu}.`]];
    const key = (await keysOf(manifest.model)).get(keyId);
    return [
      [key && !key.revokedAt ? 'good' : 'bad', 'Signed by ', keyText(keyId, key), ` for model ${manifest.model}.`],
      manifest.sequence > mcu.newestSequence ? ['good', 'Its sequence is larger than the newest.'] :
        ['open', 'Its sequence is not larger than the newest: the service takes it only if it is registered already.'],
    ];
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    return [['bad', error.message]];
  }
}

/** Shows how far it is, how fast, and how long it will take; told to those who hear by the bar alone. */
function pace(whole, bar, text) {
  let first = null;
  return (done) => {
    first ??= { done, at: Date.now() };
    bar.value = done;
    const seconds = (Date.now() - first.at) / 1000;
    const rate = seconds > 1 ? (done - first.done) / seconds : 0;
    text.textContent = `${bytes(done)} of ${bytes(whole)} (${percent(done, whole)})` +
      (rate > 0 ? `, ${bytes(rate)} a second, ${duration((whole - done) / rate)} to go` : '');
  };
}
