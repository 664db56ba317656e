/** Two to four runs in lock-step: their pictures side by side on one clock, their curves on one another. */

const RUN_DASHES = { run0: [], run1: [8, 4], run2: [2, 3], run3: [10, 3, 2, 3] };
const MOST_TICKS = 700; // of the common timeline: more than a screen shows in a run's duration

/**
 * The iterations that all runs are shown at: as fine as the finest recording, to the end of the longest run.
 * @param {Run[]} runs
 * @returns {Float32Array}
 */
function commonTimeline(runs) {
  const last = Math.max(...runs.map((run) => run.iteration[run.iteration.length - 1]));
  const finest = Math.min(...runs.map((run) => (run.iteration.length > 1 ? run.iteration[1] - run.iteration[0] : last)));
  const stride = Math.max(1, finest) * Math.max(1, Math.ceil(last / Math.max(1, finest) / MOST_TICKS));
  const ticks = new Float32Array(Math.ceil(last / stride) + 1);
  for (let k = 0; k < ticks.length; k++) ticks[k] = Math.min(last, k * stride);
  return ticks;
}

/** The runs as one that the transport bar and the charts can follow: a frame is a tick of the common timeline. */
function readComparison(meta, arrays) {
  const runs = meta.runs.map((own, index) => {
    const prefix = `${index}_`;
    const names = Object.keys(arrays).filter((name) => name.startsWith(prefix));
    return readRun({ ...own, text: meta.text }, Object.fromEntries(names.map((name) => [name.slice(prefix.length), arrays[name]])));
  });
  const iteration = commonTimeline(runs);
  // A shorter run rests at its end.
  const frames = runs.map((run) => Uint16Array.from(iteration, (tick) => frameAt(run, tick)));
  const ends = runs.map((run) => run.iteration[run.iteration.length - 1]);
  const cache = new Map();
  /** A run's curve, "INDEX:KEY", at every tick; nothing is drawn after its end. Undefined where there is none. */
  function series(key) {
    const [, index, name] = key.match(/^(\d):(.+)$/) || [];
    const values = index && runs[index].series(name);
    if (values && !cache.has(key)) {
      cache.set(key, Float32Array.from(iteration, (tick, at) => (tick > ends[index] ? NaN : values[frames[index][at]])));
    }
    return cache.get(key);
  }
  const events = runs.flatMap((run, index) => (run.meta.events || []).map(([frame, kind, sentence]) => (
    [frameAt({ iteration }, run.iteration[frame]), kind, fill(meta.text.compare.event, { name: meta.names[index], what: sentence })]
  ))).sort((a, b) => a[0] - b[0]);
  return {
    meta: { ...meta, frames: iteration.length, status: 'ok', diverged_at: null, parts: [0], events },
    iteration,
    series,
    part: () => 0,
    runs,
    frames,
    ends,
  };
}

/** One run: its name, its picture and what is said of it. */
function createColumn(index, text, view) {
  const own = element('span', 'own');
  const name = element('h3', 'run-name', {}, [element('span', `entry run${index}`, {}, [element('span', 'line'), element('b', 'letter')]), own]);
  const readout = createReadout(text);
  const box = element('div', 'picture', { tabindex: '0', role: 'group' });
  const axisName = element('span', 'axis-name right');
  const axisNames = element('div', 'axis-names', { 'aria-hidden': 'true' }, [element('span', 'axis-name', {}, [text.density_axis]), axisName]);
  const alarm = element('span', 'diverged', { hidden: '' });
  const caption = element('span', '');
  const outcomeKind = element('b', '');
  const root = element('section', 'column', {}, [
    name, axisNames, box, readout.root, element('p', 'caption', {}, [alarm, caption]), element('p', 'outcome', {}, [`${text.outcome} `, outcomeKind]),
  ]);
  const picture = createPicture(box, readout, text, view);
  let run = null;
  let end = 0;
  return {
    root,
    box,
    retheme(theme) {
      name.querySelector('.line').replaceChildren(swatch(strokeOf(`run${index}`, index, theme)));
      picture.retheme(theme);
    },
    resize: picture.resize,
    destroy: picture.destroy,
    setRun(next, letter, label, frame) {
      run = next;
      end = run.iteration[run.iteration.length - 1];
      const spoken = fill(label ? text.compare.run_with : text.compare.run, { name: letter, label });
      root.setAttribute('aria-label', spoken);
      box.setAttribute('aria-label', `${spoken}. ${text.picture}`);
      setText(name.querySelector('.letter'), letter);
      setText(own, label);
      setText(axisName, run.meta.d_axis);
      setText(outcomeKind, run.meta.outcome.kind);
      const at = run.meta.status === 'diverged' ? run.meta.diverged_at : null;
      alarm.hidden = at === null;
      setText(alarm, at === null ? '' : fill(text.diverged, { n: formatInteger(at) }));
      picture.setRun(run, frame);
    },
    show(frame, iteration, moving) {
      picture.draw(frame, moving);
      this.tell(frame, iteration);
    },
    tell(frame, iteration) {
      setText(caption, iteration > end ? fill(text.compare.rests, { n: formatInteger(end) }) : captionAt(run.meta.captions, frame));
      root.dataset.frame = String(frame);
    },
  };
}

/**
 * @param {HTMLElement} root an element of its own
 * @param {{meta: Object, arrays: Object<string, Float32Array>}} first as gan1d/render/compare.py makes them
 * @returns {{update: (next: {meta: Object, arrays: Object<string, Float32Array>}) => void, destroy: () => void}}
 */
function createComparison(root, { meta, arrays }) {
  const text = meta.text;
  const view = createView(meta.view || {});
  let all = readComparison(meta, arrays);
  let columns = [];

  const counter = createCounter(text);
  const headline = element('p', 'headline', { 'aria-live': 'polite' });
  const columnsBox = element('div', 'columns');
  const transport = element('div', 'transport');
  const curvesBox = element('section', 'curves', { 'aria-label': text.curves });
  root.classList.add('gan1d-player', 'gan1d-comparison');
  root.setAttribute('role', 'region');
  root.setAttribute('aria-label', text.compare.player);
  root.replaceChildren(element('div', 'top', {}, [counter.root, headline]), columnsBox, transport, curvesBox);

  const sizing = createSizing(root, view);
  const { observe } = sizing;

  const playback = createPlayback({ onFrame: show, onState: sync }, view);
  const controls = createControls(transport, text, playback);
  const curves = createCurves(curvesBox, text, { onSeek: playback.seek, onHold: playback.hold, onStep: playback.step }, observe, view);

  /** Everything of a tick but the pictures. */
  function tell(tick) {
    const iteration = all.iteration[tick];
    counter.show(iteration);
    controls.show(tick, fill(text.iteration_of, { n: formatInteger(iteration), total: formatInteger(all.iteration[all.meta.frames - 1]) }));
    curves.show(tick);
    root.dataset.frame = String(tick);
    root.dataset.iteration = String(iteration);
  }

  function show(tick) {
    columns.forEach((column, index) => column.show(all.frames[index][tick], all.iteration[tick], playback.playing));
    tell(tick);
  }

  function sync() {
    controls.sync();
    root.dataset.playing = String(playback.playing);
  }

  function retheme() {
    const theme = readTheme(root);
    const style = getComputedStyle(root);
    theme.dashes = RUN_DASHES;
    Object.keys(RUN_DASHES).forEach((role) => { theme[role] = style.getPropertyValue(`--player-${role}`).trim(); });
    theme.dashes = RUN_DASHES;
    columns.forEach((column) => column.retheme(theme));
    curves.retheme(theme);
  }

  /** As many columns as runs; those that are there stay. */
  function arrange() {
    columns.splice(all.runs.length).forEach((column) => {
      column.destroy();
      column.root.remove();
    });
    const added = [];
    while (columns.length < all.runs.length) {
      const column = createColumn(columns.length, text, view);
      columns.push(column);
      added.push(column);
      columnsBox.append(column.root);
    }
    columnsBox.dataset.count = String(columns.length);
    return added;
  }

  function load(tick) {
    playback.load(all.meta.frames, all.meta.duration, tick);
    root.dataset.run = all.meta.run;
    root.dataset.frames = String(all.meta.frames);
    counter.setTotal(all.iteration[all.meta.frames - 1]);
    setText(headline, all.meta.headline);
    const added = arrange();
    retheme();
    controls.setRun(all);
    curves.setRun(all);
    columns.forEach((column, index) => {
      const frame = all.frames[index][playback.frame];
      column.setRun(all.runs[index], all.meta.names[index], all.meta.labels[index], frame);
      column.tell(frame, all.iteration[playback.frame]);
    });
    added.forEach((column) => observe(column.box, column.resize));
    tell(playback.frame);
  }

  function onKey(event) {
    const { key, target } = event;
    if (key === 'Tab' || event.ctrlKey || event.metaKey || event.altKey) return;
    // The host's hotkeys must not hear what is typed into the player.
    event.stopPropagation();
    if (event.type !== 'keydown' || target.tagName === 'SELECT') return;
    const actions = {
      ' ': target.tagName === 'BUTTON' ? null : playback.toggle,
      ArrowLeft: () => playback.step(-1),
      ArrowRight: () => playback.step(1),
      Home: () => playback.seek(0),
      End: () => playback.seek(all.meta.frames - 1),
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

  load(0);
  sync();
  sight.observe(root);
  document.fonts.ready.then(() => alive && retheme());
  if (!matchMedia('(prefers-reduced-motion: reduce)').matches) playback.play();

  return {
    update(next) {
      const iteration = all.iteration[playback.frame];
      all = readComparison(next.meta, next.arrays);
      load(frameAt(all, iteration));
    },
    destroy() {
      alive = false;
      playback.destroy();
      sizing.disconnect();
      sight.disconnect();
      stopWatching();
      keyEvents.forEach((type) => root.removeEventListener(type, onKey));
      columns.forEach((column) => column.destroy());
      curves.destroy();
      root.replaceChildren();
    },
  };
}
