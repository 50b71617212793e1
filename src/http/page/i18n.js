// Texts in the language that was chosen. `zh.js` has every key; `en.js` is checked to have the same.

import { en } from './en.js';
import { recall, remember } from './device.js';
import { zh } from './zh.js';

/** @typedef {keyof typeof zh} Key */

let english = recall('dayi.language') === 'en';

/** Whether texts are English. */
export function isEnglish() {
  return english;
}

/** @param {boolean} yes */
export function speakEnglish(yes) {
  english = yes;
  remember('dayi.language', yes ? 'en' : 'zh');
  document.documentElement.lang = yes ? 'en' : 'zh-CN';
}

/**
 * Whether there is a text of this name: the service may know kinds of things that the page does not.
 * @param {string} key
 * @returns {key is Key}
 */
export function isKey(key) {
  return Object.hasOwn(zh, key);
}

/**
 * The text of `key` with its `{names}` filled in.
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = (english ? en : zh)[key];
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** A share as `87 %` or `87%`. @param {number} share */
export function percent(share) {
  return new Intl.NumberFormat(english ? 'en' : 'zh-CN', { style: 'percent' }).format(share);
}

/** @param {number} number @param {number} [digits] */
export function decimal(number, digits = 0) {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(english ? 'en' : 'zh-CN', options).format(number);
}

/** A day, in the words of the language. @param {string} timestamp */
export function day(timestamp) {
  return new Date(timestamp).toLocaleDateString(english ? 'en' : 'zh-CN');
}

/** A moment. @param {string} timestamp */
export function moment(timestamp) {
  return new Date(timestamp).toLocaleString(english ? 'en' : 'zh-CN', { dateStyle: 'medium', timeStyle: 'short' });
}
