// The frame of all pages: who is signed in, the ways between pages, and which page the address asks for. Addresses are
// `#/rollouts/ID?query`, so that the service needs to know one path only.

import { onReached, onSignedOut, resume, session, signOut } from './api.js';
import { action, alertBox, fill, h, page } from './ui.js';

const ways = [
  ['fleet', 'Fleet'], ['rollouts', 'Rollouts'], ['firmwares', 'Firmwares'], ['models', 'Models and keys'], ['codes', 'Codes'],
  ['users', 'Users'], ['tokens', 'Tokens'], ['webhooks', 'Webhooks'], ['audit', 'Audit'],
];

/** The first that matches shows the page, with the parts of the address in parentheses. */
const routes = [
  [/^fleet$/, () => import('./fleet.js')],
  [/^things\/([^/]+)$/, () => import('./thing.js')],
  [/^rollouts$/, () => import('./rollouts.js')],
  [/^rollouts\/new$/, () => import('./new-rollout.js')],
  [/^rollouts\/([^/]+)$/, () => import('./rollout.js')],
  [/^firmwares$/, () => import('./firmwares.js')],
  [/^firmwares\/upload$/, () => import('./upload.js')],
  [/^firmwares\/([^/]+)$/, () => import('./firmware.js')],
  [/^models$/, () => import('./models.js')],
  [/^codes$/, () => import('./codes.js')],
  [/^users$/, () => import('./users.js')],
  [/^tokens$/, () => import('./tokens.js')],
  [/^webhooks$/, () => import('./webhooks.js')],
  [/^audit$/, () => import('./audit.js')],
];

const main = document.getElementById('main');
const top = document.getElementById('top');
let leaving = new AbortController();
const lost = h('p', { class: 'lost hint', role: 'status', hidden: true },
  'The service does not answer: what is shown may be old.');

/** Shows what the address asks for. */
async function show({ moves = true } = {}) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const address = location.hash.replace(/^#\/?/, '') || 'fleet';
  const [path, query = ''] = address.split('?');
  frame(path);
  main.setAttribute('aria-busy', 'true');
  try {
    if (session === null) {
      await (await import('./sign-in.js')).show({ main, done: () => show() });
    } else {
      await route(path, new URLSearchParams(query), signal);
    }
  } catch (error) {
    if (signal.aborted || error.name === 'AbortError') return;
    page(main, error.status === 404 ? 'Not found' : 'Something went wrong', alertBox(error),
      action('Try again', () => show()));
  }
  if (signal.aborted) return;
  main.setAttribute('aria-busy', 'false');
  if (moves) main.querySelector('h1')?.focus({ preventScroll: true });
}

async function route(path, query, signal) {
  for (const [pattern, load] of routes) {
    const match = pattern.exec(path);
    if (!match) continue;
    const module = await load();
    if (signal.aborted) return;
    await module.show({ main, parts: match.slice(1).map(decodeURIComponent), query, signal });
    return;
  }
  page(main, 'Not found', h('p', {}, 'There is no page at this address. ', h('a', { href: '#/fleet' }, 'To the fleet')));
}

/** The bar at the top, with the way that one is on. */
function frame(path) {
  top.hidden = session === null;
  if (session === null) return;
  const current = path.split('/')[0] === 'things' ? 'fleet' : path.split('/')[0];
  fill(top,
    h('a', { class: 'brand', href: '#/fleet' },
      h('img', { src: new URL('icon.svg', import.meta.url).href, alt: '', width: 24, height: 24 }), 'Firmament'),
    h('nav', { 'aria-label': 'Pages' }, h('ul', {}, ways.map(([address, title]) =>
      h('li', {}, h('a', { href: `#/${address}`, 'aria-current': address === current && 'page' }, title))))),
    h('div', { class: 'who' },
      h('span', {}, `${session.operator.name} (${session.operator.role})`),
      action('Sign out', async () => {
        await signOut();
        await show();
      })),
    lost);
  const bar = top.querySelector('nav');
  bar.scrollLeft = (top.querySelector('[aria-current]')?.offsetLeft ?? 0) - bar.offsetLeft - bar.clientWidth / 3;
}

onReached((now) => { lost.hidden = now; });
onSignedOut(() => show());
addEventListener('hashchange', () => show());
try {
  await resume();
  await show({ moves: false });
} catch (error) {
  page(main, 'Something went wrong', alertBox(error), action('Try again', () => location.reload()));
  main.setAttribute('aria-busy', 'false');
}
