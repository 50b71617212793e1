// Moving between the pages of this site without loading them anew.

/** Goes to a page. @param {string} path */
export function go(path) {
  history.pushState(null, '', path);
  dispatchEvent(new PopStateEvent('popstate'));
  scrollTo(0, 0);
}

/** A parameter of the address. @param {string} name */
export function parameter(name) {
  return new URLSearchParams(location.search).get(name);
}
