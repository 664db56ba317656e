/** Which layers of the picture are on, and the row of buttons that turns them on and off. */

const TOUCHED = 4000; // ms for which a finger's touch shows what something means

/** The layers of a run that are on: the view's list, or without one what is plain. Layers that this run has not are kept in the list. */
function createLayers(view) {
  let all = [];
  let on = new Set();
  const plain = () => all.filter((layer) => layer.on).map((layer) => layer.id);
  const read = () => {
    const wanted = view.get('layers');
    on = new Set(Array.isArray(wanted) ? wanted : plain()); // a link may carry anything
  };
  view.on('layers', read);
  return {
    setRun(run) {
      all = run.meta.layers.all;
      read();
    },
    get all() { return all; },
    isOn: (id) => on.has(id) && all.some((layer) => layer.id === id),
    toggle(id) {
      const next = on.has(id) ? [...on].filter((other) => other !== id) : [...on, id];
      const usual = plain();
      const same = next.length === usual.length && next.every((other) => usual.includes(other));
      view.set('layers', same ? undefined : next);
    },
    /** The words of a layer. */
    find: (id) => all.find((layer) => layer.id === id) || null,
  };
}

/** One small panel that says what something means, shown beside what is pointed at. */
function createTip(parent) {
  const root = element('div', 'tip layer-tip', { 'aria-hidden': 'true' });
  parent.append(root);
  let owner = null;
  return {
    get owner() { return owner; },
    /** @param {any} by whoever shows it; `left` and `top` in px of the parent */
    show(by, words, left, top) {
      owner = by;
      setText(root, words);
      root.style.setProperty('--left', `${Math.max(0, left).toFixed(0)}px`);
      root.style.setProperty('--top', `${top.toFixed(0)}px`);
      root.classList.add('shown');
    },
    /** Hides it if it still is that one's. */
    hide(by) {
      if (owner !== by) return;
      owner = null;
      root.classList.remove('shown');
    },
  };
}

/**
 * The row: a button for each layer, then for the map, the ghost and the size. Pointing at one, or coming to it by key, says what it means.
 * @param {{isOn: Function, toggle: Function, all: Object[]}} layers
 * @param {{onPin: (pinned: boolean) => void}} listeners
 */
function createLayerRow(layers, view, { onPin }) {
  const buttons = element('div', 'layers', { role: 'group' });
  const root = element('div', 'layer-bar', {}, [buttons]);
  const tip = createTip(root);
  let chips = [];
  let shape = '';
  let pinned = false;

  /** A button that is on or off. */
  function chip(id, label, help, isOn, press) {
    const meaning = element('span', 'unseen', { id: `layer-${id}` }, [help]);
    const swatch = element('i', 'swatch', { 'aria-hidden': 'true' });
    const root = element('button', `chip ${id}`, { type: 'button', 'data-layer': id, 'aria-describedby': meaning.id }, [swatch, label]);
    const point = () => tip.show(id, help, root.offsetLeft - buttons.scrollLeft, root.offsetTop + root.offsetHeight + 6);
    root.addEventListener('click', (event) => {
      press();
      // Who has pressed with a mouse wants to see the picture.
      if (event.pointerType === 'mouse') tip.hide(id);
    });
    root.addEventListener('pointerenter', (event) => {
      point();
      if (event.pointerType === 'touch') setTimeout(() => tip.hide(id), TOUCHED);
    });
    root.addEventListener('pointerleave', (event) => event.pointerType !== 'touch' && tip.hide(id));
    root.addEventListener('focus', () => root.matches(':focus-visible') && point());
    root.addEventListener('blur', () => tip.hide(id));
    root.addEventListener('keydown', (event) => event.key === 'Escape' && tip.hide(id));
    return { root, meaning, sync: () => root.setAttribute('aria-pressed', String(isOn())) };
  }

  function build(words) {
    const on = (name, value) => () => view.set(name, view.get(name) === value ? undefined : value);
    chips = [
      ...layers.all.map(({ id, label, help }) => chip(id, label, help, () => layers.isOn(id), () => layers.toggle(id))),
      chip('map', words.map, words.map_help, () => view.get('map') === true, on('map', true)),
      chip('pin', words.pin, words.pin_help, () => pinned, () => {
        pinned = !pinned;
        onPin(pinned);
        sync();
      }),
      chip('projector', words.projector, words.projector_help, () => view.get('size') === 'projector', on('size', 'projector')),
    ];
    buttons.setAttribute('aria-label', words.row);
    const focused = buttons.querySelector(':focus');
    const id = focused && focused.dataset.layer;
    buttons.replaceChildren(...chips.flatMap((each) => [each.root, each.meaning]));
    const again = id && chips.find((each) => each.root.dataset.layer === id);
    if (again) again.root.focus({ preventScroll: true });
  }

  function sync() {
    chips.forEach((each) => each.sync());
  }

  for (const name of ['layers', 'map', 'size']) view.on(name, sync);
  buttons.addEventListener('scroll', () => tip.hide(tip.owner), { passive: true });

  return {
    root,
    setRun(run) {
      const { all, words } = run.meta.layers;
      const wanted = JSON.stringify(all);
      if (wanted !== shape) {
        shape = wanted;
        build(words);
      }
      sync();
    },
  };
}
