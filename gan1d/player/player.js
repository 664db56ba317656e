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
        ...(values.best ? [item('d_star', values.best.name, values.best.value)] : []),
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
  const caption = element('span', '');
  const description = createDescription(text);
  const captionBox = element('p', 'caption', {}, [diverged, caption]);
  const action = element('button', 'action', { type: 'button', hidden: '' });
  action.addEventListener('click', () => send(run.meta.action.id, run.meta.action));
  const transport = element('div', 'transport');
  const outcomeKind = element('b', '');
  const outcomeWhy = element('span', '');
  const outcome = element('p', 'outcome', {}, [`${text.outcome} `, outcomeKind, outcomeWhy]);
  const curvesBox = element('section', 'curves', { 'aria-label': text.curves });
  const mapping = createMapping();
  const main = element('div', 'main', {}, [axisNames, pictureBox, mapping.arrows]);
  const stage = element('div', 'stage', {}, [main, mapping.curve]);
  const side = element('div', 'side');
  const modes = element('div', 'modes');
  const deck = element('div', 'deck', {}, [modes]); // everything else that can be done, in one row where there is room
  const below = element('div', 'below', {}, [captionBox, action]);
  // The side stands below the picture, or, where there is room, beside it and all that follows here.
  const desk = element('div', 'desk', {}, [stage, side, description.root, below, transport, deck, outcome]);
  root.classList.add('gan1d-player');
  root.setAttribute('role', 'region');
  root.setAttribute('aria-label', text.player);
  root.replaceChildren(
    element('div', 'top', {}, [counter.root, readout.root]), desk, curvesBox,
  );

  const sizing = createSizing(root, view);
  const { observe } = sizing;

  const playback = createPlayback({ onFrame: show, onState: sync }, view);
  const picture = createPicture(pictureBox, readout, text, view);
  const tip = createTip(main);
  const row = createLayerRow(picture.layers, view, { onPin: (pinned) => picture.pin(pinned ? run : null) });
  desk.before(row.root);
  picture.follow(mapping.draw);
  picture.onPoint = (name) => {
    const layer = name && picture.layers.find(name.layer);
    if (!layer) tip.hide(tip.owner);
    else if (tip.owner !== layer.id) {
      const { left, top } = picture.geometry();
      tip.show(layer.id, layer.help, left + name.box.left, pictureBox.offsetTop + top + name.box.top + name.box.height + 4);
    }
  };
  const showMap = () => {
    stage.dataset.map = String(view.get('map') === true);
    mapping.show(view.get('map') === true);
  };
  view.on('map', showMap);
  view.on('size', () => {
    root.dataset.size = view.get('size') || 'normal';
    sizing.again();
  });
  const controls = createControls(transport, text, playback);
  const equations = createEquations(side, text, view);
  const ensemble = createEnsemble(text, send);
  outcome.after(ensemble.root);
  const steps = createSteps(side, text, view, {
    ask: (iteration) => send('steps', { iteration }),
    frame: () => playback.frame,
    pause: playback.pause,
    show(source, index) {
      const iteration = source.iteration[index];
      const frame = frameAt(run, iteration);
      playback.place(frame);
      picture.draw(index, false, source);
      tell(frame, iteration);
    },
    leave: () => show(playback.frame),
    highlight: equations.highlight,
  });
  const toggles = {
    steps: createModeToggle(view, 'steps', text.steps.toggle, text.steps.toggle_help),
    equations: createModeToggle(view, 'equations', text.equations.toggle, text.equations.toggle_help),
  };
  const host = createHostTools(root, pictureBox, picture, text, view, send, {
    now: () => Number(root.dataset.iteration), playing: () => playback.playing, pause: playback.pause,
  });
  deck.append(host.bar);
  const keys = createKeys(text);
  modes.append(toggles.steps, toggles.equations, ensemble.button, keys.root);
  function showSide() {
    equations.show(playback.frame);
    side.hidden = !steps.isOn && !equations.isOn;
    desk.dataset.side = String(!side.hidden);
  }
  // The turn that is taken is marked among the equations.
  view.on('steps', () => steps.isOn && view.set('equations', true));
  view.on('steps', showSide);
  view.on('equations', showSide);
  const attention = createHighlight(root);
  const seeking = { onSeek: playback.seek, onHold: playback.hold, onStep: playback.step };
  const curves = createCurves(curvesBox, text, seeking, observe, view, pictureBox);

  /** Everything of a frame but the picture. */
  function tell(frame, iteration = run.iteration[frame]) {
    counter.show(iteration);
    setText(caption, captionAt(run.meta.captions, frame));
    controls.show(frame, fill(text.iteration_of, { n: formatInteger(iteration), total: formatInteger(run.iteration[run.meta.frames - 1]) }));
    curves.show(frame);
    equations.show(frame);
    description.tell(run, frame, caption.textContent, playback.playing);
    root.dataset.frame = String(frame);
    root.dataset.iteration = String(iteration);
    host.show();
  }

  function show(frame) {
    picture.draw(frame, playback.playing);
    tell(frame);
    steps.forget();
  }

  function sync() {
    controls.sync();
    root.dataset.playing = String(playback.playing);
    root.dataset.direction = String(playback.direction);
    host.show();
    description.tell(run, playback.frame, caption.textContent, playback.playing);
  }

  function retheme() {
    const theme = readTheme(root);
    picture.retheme(theme);
    mapping.retheme(theme);
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
    mapping.setRun(run);
    picture.setRun(run, playback.frame);
    row.setRun(run);
    equations.setRun(run);
    ensemble.setRun(run);
    attention.setRun(run);
    tell(playback.frame);
    host.setRun(run);
    steps.setRun(run, arrays);
    toggles.steps.hidden = !run.meta.steps;
    keys.setRun(run);
    toggles.equations.hidden = !run.meta.equations;
    showSide();
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
      r: () => playback.toggleTowards(-1),
      ArrowLeft: () => (event.shiftKey ? controls.jump(-1) : playback.step(-1)),
      ArrowRight: () => (event.shiftKey ? controls.jump(1) : playback.step(1)),
      Home: () => playback.seek(0),
      End: () => playback.seek(last),
    };
    if (steps.isOn) Object.assign(actions, { d: () => steps.press('d'), g: () => steps.press('g'), b: () => steps.press('both'), Backspace: () => steps.press('back') });
    const action = actions[key.length === 1 ? key.toLowerCase() : key];
    if (!action) return;
    event.preventDefault();
    action();
  }
  const keyEvents = ['keydown', 'keypress', 'keyup'];
  keyEvents.forEach((type) => root.addEventListener(type, onKey));

  const sight = new IntersectionObserver((entries) => playback.setVisible(entries[entries.length - 1].isIntersecting));
  const stopWatching = watchTheme(retheme);
  let alive = true;

  // A link that says where the run stood opens it there, standing.
  const stood = view.get('iteration');
  retheme();
  load(stood === undefined ? 0 : frameAt(run, stood));
  sync();
  observe(pictureBox, picture.resize);
  mapping.observeBy(observe);
  showMap();
  root.dataset.size = view.get('size') || 'normal';
  sight.observe(root);
  document.fonts.ready.then(() => alive && retheme());
  if (stood === undefined && !matchMedia('(prefers-reduced-motion: reduce)').matches && !steps.isOn) playback.play();

  return {
    update(next) {
      const iteration = run.iteration[playback.frame];
      run = readRun(next.meta, next.arrays);
      arrays = next.arrays;
      retheme();
      load(frameAt(run, iteration));
    },
    /** How the run is looked at, for a player that takes this one's place; one that plays begins anew. */
    look: () => ({ ...view.all(), iteration: playback.playing ? undefined : Number(root.dataset.iteration) }),
    destroy() {
      alive = false;
      playback.destroy();
      sizing.disconnect();
      sight.disconnect();
      stopWatching();
      keyEvents.forEach((type) => root.removeEventListener(type, onKey));
      host.destroy();
      picture.destroy();
      description.destroy();
      curves.destroy();
      root.replaceChildren();
    },
  };
}
