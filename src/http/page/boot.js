// Sets language and colours before anything is painted, so that nothing flashes. The only classic script.
(() => {
  /** @param {string} key */
  const stored = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // The browser keeps nothing for this site.
    }
  };
  const theme = stored('dayi.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  document.documentElement.lang = stored('dayi.language') === 'en' ? 'en' : 'zh-CN';
})();
