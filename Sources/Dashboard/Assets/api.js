// The operators' API (/api/v1) as the pages use it: JSON in and out, the session's CSRF value on every change, and what the
// service says of a failure as an APIError. No page calls fetch itself.

// Beside the folder of this file, so that a proxy may put the service below a path of its own.
const base = new URL('../api/v1', import.meta.url).pathname;

/** What the service answered instead of what was asked for: a problem of RFC 9457, or no answer at all (status 0). */
export class APIError extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Who is signed in: `{operator, csrf, expiresAt}`; null where nobody is. */
export let session = null;

/** Called when the service says that nobody is signed in any more. */
let whenSignedOut = () => {};
export function onSignedOut(handler) { whenSignedOut = handler; }

/** Called with whether the service answers, whenever that has changed. */
let whenReached = () => {};
export function onReached(handler) { whenReached = handler; }

let answers = true;
function reached(now) {
  if (now === answers) return;
  answers = now;
  whenReached(now);
}

export async function signIn(token) {
  session = await call('POST', '/session', { token });
  return session;
}

/** Takes up the session that the browser's cookie holds; null where it holds none. */
export async function resume() {
  try {
    session = await call('GET', '/session', undefined, { quiet: true });
  } catch (error) {
    if (error.status !== 401) throw error;
    session = null;
  }
  return session;
}

export async function signOut() {
  try { await call('DELETE', '/session', undefined, { quiet: true }); } catch (error) { if (error.status !== 401) throw error; }
  session = null;
}

/** Whether the operator's role reaches `role`. The service decides; this only hides what would be refused. */
export function may(role) {
  const roles = ['viewer', 'uploader', 'releaser', 'administrator'];
  return session !== null && roles.indexOf(session.operator.role) >= roles.indexOf(role);
}

/**
 * A path of encoded segments: path`/things/${id}`.
 * @returns {string}
 */
export function path(texts, ...values) {
  return texts.reduce((all, text, place) => all + encodeURIComponent(values[place - 1]) + text);
}

export const get = (path, query, options) => call('GET', path + search(query), undefined, options);
export const post = (path, body, options) => call('POST', path, body, options);
export const put = (path, body) => call('PUT', path, body);
export const patch = (path, body) => call('PATCH', path, body);
export const remove = (path) => call('DELETE', path);

/** `?a=1&b=2` of what is neither undefined, null, false nor an empty text; the empty text where nothing is. */
export function search(query = {}) {
  const fields = Object.entries(query).filter(([, value]) => ![undefined, null, '', false].includes(value));
  return fields.length === 0 ? '' : '?' + new URLSearchParams(fields.map(([name, value]) => [name, String(value)]));
}

/** All entries of a list, page by page; for lists that are short by nature, such as models. */
export async function all(path, key, query = {}, most = 1000) {
  const entries = [];
  let after;
  do {
    const page = await get(path, { ...query, after });
    entries.push(...page[key]);
    after = page.next;
  } while (after && entries.length < most);
  return entries;
}

async function call(method, path, body, { quiet = false, signal } = {}) {
  const headers = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && session !== null) headers['X-CSRF-Token'] = session.csrf;
  let response;
  try {
    response = await fetch(base + path, {
      method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body), credentials: 'same-origin',
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    reached(false);
    throw new APIError(0, 'unreachable', 'The service does not answer.');
  }
  reached(true);
  if (!response.ok) throw await failure(response, quiet);
  return response.status === 204 ? null : response.json();
}

async function failure(response, quiet) {
  let problem = {};
  try { problem = await response.json(); } catch { /* a proxy's answer; its status has to do */ }
  return refusal(response.status, problem, quiet);
}

function refusal(status, problem, quiet) {
  if (status === 401 && !quiet && session !== null) {
    session = null;
    whenSignedOut();
  }
  return new APIError(status, problem.code ?? 'refused', problem.detail ?? `The service answered ${status}.`);
}

/**
 * Sends a file as it is. The service is asked first what it has already; an upload that is cut goes on where it was, up to
 * three times in all.
 * @param progress called with the bytes that the service has, or has been sent.
 * @param waiting called with why it waits before it goes on.
 * @returns a promise of whether any byte had to be sent.
 */
export async function upload(path, file, { signal, progress = () => {}, waiting = () => {} } = {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const received = await stored(path, signal);
      if (received === true) return attempt > 1;
      progress(received);
      await send(path, file, received, signal, progress);
      return true;
    } catch (error) {
      // 409: the service has not noticed yet that the connection before this one is gone; 416: it knows better where to go on.
      if (attempt === 3 || ![0, 408, 409, 416, 502, 503, 504].includes(error.status)) throw error;
      waiting(error.message);
      await pause(attempt * 3000, signal);
    }
  }
}

/** Whether the service has all bytes of an image, or else how many. */
async function stored(path, signal) {
  let response;
  try {
    response = await fetch(base + path, { method: 'HEAD', credentials: 'same-origin', signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new APIError(0, 'unreachable', 'The service does not answer.');
  }
  if (response.ok) return true;
  if (response.status !== 404) throw refusal(response.status, {}, false);
  return Number(response.headers.get('Upload-Offset') ?? 0);
}

/** Sends what is behind the first `from` bytes; with XMLHttpRequest, since fetch does not tell how far it has come. */
function send(path, file, from, signal, progress) {
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.open('PUT', base + path);
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    if (from > 0) {
      request.setRequestHeader('Content-Range', `bytes ${from === file.size ? '*' : `${from}-${file.size - 1}`}/${file.size}`);
    }
    if (session !== null) request.setRequestHeader('X-CSRF-Token', session.csrf);
    request.upload.addEventListener('progress', (event) => progress(from + event.loaded));
    request.addEventListener('load', () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText || '{}'); } catch { /* as above */ }
      if (request.status >= 200 && request.status < 300) resolve(answer);
      else reject(refusal(request.status, answer, false));
    });
    request.addEventListener('error', () => reject(new APIError(0, 'unreachable', 'The connection broke.')));
    request.addEventListener('abort', () => reject(new DOMException('The upload was stopped.', 'AbortError')));
    signal?.addEventListener('abort', () => request.abort());
    request.send(file.slice(from));
  });
}

const pause = (milliseconds, signal) => new Promise((resolve, reject) => {
  setTimeout(resolve, milliseconds);
  signal?.addEventListener('abort', () => reject(new DOMException('The upload was stopped.', 'AbortError')));
});

/**
 * Listens to server-sent events until `close()`. The browser connects again by itself after a cut, and the service goes on
 * after the last event.
 * @param kinds the names of the events that count.
 * @param heard called with the kind and the event's data.
 * @param state called with 'open' or 'lost'.
 */
export function listen(path, kinds, heard, state = () => {}) {
  const source = new EventSource(base + path);
  source.addEventListener('open', () => state('open'));
  source.addEventListener('error', () => state('lost'));
  for (const kind of kinds) {
    source.addEventListener(kind, (event) => {
      let data = null;
      try { data = JSON.parse(event.data); } catch { /* the kind alone says enough */ }
      heard(kind, data);
    });
  }
  return source;
}
