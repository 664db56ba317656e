/** The clock: which recorded frame is shown, and whether time is running. Knows nothing of pictures. */

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const HOLD_AT_START = 700; // ms the first frame stays: the state before training is worth a look
const HOLD_AT_END = 1500; // ms the last frame stays before the run begins again; backwards the first one
const LONGEST_TICK = 250; // ms; a tab that was in the background goes on from where it was

/**
 * @param {{onFrame: (frame: number) => void, onState: () => void}} listeners
 *   onFrame when the frame changes, and when somebody asks for one; onState when playing, its direction, speed or loop change
 * @param {Object} view keeps speed and loop
 */
function createPlayback({ onFrame, onState }, view) {
  let last = 0; // index of the last frame
  let duration = 6; // seconds of the whole run at speed 1
  let position = 0; // in frames, fractional
  let shown = 0;
  let waited = 0; // ms spent on the first or the last frame
  let playing = false;
  let direction = 1; // -1 backwards
  let held = false; // a hand is on the scrub bar
  let visible = true;
  let request = 0;
  let before = null;

  const speed = () => (SPEEDS.includes(view.get('speed')) ? view.get('speed') : 1);
  const loop = () => view.get('loop') !== false;
  view.on('speed', onState);
  view.on('loop', onState);

  function show(asked = false) {
    const frame = Math.round(position);
    if (frame === shown && !asked) return;
    shown = frame;
    onFrame(frame);
  }

  function advance(elapsed) {
    const [first, end] = direction > 0 ? [0, last] : [last, 0];
    if (position === first && waited < HOLD_AT_START / speed()) {
      waited += elapsed;
      return;
    }
    if (position !== end) {
      position = Math.max(0, Math.min(last, position + direction * (elapsed / 1000) * speed() * (last / duration)));
      waited = 0;
      return;
    }
    waited += elapsed;
    if (!loop()) {
      playing = false;
      onState();
    } else if (waited >= HOLD_AT_END) {
      position = first;
      waited = 0;
    }
  }

  function tick(now) {
    request = 0;
    if (before !== null) advance(Math.min(now - before, LONGEST_TICK));
    before = now;
    show();
    schedule();
  }

  /** Asks for a next frame only while there is something to move. */
  function schedule() {
    const running = playing && visible && !held;
    if (running && !request) request = requestAnimationFrame(tick);
    if (!running) {
      if (request) cancelAnimationFrame(request);
      request = 0;
      before = null;
    }
  }

  function setPlaying(value, towards = direction) {
    if (value === playing && towards === direction) return;
    direction = towards;
    if (value && position === (direction > 0 ? last : 0)) position = direction > 0 ? 0 : last;
    playing = value;
    waited = 0;
    show();
    onState();
    schedule();
  }

  function seek(frame) {
    position = Math.max(0, Math.min(last, frame));
    waited = 0;
    show(true);
  }

  return {
    get frame() { return shown; },
    get playing() { return playing; },
    get direction() { return direction; },
    get speed() { return speed(); },
    get loop() { return loop(); },
    get last() { return last; },
    seek,
    play: () => setPlaying(true, 1),
    pause: () => setPlaying(false),
    /** Pauses, whichever way time runs; else plays. */
    toggle: () => setPlaying(!playing, playing ? direction : 1),
    /** Pauses if time runs that way; else lets it. */
    toggleTowards: (towards) => setPlaying(!(playing && direction === towards), towards),
    step(by) {
      setPlaying(false);
      seek(shown + by);
    },
    /** Stands on a frame that the caller draws. */
    place(frame) {
      position = shown = Math.max(0, Math.min(last, frame));
      waited = 0;
    },
    setSpeed: (value) => view.set('speed', value),
    setLoop: (value) => view.set('loop', value),
    hold(value) {
      held = value;
      schedule();
    },
    setVisible(value) {
      visible = value;
      schedule();
    },
    /** Another run: its length, and the frame to stand on. The caller draws it. */
    load(frames, seconds, frame) {
      last = Math.max(0, frames - 1);
      duration = seconds > 0 ? seconds : 6;
      const target = Math.max(0, Math.min(last, frame));
      // The same frame keeps its fraction and its wait, so that an update that changes nothing is not felt.
      if (target !== shown || position > last) {
        position = target;
        waited = 0;
      }
      shown = target;
    },
    destroy() {
      playing = false;
      schedule();
    },
  };
}
