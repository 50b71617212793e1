// The frame around every page: which page is shown, the way to the others, language and colours.

import { Ask } from './ask.js';
import { remember } from './device.js';
import { isEnglish, speakEnglish, t } from './i18n.js';
import { Failure, Icon } from './parts.js';
import { html, render, useEffect, useState } from './vendor/preact-htm.js';

/**
 * The pages for editors, loaded when they are opened.
 * @type {{ path: string, title: import('./i18n.js').Key, load: () => Promise<Record<string, any>>, name: string }[]}
 */
const ADMIN = [];

function dark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

/** Goes to a page of this site without loading it anew. @param {string} path */
export function go(path) {
  history.pushState(null, '', path);
  dispatchEvent(new PopStateEvent('popstate'));
  scrollTo(0, 0);
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
  const [path, setPath] = useState(location.pathname);
  const [, redraw] = useState(0);
  useEffect(() => {
    const onMove = () => setPath(location.pathname);
    addEventListener('popstate', onMove);
    document.addEventListener('click', followLink);
    return () => {
      removeEventListener('popstate', onMove);
      document.removeEventListener('click', followLink);
    };
  }, []);
  const admin = ADMIN.find((page) => page.path === path);
  useEffect(() => {
    document.title = admin ? `${t(admin.title)} · ${t('name')}` : t('name');
  });
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
        ADMIN.length > 0 &&
        html`<nav aria-label=${t('nav')}>
          ${ADMIN.map((page) => html`<a href=${page.path} aria-current=${page === admin ? 'page' : undefined}>${t(page.title)}</a>`)}
        </nav>`
      }
      <div class="switches">
        <button class="icon-button" aria-label=${t('language.switch')} onClick=${switchLanguage}>${isEnglish() ? '中' : 'EN'}</button>
        <button class="icon-button" aria-label=${t(dark() ? 'theme.light' : 'theme.dark')} onClick=${switchColours}>
          <${Icon} name=${dark() ? 'sun' : 'moon'} />
        </button>
      </div>
    </header>
    ${admin ? html`<${Loaded} key=${admin.path} page=${admin} />` : html`<${Ask} />`}
  `;
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
