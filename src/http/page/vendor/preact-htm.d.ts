// Types of what preact-htm.js exports, from the npm package preact; only the type check reads them.
import type { VNode } from 'preact';

export { h, render, Component, createContext } from 'preact';
export {
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from 'preact/hooks';
export function html(strings: TemplateStringsArray, ...values: unknown[]): VNode;
