/** The clock: which recorded frame is shown, and whether time is running. Knows nothing of pictures. */

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const HOLD_AT_START = 700; // ms the first frame stays: the state before training is worth a look
const HOLD_AT_END = 1500; // ms the last frame stays before the run begins again
const LONGEST_TICK = 250; // ms; a tab that was in the background goes on from where it was

/**
 * @param {{onFrame: (frame: number) => void, onState: () => void}} listeners
 *   onFrame only when the frame changes; onState when playing, speed or loop change
 */
function createPlayback({ onFrame, onState }) {
  let last = 0; // index of the last frame
  let duration = 6; // seconds of the whole run at speed 1
  let position = 0; // in frames, fractional
  let shown = 0;
  let waited = 0; // ms spent on the first or the last frame
  let playing = false;
  let speed = 1;
  let loop = true;
  let held = false; // a hand is on the scrub bar
  let visible = true;
  let request = 0;
  let before = null;

  function show() {
    const frame = Math.round(position);
    if (frame === shown) return;
    shown = frame;
    onFrame(frame);
  }

  function advance(elapsed) {
    if (position === 0 && waited < HOLD_AT_START / speed) {
      waited += elapsed;
      return;
    }
    if (position < last) {
      position = Math.min(last, position + (elapsed / 1000) * speed * (last / duration));
      waited = 0;
      return;
    }
    waited += elapsed;
    if (!loop) {
      playing = false;
      onState();
    } else if (waited >= HOLD_AT_END) {
      position = 0;
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

  function setPlaying(value) {
    if (value === playing) return;
    if (value && position >= last) position = 0;
    playing = value;
    waited = 0;
    show();
    onState();
    schedule();
  }

  function seek(frame) {
    position = Math.max(0, Math.min(last, frame));
    waited = 0;
    show();
  }

  return {
    get frame() { return shown; },
    get playing() { return playing; },
    get speed() { return speed; },
    get loop() { return loop; },
    seek,
    play: () => setPlaying(true),
    pause: () => setPlaying(false),
    toggle: () => setPlaying(!playing),
    step(by) {
      setPlaying(false);
      seek(shown + by);
    },
    setSpeed(value) {
      speed = value;
      onState();
    },
    setLoop(value) {
      loop = value;
      onState();
    },
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
