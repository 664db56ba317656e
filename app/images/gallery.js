/** Pictures over the training, one or two side by side, on one timeline: played, scrubbed, stepped. A whole player in a few controls. */

const SECONDS = 6; // of a whole run
const SHORTEST = 2; // seconds, of a run of a few pictures
const PER_PICTURE = 0.25; // seconds that each of them stays then

function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
}

/**
 * @param {HTMLElement} root
 * @param {Object} data {panes: [{title, alt, frames: [[step, address], …]}], last, text}
 * @param {(step: number|null) => void} tell the step that somebody has come to; null is the newest
 */
function createGallery(root, data, tell) {
  const view = createView({ loop: false });
  const play = element('button', 'play', { type: 'button' }, [icon('play'), icon('pause')]);
  const scrub = element('input', 'scrub', { type: 'range', min: '0', step: '1' });
  const counter = element('output', 'counter');
  const panes = element('div', 'panes');
  const bar = element('div', 'bar', {}, [play, scrub, counter]);
  root.replaceChildren(panes, bar);

  let steps = [];
  let shown = []; // of each pane: {figure, canvas, frames}
  let told = null;
  const pictures = createPictures(() => draw());
  const playback = createPlayback({ onFrame: draw, onState: sync }, view);

  const number = (value) => value.toLocaleString('en').replace(/,/g, ' ');
  const step = () => steps[playback.frame] ?? 0;

  /** The last picture of a pane up to a step. */
  function at(frames, wanted) {
    let found = frames[0];
    for (const frame of frames) {
      if (frame[0] > wanted) break;
      found = frame;
    }
    return found;
  }

  function draw() {
    const said = fill(data.text.counter, { step: number(step()), last: number(data.last ?? steps[steps.length - 1] ?? 0) });
    setText(counter, said);
    scrub.value = String(playback.frame);
    scrub.setAttribute('aria-valuetext', said);
    for (const pane of shown) {
      const frame = at(pane.frames, step());
      if (!frame) continue;
      const image = pictures.get(frame[1]);
      if (!image) {
        pictures.hurry(frame[1]); // what was there stays until it has come
        continue;
      }
      paint(pane.canvas, image, pane.figure.clientWidth, data.largest || undefined);
      pane.canvas.dataset.step = String(frame[0]);
      pane.canvas.setAttribute('aria-label', fill(pane.alt, { step: number(frame[0]) }));
    }
  }

  function sync() {
    root.classList.toggle('playing', playback.playing);
    const label = playback.playing ? data.text.pause : data.text.play;
    play.setAttribute('aria-label', label);
    play.title = label;
    if (!playback.playing) report();
  }

  function report() {
    const now = playback.frame === playback.last ? null : step();
    if (now === told) return;
    told = now;
    tell(now);
  }

  function build() {
    if (shown.length === data.panes.length) {
      shown.forEach((pane, k) => {
        pane.frames = data.panes[k].frames;
        pane.alt = data.panes[k].alt;
        setText(pane.caption, data.panes[k].title);
      });
      return;
    }
    shown = data.panes.map((pane) => {
      const canvas = element('canvas', '', { role: 'img', width: '1', height: '1' });
      const caption = element('figcaption', '', {}, [pane.title]);
      return { figure: element('figure', '', {}, [caption, canvas]), canvas, caption, frames: pane.frames, alt: pane.alt };
    });
    panes.replaceChildren(...shown.map((pane) => pane.figure));
  }

  function update(next) {
    const follows = !steps.length || playback.frame >= steps.length - 1;
    const stood = step();
    const another = next.run !== data.run;
    data = next;
    build();
    steps = [...new Set(data.panes.flatMap((pane) => pane.frames.map((frame) => frame[0])))].sort((a, b) => a - b);
    const seconds = Math.min(SECONDS, Math.max(SHORTEST, steps.length * PER_PICTURE));
    let stand = steps.length - 1;
    if (!follows && !another) stand = Math.max(0, steps.filter((s) => s <= stood).length - 1);
    playback.load(steps.length, seconds, playback.playing ? playback.frame : stand);
    scrub.max = String(Math.max(0, steps.length - 1));
    scrub.setAttribute('aria-label', data.text.scrub);
    bar.hidden = steps.length < 2;
    if (another) told = null;
    // What is shown first, then from the end: that is where who comes looks.
    const all = data.panes.flatMap((pane) => [...pane.frames].reverse().map((frame) => frame[1]));
    pictures.want([...shown.map((pane) => at(pane.frames, step())?.[1]).filter(Boolean), ...all]);
    sync();
    draw();
  }

  scrub.addEventListener('input', () => {
    playback.pause();
    playback.seek(Number(scrub.value));
  });
  scrub.addEventListener('change', report);
  play.addEventListener('click', () => playback.toggle());
  root.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      ' ': () => playback.toggle(),
      k: () => playback.toggle(),
      ArrowLeft: () => playback.step(-1),
      ArrowRight: () => playback.step(1),
      Home: () => playback.seek(0),
      End: () => playback.seek(steps.length - 1),
    }[event.key];
    if (!act || (event.target === play && event.key === ' ')) return;
    event.preventDefault();
    event.stopPropagation();
    act();
    if (event.key !== ' ' && event.key !== 'k') report();
  });

  const observer = new ResizeObserver(draw);
  observer.observe(panes);
  data = { ...data, run: undefined };
  return {
    update,
    destroy() {
      observer.disconnect();
      playback.destroy();
      pictures.destroy();
    },
  };
}
