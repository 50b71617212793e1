// Signing in with a key. It goes into a cookie that no script can read.

import { t } from './i18n.js';
import { Failure } from './parts.js';
import { signIn } from './session.js';
import { html, useState } from './vendor/preact-htm.js';

/** @param {{ lacking: boolean, onSession: (session: import('./session.js').Session) => void }} properties */
export function SignIn({ lacking, onSession }) {
  const [key, setKey] = useState('');
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const [busy, setBusy] = useState(false);
  /** @param {Event} event */
  const onSubmit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      onSession(await signIn(key));
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return html`<main class="sign-in" id="main">
    <h1>${t('session.title')}</h1>
    <p class="muted">${t(lacking ? 'session.lacking' : 'session.hint')}</p>
    <form onSubmit=${onSubmit}>
      <label class="field"><span>${t('session.key')}</span>
        <input type="password" name="key" autocomplete="current-password" placeholder="dayi_…" required autofocus value=${key}
          onInput=${(/** @type {{ target: HTMLInputElement }} */ event) => setKey(event.target.value)} /></label>
      <button class="primary" disabled=${busy}>${t('session.in')}</button>
    </form>
    <${Failure} error=${error} />
  </main>`;
}
