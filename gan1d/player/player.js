/** The player: a clock, a picture, its small charts and its controls, in one element. Knows nothing of its host. */

/** The iteration counter. */
function createCounter(text) {
  const number = element('strong', '');
  const total = document.createTextNode('');
  const parts = text.iteration_of.split(/(\{n\}|\{total\})/).map((part) => (part === '{n}' ? number : part === '{total}' ? total : part));
  const root = element('div', 'counter', {}, parts);
  return {
    root,
    setTotal(value) {
      total.data = formatInteger(value);
    },
    show: (value) => setText(number, formatInteger(value)),
  };
}

/** The exact values under the pointer; a hint while there is none. */
function createReadout(text) {
  const hint = matchMedia('(hover: none)').matches ? text.hint_touch : text.hint;
  const root = element('div', 'readout', { 'data-live': 'false' });
  const item = (className, name, value, unit) => element('span', className, {}, [`${name}\u00a0`, element('b', '', {}, [value]), unit ? ` ${unit}` : '']);
  root.textContent = hint;
  return {
    root,
    show(values) {
      root.dataset.live = String(values !== null);
      root.replaceChildren(...(values === null ? [hint] : [
        item('x', text.readout_x, values.x), item('real', text.real, values.real),
        item('generated', text.generated, values.generated, text.readout_unit), item('d', values.name, values.d),
      ]));
    },
  };
}

/** The sentence that holds at a frame: the last one that has begun. */
function captionAt(captions, frame) {
  let words = '';
  for (const [first, sentence] of captions) {
    if (first > frame) break;
    words = sentence;
  }
  return words;
}

/**
 * @param {HTMLElement} root an element of its own for the player
 * @param {{meta: Object, arrays: Object<string, Float32Array>}} first
 * @param {(id: string, payload?: Object) => void} [send] tells the host of what only it can do: another scenario, steps, a link
 * @returns {{update: (next: {meta: Object, arrays: Object<string, Float32Array>}) => void, destroy: () => void}}
 */
function createPlayer(root, { meta, arrays }, send = () => {}) {
  const text = meta.text;
  const view = createView(meta.view || {});
  let run = readRun(meta, arrays);

  const counter = createCounter(text);
  const readout = createReadout(text);
  const axisName = element('span', 'axis-name right');
  const axisNames = element('div', 'axis-names', { 'aria-hidden': 'true' }, [element('span', 'axis-name', {}, [text.density_axis]), axisName]);
  const pictureBox = element('div', 'picture', { tabindex: '0', role: 'group', 'aria-label': text.picture });
  const diverged = element('span', 'diverged', { hidden: '' });
  const caption = element('span', '', { 'aria-live': 'polite' });
  const captionBox = element('p', 'caption', {}, [diverged, caption]);
  const action = element('button', 'action', { type: 'button', hidden: '' });
  action.addEventListener('click', () => send(run.meta.action.id, run.meta.action));
  const transport = element('div', 'transport');
  const outcomeKind = element('b', '');
  const outcomeWhy = element('span', '');
  const outcome = element('p', 'outcome', {}, [`${text.outcome} `, outcomeKind, outcomeWhy]);
  const curvesBox = element('section', 'curves', { 'aria-label': text.curves });
  root.classList.add('gan1d-player');
  root.setAttribute('role', 'region');
  root.setAttribute('aria-label', text.player);
  root.replaceChildren(
    element('div', 'top', {}, [counter.root, readout.root]), axisNames, pictureBox,
    element('div', 'below', {}, [captionBox, action]), transport, outcome, curvesBox,
  );

  const resizers = new Map();
  const sizes = new ResizeObserver((entries) => {
    const letters = fontSizeFor(root.clientWidth);
    for (const { target, contentRect } of entries) {
      const resize = resizers.get(target);
      if (resize) resize(Math.floor(contentRect.width), Math.floor(contentRect.height), target === pictureBox ? letters : letters - 1);
    }
  });
  function observe(box, resize) {
    for (const old of resizers.keys()) {
      if (old.isConnected) continue;
      sizes.unobserve(old);
      resizers.delete(old);
    }
    resizers.set(box, resize);
    sizes.observe(box);
  }

  const playback = createPlayback({ onFrame: show, onState: sync });
  const picture = createPicture(pictureBox, readout, text);
  const controls = createControls(transport, text, playback);
  const curves = createCurves(curvesBox, text, { onSeek: playback.seek, onHold: playback.hold }, observe);

  /** Everything of a frame but the picture. */
  function tell(frame) {
    const iteration = run.iteration[frame];
    counter.show(iteration);
    setText(caption, captionAt(run.meta.captions, frame));
    controls.show(frame, fill(text.iteration_of, { n: formatInteger(iteration), total: formatInteger(run.iteration[run.meta.frames - 1]) }));
    curves.show(frame);
    root.dataset.frame = String(frame);
    root.dataset.iteration = String(iteration);
  }

  function show(frame) {
    picture.draw(frame, playback.playing);
    tell(frame);
  }

  function sync() {
    controls.sync();
    root.dataset.playing = String(playback.playing);
  }

  function retheme() {
    const theme = readTheme(root);
    picture.retheme(theme);
    curves.retheme(theme);
  }

  function load(frame) {
    playback.load(run.meta.frames, run.meta.duration, frame);
    root.dataset.run = run.meta.run;
    root.dataset.frames = String(run.meta.frames);
    counter.setTotal(run.iteration[run.meta.frames - 1]);
    axisName.textContent = run.meta.d_axis;
    const at = run.meta.status === 'diverged' ? run.meta.diverged_at : null;
    diverged.hidden = at === null;
    captionBox.classList.toggle('taller', at !== null);
    diverged.textContent = at === null ? '' : fill(text.diverged, { n: formatInteger(at) });
    setText(outcomeKind, run.meta.outcome.kind);
    setText(outcomeWhy, at === null ? `. ${run.meta.outcome.evidence}` : '.');
    const offered = run.meta.action;
    action.hidden = !offered;
    setText(action, offered ? offered.label : '');
    controls.setRun(run);
    curves.setRun(run);
    picture.setRun(run, playback.frame);
    tell(playback.frame);
  }

  function onKey(event) {
    const { key, target } = event;
    if (key === 'Tab' || event.ctrlKey || event.metaKey || event.altKey) return;
    // The host's hotkeys must not hear what is typed into the player.
    event.stopPropagation();
    if (event.type !== 'keydown' || target.tagName === 'SELECT') return;
    const last = run.meta.frames - 1;
    const actions = {
      ' ': target.tagName === 'BUTTON' ? null : playback.toggle,
      ArrowLeft: () => playback.step(-1),
      ArrowRight: () => playback.step(1),
      Home: () => playback.seek(0),
      End: () => playback.seek(last),
    };
    if (!actions[key]) return;
    event.preventDefault();
    actions[key]();
  }
  const keyEvents = ['keydown', 'keypress', 'keyup'];
  keyEvents.forEach((type) => root.addEventListener(type, onKey));

  const sight = new IntersectionObserver((entries) => playback.setVisible(entries[entries.length - 1].isIntersecting));
  const stopWatching = watchTheme(retheme);
  let alive = true;

  retheme();
  load(0);
  sync();
  observe(pictureBox, picture.resize);
  sight.observe(root);
  document.fonts.ready.then(() => alive && retheme());
  if (!matchMedia('(prefers-reduced-motion: reduce)').matches) playback.play();

  return {
    update(next) {
      const iteration = run.iteration[playback.frame];
      run = readRun(next.meta, next.arrays);
      retheme();
      load(frameAt(run, iteration));
    },
    destroy() {
      alive = false;
      playback.destroy();
      sizes.disconnect();
      sight.disconnect();
      stopWatching();
      keyEvents.forEach((type) => root.removeEventListener(type, onKey));
      picture.destroy();
      curves.destroy();
      root.replaceChildren();
    },
  };
}
