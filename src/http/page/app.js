// The frame around every page: which page is shown, the way to the others, language and colours.

import { Ask } from './ask.js';
import { remember } from './device.js';
import { isEnglish, speakEnglish, t } from './i18n.js';
import { Failure, Icon } from './parts.js';
import { go } from './places.js';
import { may, readSession, signOut } from './session.js';
import { SignIn } from './sign_in.js';
import { html, render, useEffect, useState } from './vendor/preact-htm.js';

/**
 * The pages for editors, loaded when they are opened.
 * @type {{ path: string, title: import('./i18n.js').Key, load: () => Promise<Record<string, any>>, name: string }[]}
 */
const ADMIN = [
  { path: '/admin/entries', title: 'entries.title', load: () => import('./entries.js'), name: 'Entries' },
  { path: '/admin/test', title: 'test.title', load: () => import('./test.js'), name: 'Test' },
  { path: '/admin/unanswered', title: 'unanswered.title', load: () => import('./unanswered.js'), name: 'Unanswered' },
  { path: '/admin/dashboard', title: 'dashboard.title', load: () => import('./dashboard.js'), name: 'Dashboard' },
];

function dark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

/** @param {MouseEvent} event */
function followLink(event) {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const isPage = link.pathname === '/' || ADMIN.some(({ path }) => path === link.pathname);
  if (link.origin !== location.origin || link.target || !isPage) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

function App() {
  const [place, setPlace] = useState(location.pathname + location.search);
  const [, redraw] = useState(0);
  const [session, setSession] = useState(/** @type {import('./session.js').Session | null} */ (null));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  useEffect(() => {
    readSession().then(setSession, setError);
  }, []);
  useEffect(() => {
    const onMove = () => setPlace(location.pathname + location.search);
    addEventListener('popstate', onMove);
    document.addEventListener('click', followLink);
    return () => {
      removeEventListener('popstate', onMove);
      document.removeEventListener('click', followLink);
    };
  }, []);
  const admin = ADMIN.find(({ path }) => path === location.pathname);
  useEffect(() => {
    document.title = admin ? `${t(admin.title)} · ${t('name')}` : t('name');
  });
  const leave = async () => {
    try {
      await signOut();
      setSession(await readSession());
    } catch (failure) {
      setError(failure);
    }
  };
  const switchLanguage = () => {
    speakEnglish(!isEnglish());
    redraw((count) => count + 1);
  };
  const switchColours = () => {
    const theme = dark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    remember('dayi.theme', theme);
    redraw((count) => count + 1);
  };
  return html`
    <a class="skip" href="#main">${t('skip')}</a>
    <header class="top">
      <a class="brand" href="/"><img src="/page/icon.svg" alt="" width="28" height="28" />${t('name')}</a>
      ${
        admin &&
        html`<nav aria-label=${t('nav')}>
          ${ADMIN.map((page) => html`<a key=${page.path} href=${page.path} aria-current=${page === admin ? 'page' : undefined}>${t(page.title)}</a>`)}
        </nav>`
      }
      <div class="switches">
        ${!admin && html`<a class="icon-button" href="/admin/entries">${t(session && !may(session, 'edit') ? 'session.in' : 'nav')}</a>`}
        ${session?.csrf && html`<button class="icon-button" title=${session.actor} onClick=${leave}>${t('session.out')}</button>`}
        <button class="icon-button" aria-label=${t('language.switch')} onClick=${switchLanguage}>${isEnglish() ? '中' : 'EN'}</button>
        <button class="icon-button" aria-label=${t(dark() ? 'theme.light' : 'theme.dark')} onClick=${switchColours}>
          <${Icon} name=${dark() ? 'sun' : 'moon'} />
        </button>
      </div>
    </header>
    ${error && html`<main id="main" class="admin"><${Failure} error=${error} retry=${() => location.reload()} /></main>`}
    ${!error && session && html`<${Shown} session=${session} setSession=${setSession} place=${place} admin=${admin} />`}
  `;
}

/**
 * The page that the address names, or the way to be let in.
 * @param {{ session: import('./session.js').Session, setSession: (session: import('./session.js').Session) => void, place: string, admin?: typeof ADMIN[number] }} properties
 */
function Shown({ session, setSession, place, admin }) {
  if (!may(session, admin ? 'edit' : 'ask')) {
    return html`<${SignIn} lacking=${session.actor !== null} onSession=${setSession} />`;
  }
  return admin ? html`<${Loaded} key=${place} page=${admin} />` : html`<${Ask} />`;
}

/** @param {{ page: typeof ADMIN[number] }} properties */
function Loaded({ page }) {
  const [Page, setPage] = useState(/** @type {any} */ (null));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  useEffect(() => {
    page.load().then((module) => setPage(() => module[page.name]), setError);
  }, []);
  if (error) return html`<main id="main"><${Failure} error=${error} retry=${() => location.reload()} /></main>`;
  return Page ? html`<${Page} />` : html`<main id="main" aria-busy="true" />`;
}

const root = document.getElementById('app');
if (root) render(html`<${App} />`, root);
