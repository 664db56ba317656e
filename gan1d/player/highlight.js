/** What a host asks to be looked at: a calm ring around layers, charts and blocks, by their names in `meta.highlight`. */

const BLOCKS = { caption: '.caption', outcome: '.outcome' };

/**
 * A rule of its own in a style element, not a class on each: the rows, names and charts are built anew with each run.
 * @param {HTMLElement} root the player
 */
function createHighlight(root) {
  const style = element('style', '');
  root.append(style);
  return {
    setRun(run) {
      const names = (run.meta.highlight || []).filter((name) => /^[a-z0-9_]+$/.test(name));
      const parts = names.flatMap((name) => BLOCKS[name] || [`[data-layer="${name}"]`, `[data-panel="${name}"]`]);
      setText(style, parts.length ? `.gan1d-player :is(${parts.join(', ')}) { outline: var(--ring); animation: var(--call); order: var(--turn); }` : '');
    },
  };
}
