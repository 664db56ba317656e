/** The equations beside the picture, every symbol explained where it is pointed at, and the one at work marked. */

/** A piece of MathML as an element. */
function mathElement(markup, display = true) {
  const box = element('span', 'piece');
  box.innerHTML = `<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline" displaystyle="${display}">${markup}</math>`;
  box.setAttribute('aria-hidden', 'true'); // it is said in words
  return box;
}

/**
 * @param {HTMLElement} parent
 * @param {Object} view `equations`: whether they are shown
 */
function createEquations(parent, text, view) {
  const words = text.equations;
  const rows = element('div', 'rows');
  const meaning = element('p', 'meaning-line');
  const symbols = element('div', 'symbols', { role: 'group', 'aria-label': words.symbols });
  const notes = element('div', 'notes');
  const root = element('section', 'equations', { 'aria-label': words.title, hidden: '' }, [rows, meaning, symbols, notes]);
  parent.append(root);

  let run = null;
  let shown = null; // the set of equations that the panel has
  let pinned = null; // the symbol that was pressed
  let marked = [];

  function explain(name) {
    const found = shown && shown.symbols.find((symbol) => symbol.name === name);
    setText(meaning, found ? found.meaning : words.hint);
    meaning.classList.toggle('empty', !found);
    for (const node of root.querySelectorAll('[data-symbol]')) node.classList.toggle('lit', Boolean(found) && node.dataset.symbol === name);
    for (const node of symbols.children) node.setAttribute('aria-pressed', String(node.dataset.symbol === pinned));
  }

  const symbolAt = (event) => {
    const node = event.target.closest('[data-symbol]');
    return node && node.dataset.symbol;
  };
  root.addEventListener('pointerover', (event) => explain(symbolAt(event) || pinned));
  root.addEventListener('pointerleave', () => explain(pinned));
  root.addEventListener('focusin', (event) => event.target.matches(':focus-visible') && explain(symbolAt(event) || pinned));
  root.addEventListener('focusout', () => explain(pinned));
  root.addEventListener('click', (event) => {
    const name = symbolAt(event);
    if (!name) return;
    pinned = pinned === name ? null : name;
    explain(name);
  });

  function mark() {
    for (const row of rows.children) {
      const now = marked.includes(row.dataset.row);
      row.classList.toggle('now', now);
      if (now) row.setAttribute('aria-current', 'step');
      else row.removeAttribute('aria-current');
    }
  }

  function build() {
    rows.replaceChildren(...shown.rows.map(({ id, title, pieces, said }) => element('div', 'equation', { 'data-row': id }, [
      element('span', 'name', {}, [title]),
      element('div', 'formula', { role: 'math', 'aria-label': said }, pieces.map(mathElement)),
    ])));
    if (shown.numbers.length) {
      const said = shown.numbers.map((number) => number.said).join(', ');
      rows.append(element('div', 'equation numbers', {}, [
        element('span', 'name', {}, [words.numbers]),
        element('div', 'formula', { role: 'math', 'aria-label': said }, shown.numbers.map((number) => mathElement(number.math))),
      ]));
    }
    symbols.replaceChildren(...shown.symbols.map(({ name, math, said, meaning: means }) => element('button', 'symbol', {
      type: 'button', 'data-symbol': name, 'aria-label': `${said}: ${means}`, 'aria-pressed': 'false',
    }, [mathElement(math, false)])));
    notes.replaceChildren(...shown.notes.map((note) => element('p', '', {}, [note])));
    pinned = shown.symbols.some((symbol) => symbol.name === pinned) ? pinned : null;
    explain(pinned);
    mark();
  }

  const isOn = () => view.get('equations') === true && Boolean(run && run.meta.equations);
  /** Those of the part that a frame belongs to; built only while they are seen. */
  function show(frame) {
    root.hidden = !isOn();
    if (root.hidden) return;
    const { sets, parts } = run.meta.equations;
    const next = sets[parts[run.part(frame)]];
    if (next === shown) return;
    shown = next;
    build();
  }

  return {
    show,
    get isOn() { return isOn(); },
    setRun(next) {
      const same = run && JSON.stringify(run.meta.equations) === JSON.stringify(next.meta.equations);
      run = same ? { ...next, meta: { ...next.meta, equations: run.meta.equations } } : next;
    },
    /** @param {string[]} ids of the rows that are at work */
    highlight(ids) {
      marked = ids;
      mark();
    },
  };
}
