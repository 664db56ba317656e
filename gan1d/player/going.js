/** Going on from the iteration shown: under other settings, or with G held until D has come to its optimum. The host does it. */

/** @param {{now: () => number, pause: () => void}} clock the iteration shown */
function createGoing(tools, text, send, clock) {
  const words = text.going;
  const button = (id, action) => {
    const node = element('button', `tool-button ${id}`, { type: 'button', title: words[id].help, hidden: '' }, [icon(id), words[id].label]);
    node.addEventListener('click', () => {
      clock.pause();
      send(action, { iteration: clock.now() });
    });
    tools.append(node);
    return node;
  };
  const branch = button('branch', 'branch');
  const hold = button('hold', 'hold');
  const release = button('release', 'release');
  const undo = button('undo', 'undo');
  let state = null;

  function show() {
    if (!state) return;
    const barred = state.full || clock.now() < 1; // nothing lies before the first state
    if (branch.disabled !== barred) branch.disabled = hold.disabled = barred;
    if (release.disabled !== state.full) release.disabled = state.full;
  }

  return {
    show,
    setRun(run) {
      state = run.meta.going || null;
      branch.hidden = !state;
      hold.hidden = !state || state.held;
      release.hidden = !state || !state.held;
      undo.hidden = !state || state.part < 2;
      show();
    },
    /** What the last part is, in a sentence; nothing for a run of one part. */
    sentence() {
      if (!state || state.part < 2) return '';
      return fill(state.held ? words.held : words.part, { part: state.part, n: formatInteger(state.begin) }) + (state.full ? ` ${words.full}` : '');
    },
  };
}
