/** The transport bar: play, step, scrub, speed, loop. */

function createControls(parent, text, playback) {
  const button = (className, name, icons, action) => {
    const node = element('button', `tool ${className}`, { type: 'button', 'aria-label': name, title: name }, icons.map(icon));
    node.addEventListener('click', action);
    return node;
  };
  const play = button('play', text.play, ['play', 'pause'], playback.toggle);
  const back = button('back', text.step_back, ['back'], () => playback.step(-1));
  const forward = button('forward', text.step_forward, ['forward'], () => playback.step(1));
  const loop = button('loop', text.loop, ['loop'], () => playback.setLoop(!playback.loop));

  const scrub = element('input', 'scrub', { type: 'range', min: '0', step: '1', 'aria-label': text.scrub });
  const mark = element('span', 'mark', { hidden: '' });
  const track = element('div', 'track', {}, [scrub, mark]);
  scrub.addEventListener('input', () => playback.seek(Number(scrub.value)));
  scrub.addEventListener('pointerdown', () => playback.hold(true));
  for (const end of ['pointerup', 'pointercancel', 'change', 'blur']) scrub.addEventListener(end, () => playback.hold(false));

  const speed = element('select', 'speed', { 'aria-label': text.speed, title: text.speed },
    SPEEDS.map((value) => element('option', '', { value: String(value) }, [text.speeds[String(value)]])));
  speed.addEventListener('change', () => playback.setSpeed(Number(speed.value)));

  parent.append(play, back, forward, track, speed, loop);

  return {
    setRun(run) {
      const last = run.meta.frames - 1;
      scrub.max = String(last);
      const at = run.meta.status === 'diverged' && run.meta.diverged_at !== null ? frameAt(run, run.meta.diverged_at) : null;
      mark.hidden = at === null;
      if (at !== null) {
        mark.style.setProperty('--at', String(last ? at / last : 0));
        mark.title = fill(text.diverged, { n: formatInteger(run.meta.diverged_at) });
      }
    },
    show(frame, words) {
      scrub.value = String(frame);
      scrub.style.setProperty('--at', String(Number(scrub.max) ? frame / Number(scrub.max) : 0));
      scrub.setAttribute('aria-valuetext', words);
    },
    /** Playing, speed and loop as they are now. */
    sync() {
      const name = playback.playing ? text.pause : text.play;
      play.setAttribute('aria-label', name);
      play.title = name;
      play.classList.toggle('on', playback.playing);
      loop.setAttribute('aria-pressed', String(playback.loop));
      speed.value = String(playback.speed);
    },
  };
}
