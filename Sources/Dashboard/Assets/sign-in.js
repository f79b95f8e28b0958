// An operator's token opens the pages; the browser keeps a session for it, never the token.

import { signIn } from './api.js';
import { field, form, h, page } from './ui.js';

export async function show({ main, done }) {
  page(main, 'Sign in',
    h('p', {}, 'These pages are for operators. The token of the first one lies in the store, in ',
      h('code', {}, 'operator.token'), '; ', h('code', {}, 'firmament operator create'), ' makes more.'),
    form('Sign in', [
      field('Operator token', 'token', { type: 'password', required: true, autocomplete: 'current-password', maxlength: 256 }),
    ], async ({ token }) => {
      await signIn(token.trim());
      await done();
    }));
}
