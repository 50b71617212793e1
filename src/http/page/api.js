// The JSON API, the only thing that the page talks to. Every call that the page makes is in /openapi.json.

import { space } from './device.js';

/** A refusal or failure, in the words of the service. */
export class ApiError extends Error {
  /** @param {number} status @param {import('./types').Problem} problem */
  constructor(status, problem) {
    super(problem.detail || problem.title);
    this.status = status;
    this.problem = problem;
  }
}

/** Proves that a request comes from the page, once somebody signed in. @type {string | null} */
let proof = null;

/** @param {string | null} csrf */
export function use(csrf) {
  proof = csrf;
}

/** The page's own words for a service that does not answer. */
export const UNREACHABLE = 0;

/**
 * @typedef {object} Options
 * @property {unknown} [json] Sent as JSON.
 * @property {Blob} [file] Sent as it is.
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 */

/**
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<Response>}
 */
async function send(method, path, { json, file, headers = {}, signal } = {}) {
  /** @type {BodyInit | undefined} */
  let body = file;
  /** @type {Record<string, string>} */
  const all = { accept: 'application/json', ...headers };
  if (proof !== null && method !== 'GET') all['x-dayi-csrf'] = proof;
  const named = space();
  if (named) all['x-dayi-space'] = named;
  if (json !== undefined) {
    body = JSON.stringify(json);
    all['content-type'] ??= 'application/json';
  }
  let response;
  try {
    response = await fetch(path, { method, headers: all, body, signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(UNREACHABLE, { type: '', title: '', status: UNREACHABLE, detail: '' });
  }
  if (response.ok) return response;
  const text = await response.text();
  let problem;
  try {
    problem = JSON.parse(text);
  } catch {
    problem = { type: '', title: response.statusText, status: response.status, detail: text.slice(0, 200) };
  }
  throw new ApiError(response.status, problem);
}

/**
 * Calls the API and reads its JSON; `null` when there is none.
 * @template T
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<T>}
 */
export async function call(method, path, options) {
  const response = await send(method, path, options);
  const text = await response.text();
  return text ? JSON.parse(text) : /** @type {any} */ (null);
}

/** A path with its parameters; empty ones are left out. @param {string} path @param {Record<string, string | number | boolean | null | undefined>} values */
export function withQuery(path, values) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

/**
 * Asks a question. With `record` false it neither counts nor is it logged: it is only typed so far.
 * @param {string} query
 * @param {{ record?: boolean, topK?: number, signal?: AbortSignal }} [options]
 * @returns {Promise<import('./types').Verdict>}
 */
export function ask(query, { record = true, topK = 5, signal } = {}) {
  const json = { query, top_k: topK, explain: true, html: true, record };
  return call('POST', '/v1/match', { json, signal });
}

/** @param {import('./types').Feedback} feedback @returns {Promise<null>} */
export function sendFeedback(feedback) {
  return call('POST', '/v1/feedback', { json: feedback });
}

/** @returns {Promise<import('./types').Welcome>} */
export function welcome() {
  return call('GET', '/v1/welcome');
}
