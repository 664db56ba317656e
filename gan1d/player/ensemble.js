/** Many seeds of the shown settings: a button that has them trained, how they end in words, and each to be opened. */

/** @param {(id: string, payload?: Object) => void} send */
function createEnsemble(text, send) {
  const said = text.ensemble;
  const button = element('button', 'chip mode seeds-start', { type: 'button', hidden: '' });
  const words = element('b', '');
  const strip = element('div', 'seeds', { role: 'group', 'aria-label': said.title });
  const root = element('div', 'ensemble', { hidden: '' }, [element('p', 'ensemble-words', { 'aria-live': 'polite' }, [`${said.heading} `, words]), strip]);
  let told = '';

  button.addEventListener('click', () => send('ensemble', {}));

  /** One stop for the tab key; the arrows go from seed to seed. */
  strip.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const all = [...strip.querySelectorAll('button')];
    const next = all[(all.indexOf(event.target) + by + all.length) % all.length];
    if (next) next.focus();
  });
  strip.addEventListener('focusin', ({ target }) => {
    strip.querySelectorAll('button').forEach((seed) => { seed.tabIndex = seed === target ? 0 : -1; });
  });

  function seedButton(seed, kind, shown) {
    const name = fill(shown ? said.shown : said.seed, { seed, kind });
    const node = element('button', 'seed', { type: 'button', title: name, 'aria-label': name, tabindex: '-1', 'data-seed': String(seed) }, [String(seed)]);
    if (shown) node.setAttribute('aria-current', 'true');
    node.addEventListener('click', () => send('open_seed', { seed }));
    return node;
  }

  function draw({ outcomes, seed: current }) {
    const focused = strip.contains(strip.getRootNode().activeElement) ? strip.getRootNode().activeElement.dataset.seed : null;
    strip.replaceChildren(...outcomes.map(({ kind, seeds }) => element('div', 'outcome-seeds', { role: 'group', 'aria-label': kind }, [
      element('span', 'outcome-kind', { 'aria-hidden': 'true' }, [kind]), element('div', 'cells', {}, seeds.map((seed) => seedButton(seed, kind, seed === current))),
    ])));
    const first = (focused !== null && strip.querySelector(`[data-seed="${focused}"]`)) || strip.querySelector('[aria-current]') || strip.querySelector('button');
    if (first) first.tabIndex = 0;
    if (first && focused !== null) first.focus({ preventScroll: true });
  }

  return {
    button,
    root,
    setRun(run) {
      const found = run.meta.ensemble;
      const done = Boolean(found) && found.state === 'done';
      button.hidden = !found || done;
      root.hidden = !done;
      if (!found) return;
      const running = found.state === 'running';
      button.disabled = running;
      setText(button, fill(running ? said.running : said.start, { count: found.count }));
      button.title = fill(said.start_help, { count: found.count });
      if (!done || JSON.stringify(found) === told) return;
      told = JSON.stringify(found);
      setText(words, found.words);
      draw(found);
    },
  };
}
