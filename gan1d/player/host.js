/** What the player asks of its host, in a row of its own: going on, data of one's own, a link. Empty where the host offers nothing. */

/**
 * @param {HTMLElement} box the picture
 * @param {{now: () => number, playing: () => boolean, pause: () => void}} clock the iteration shown
 */
function createHostTools(root, box, picture, text, view, send, clock) {
  const buttons = element('div', 'tool-buttons', { role: 'group', 'aria-label': text.host_tools });
  const status = element('p', 'tool-status', { role: 'status' });
  const bar = element('div', 'host-tools', { hidden: '' }, [buttons, status]);
  let run = null;
  let said = '';

  /** A word about what was just done; the sentence about the last part comes back with the next run. */
  function say(words) {
    said = words;
    setText(status, said || going.sentence());
  }

  const going = createGoing(buttons, text, send, clock);
  const editing = createEditing(box, picture, buttons, text, send);
  const drawing = createDrawing(box, picture, buttons, text, send, say);
  const link = createLink(buttons, text, view, clock, say);

  return {
    bar,
    setRun(next) {
      if (run && run.meta.link !== next.meta.link) said = '';
      run = next;
      root.dataset.hide = (run.meta.hide || []).join(' ');
      going.setRun(run);
      editing.setRun(run);
      drawing.setRun(run);
      link.setRun(run);
      bar.hidden = [...buttons.children].every((button) => button.hidden);
      setText(status, said || going.sentence());
    },
    /** Another iteration, or playing begins or ends. */
    show() {
      going.show();
      if (!clock.playing()) link.later();
    },
    resize: drawing.resize,
    destroy() {
      editing.destroy();
      link.destroy();
    },
  };
}
