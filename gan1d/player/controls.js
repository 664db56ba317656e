/** The transport bar: play both ways, step, scrub with marks where something happens, speed, loop, and which keys do the same. */

const EVENT_RANK = ['diverged', 'seam', 'converged', 'D wins', 'mode taken', 'mode lost']; // whose shape a mark for several has
const TOGETHER = 0.025; // share of the bar within which marks are one: they would hide one another

/** A button that is on or off with a value of the view. */
function createModeToggle(view, name, label, help) {
  const root = element('button', 'chip mode', { type: 'button', title: help, 'data-block': name }, [label]);
  const sync = () => root.setAttribute('aria-pressed', String(view.get(name) === true));
  root.addEventListener('click', () => view.set(name, view.get(name) === true ? undefined : true));
  view.on(name, sync);
  sync();
  return root;
}

/** The marks on the scrub bar: one for what happens at about the same time. A mark's shape says what kind it is. */
function createEventMarks(track, text, onSeek) {
  const list = element('div', 'events', { role: 'group', 'aria-label': text.events });
  const tip = element('div', 'tip event-tip', { 'aria-hidden': 'true' });
  track.append(list, tip);
  let frames = [];

  /** @param {{first: number, kind: string, lines: string[]}} group */
  function mark({ first, kind, lines }, last) {
    const at = String(last ? first / last : 0);
    const root = element('button', 'event', { type: 'button', 'data-kind': kind, 'aria-label': lines.join(' ') }, [icon(kind)]);
    root.style.setProperty('--at', at);
    root.addEventListener('click', () => onSeek(first));
    const show = () => {
      tip.replaceChildren(...lines.map((line) => element('p', '', {}, [line])));
      tip.style.setProperty('--at', at);
      tip.classList.add('shown');
    };
    const hide = () => tip.classList.remove('shown');
    root.addEventListener('pointerenter', show);
    root.addEventListener('pointerleave', hide);
    root.addEventListener('focus', show);
    root.addEventListener('blur', hide);
    root.addEventListener('keydown', (event) => event.key === 'Escape' && hide());
    return root;
  }

  return {
    /** Frames of the marks, in order. */
    get frames() { return frames; },
    setRun(run) {
      const last = run.meta.frames - 1;
      const groups = [];
      for (const [frame, kind, sentence] of run.meta.events || []) {
        const line = fill(text.event, { n: formatInteger(run.iteration[frame]), what: sentence });
        const group = groups[groups.length - 1];
        if (group && frame - group.first <= TOGETHER * last) {
          group.lines.push(line);
          if (EVENT_RANK.indexOf(kind) < EVENT_RANK.indexOf(group.kind)) group.kind = kind;
        } else groups.push({ first: frame, kind, lines: [line] });
      }
      frames = groups.map((group) => group.first);
      tip.classList.remove('shown');
      list.hidden = !groups.length;
      list.replaceChildren(...groups.map((group) => mark(group, last)));
    },
  };
}

/** The button that shows which keys do what: those of what there is. */
function createKeys(text) {
  const list = element('dl', '', {}, text.keys.list.flatMap(([keys, what, of = '']) => [
    element('dt', '', { 'data-of': of }, keys.map((key) => element('kbd', '', {}, [key]))), element('dd', '', { 'data-of': of }, [what]),
  ]));
  const panel = element('div', 'keys-panel', { id: 'gan1d-keys', role: 'group', tabindex: '-1', 'aria-label': text.keys.title, hidden: '' }, [list]);
  const button = element('button', 'chip mode', { type: 'button', 'aria-expanded': 'false', 'aria-controls': 'gan1d-keys' }, [text.keys.label]);
  const root = element('div', 'keys', {}, [button, panel]);
  const open = (value) => {
    panel.hidden = !value;
    button.setAttribute('aria-expanded', String(value));
  };
  button.addEventListener('click', () => open(panel.hidden));
  root.addEventListener('focusout', (event) => !root.contains(event.relatedTarget) && open(false));
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || panel.hidden) return;
    open(false);
    button.focus();
  });
  return {
    root,
    setRun(run) {
      list.querySelectorAll('[data-of="steps"]').forEach((node) => { node.hidden = !run.meta.steps; });
    },
  };
}

function createControls(parent, text, playback) {
  const button = (className, name, icons, action) => {
    const node = element('button', `tool ${className}`, { type: 'button', 'aria-label': name, title: name }, icons.map(icon));
    node.addEventListener('click', action);
    return node;
  };
  const first = button('first', text.first, ['first'], () => playback.seek(0));
  const last = button('last', text.last, ['last'], () => playback.seek(playback.last));
  const reverse = button('reverse', text.reverse, ['reverse', 'pause'], () => playback.toggleTowards(-1));
  const play = button('play', text.play, ['play', 'pause'], () => playback.toggleTowards(1));
  const back = button('back', text.step_back, ['back'], () => playback.step(-1));
  const forward = button('forward', text.step_forward, ['forward'], () => playback.step(1));
  const loop = button('loop', text.loop, ['loop'], () => playback.setLoop(!playback.loop));

  const scrub = element('input', 'scrub', { type: 'range', min: '0', step: '1', 'aria-label': text.scrub });
  const track = element('div', 'track', {}, [scrub]);
  const marks = createEventMarks(track, text, playback.seek);
  scrub.addEventListener('input', () => playback.seek(Number(scrub.value)));
  scrub.addEventListener('pointerdown', () => playback.hold(true));
  for (const end of ['pointerup', 'pointercancel', 'change', 'blur']) scrub.addEventListener(end, () => playback.hold(false));

  const speed = element('select', 'speed', { 'aria-label': text.speed, title: text.speed },
    SPEEDS.map((value) => element('option', '', { value: String(value) }, [text.speeds[String(value)]])));
  speed.addEventListener('change', () => playback.setSpeed(Number(speed.value)));

  parent.append(play, reverse, first, back, forward, last, track, speed, loop);

  return {
    setRun(run) {
      scrub.max = String(run.meta.frames - 1);
      marks.setRun(run);
    },
    show(frame, words) {
      scrub.value = String(frame);
      scrub.style.setProperty('--at', String(Number(scrub.max) ? frame / Number(scrub.max) : 0));
      scrub.setAttribute('aria-valuetext', words);
    },
    /** To the next mark, or the one before; to the end where there is none. */
    jump(towards) {
      const at = playback.frame;
      const next = towards > 0 ? marks.frames.find((frame) => frame > at) : marks.frames.findLast((frame) => frame < at);
      playback.pause();
      playback.seek(next === undefined ? (towards > 0 ? playback.last : 0) : next);
    },
    /** Playing, its direction, speed and loop as they are now. */
    sync() {
      for (const [node, direction, words] of [[play, 1, text.play], [reverse, -1, text.reverse]]) {
        const on = playback.playing && playback.direction === direction;
        const name = on ? text.pause : words;
        node.setAttribute('aria-label', name);
        node.title = name;
        node.classList.toggle('on', on);
      }
      loop.setAttribute('aria-pressed', String(playback.loop));
      speed.value = String(playback.speed);
    },
  };
}
