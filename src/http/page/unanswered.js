// Questions that got no good answer, grouped by meaning, and a person's decision about each: by mouse or by keyboard.

import { call, withQuery } from './api.js';
import { decimal, day, percent, t } from './i18n.js';
import { Failure } from './parts.js';
import { go } from './places.js';
import { html, useEffect, useRef, useState } from './vendor/preact-htm.js';

/** @typedef {import('./types').UnansweredGroup} Group */

const STATES = /** @type {const} */ (['open', 'accepted', 'ignored']);

export function Unanswered() {
  const [state, setState] = useState(/** @type {typeof STATES[number]} */ ('open'));
  const [page, setPage] = useState(/** @type {{ total: number, waiting: number, groups: Group[] } | null} */ (null));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const [done, setDone] = useState('');
  const load = async () => {
    try {
      setPage(await call('GET', withQuery('/v1/unanswered', { state, limit: 50 })));
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  };
  useEffect(() => {
    setPage(null);
    load();
  }, [state]);
  // Questions are grouped within seconds.
  useEffect(() => {
    if (!page?.waiting) return;
    const soon = setTimeout(load, 1500);
    return () => clearTimeout(soon);
  }, [page]);

  /** @param {Group} group @param {string} verb @param {unknown} json @param {string} told */
  const decide = async (group, verb, json, told) => {
    try {
      await call('POST', `/v1/unanswered/${group.id}/${verb}`, { json });
      setDone(told);
      await load();
    } catch (failure) {
      setError(failure);
    }
  };
  return html`<main class="admin" id="main">
    <div class="heading">
      <h1>${t('unanswered.title')}${page && html` <small>${decimal(page.total)}</small>`}</h1>
      <div class="row" role="group" aria-label=${t('entries.state')}>
        ${STATES.map((name) => html`<button class="choice" key=${name} aria-pressed=${state === name} onClick=${() => setState(name)}>${t(`unanswered.${name}`)}</button>`)}
      </div>
    </div>
    <p class="muted">${t('unanswered.keys')}</p>
    <p class="hidden" role="status">${done}</p>
    <${Failure} error=${error} retry=${load} />
    ${page?.waiting ? html`<p class="muted">${t('unanswered.waiting', { count: page.waiting })}</p>` : ''}
    ${page && page.groups.length === 0 && !page.waiting && html`<p class="empty">${t('unanswered.none')}</p>`}
    ${page && page.groups.length > 0 && html`<${Groups} groups=${page.groups} state=${state} decide=${decide} />`}
  </main>`;
}

/**
 * @param {{ groups: Group[], state: string, decide: (group: Group, verb: string, json: unknown, told: string) => void }} properties
 */
function Groups({ groups, state, decide }) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  /** Moves to another group with the arrow keys or j and k. @param {KeyboardEvent} event */
  const onKey = (event) => {
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (!target || target.matches('select, input, textarea') || event.ctrlKey || event.metaKey || event.altKey) return;
    const cards = [...(list.current?.querySelectorAll('article') ?? [])];
    const at = cards.findIndex((card) => card.contains(target));
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      /** @type {HTMLElement | undefined} */ (cards[Math.max(0, Math.min(cards.length - 1, at + step))])?.focus();
      return;
    }
    const button = cards[at]?.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (button instanceof HTMLElement) {
      event.preventDefault();
      button.click();
    }
  };
  useEffect(() => {
    list.current?.querySelector('article')?.focus();
  }, [groups]);
  return html`<div class="groups" ref=${list} onKeyDown=${onKey}>
    ${groups.map((group) => html`<${Card} key=${group.id} group=${group} state=${state} decide=${decide} />`)}
  </div>`;
}

/**
 * @param {{ group: Group, state: string, decide: (group: Group, verb: string, json: unknown, told: string) => void }} properties
 */
function Card({ group, state, decide }) {
  const [entry, setEntry] = useState(group.suggested_entry ?? group.nearest[0]?.id ?? '');
  const questions = [group.draft.question, ...group.draft.similar];
  const accept = () => decide(group, 'accept', { entry_id: entry, questions }, t('unanswered.done.accepted'));
  const create = () => {
    const parameters = new URLSearchParams(questions.map((question) => ['question', question]));
    go(`/admin/entries?new&group=${group.id}&${parameters}`);
  };
  return html`<article class="card group" tabindex="0" aria-label=${group.draft.question}>
    <header>
      <h2>${group.draft.question}</h2>
      <span class="muted">${t('unanswered.asked', { count: group.asked, day: day(group.last_asked) })}${group.came_back && ` · ${t('unanswered.back')}`}</span>
    </header>
    <ul class="examples">${group.examples.map(({ text, asked }) => html`<li key=${text}>${text}${asked > 1 && html` <small>× ${asked}</small>`}</li>`)}</ul>
    <p class="muted">${reasons(group)}</p>
    ${
      state === 'open'
        ? html`<div class="row">
            ${
              group.nearest.length > 0 &&
              html`<label class="grow"><span class="hidden">${t('unanswered.nearest')}</span>
                <select value=${entry} onChange=${(/** @type {{ target: HTMLSelectElement }} */ event) => setEntry(event.target.value)}>
                  ${group.nearest.map(({ id, question, confidence }) => html`<option key=${id} value=${id}>${question} · ${percent(confidence)}</option>`)}
                </select></label>
                <button class="primary" data-key="a" onClick=${accept}>${t('unanswered.accept')} <kbd>A</kbd></button>`
            }
            <button class="secondary" data-key="n" onClick=${create}>${t('unanswered.new')} <kbd>N</kbd></button>
            <button class="secondary" data-key="i" onClick=${() => decide(group, 'ignore', undefined, t('unanswered.done.ignored'))}>${t('unanswered.ignore')} <kbd>I</kbd></button>
          </div>`
        : html`<button class="secondary" data-key="r" onClick=${() => decide(group, 'reopen', undefined, t('unanswered.done.reopened'))}>${t('unanswered.reopen')} <kbd>R</kbd></button>`
    }
  </article>`;
}

/** @param {Group} group */
function reasons({ reasons: { no_answer, near_tie, rejected } }) {
  const told = [
    no_answer > 0 && t('unanswered.no_answer', { count: no_answer }),
    near_tie > 0 && t('unanswered.near_tie', { count: near_tie }),
    rejected > 0 && t('unanswered.rejected', { count: rejected }),
  ];
  return told.filter(Boolean).join(' · ');
}
