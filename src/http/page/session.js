// Who uses the page, and what they may do here.

import { call, use } from './api.js';

/** @typedef {{ actor: string | null, scopes: string[], space: string | null, csrf: string | null }} Session */

/** @param {Session} session */
function remember(session) {
  use(session.csrf);
  return session;
}

/** @returns {Promise<Session>} */
export async function readSession() {
  return remember(await call('GET', '/v1/session'));
}

/** @param {string} key @returns {Promise<Session>} */
export async function signIn(key) {
  return remember(await call('POST', '/v1/session', { json: { key } }));
}

export async function signOut() {
  await call('DELETE', '/v1/session');
  use(null);
}

/** Whether one may. @param {Session} session @param {string} scope */
export function may(session, scope) {
  return session.scopes.includes(scope) || session.scopes.includes('admin');
}
