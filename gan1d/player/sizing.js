/** Tells what is drawn in boxes of one player how large they are, and how large its letters: one less in the small charts. */

/**
 * @param {HTMLElement} root the player
 * @returns {{observe: (box: HTMLElement, resize: (width: number, height: number, letters: number) => void) => void,
 *   again: () => void, disconnect: () => void}} again: everything is told once more, as after a change of the letters
 */
function createSizing(root, view) {
  const resizers = new Map();
  const observer = new ResizeObserver((entries) => {
    const letters = fontSizeFor(root.clientWidth, view.get('size'));
    for (const { target, contentRect } of entries) {
      const resize = resizers.get(target);
      if (resize) resize(Math.floor(contentRect.width), Math.floor(contentRect.height), target.classList.contains('picture') ? letters : letters - 1);
    }
  });
  return {
    observe(box, resize) {
      for (const old of resizers.keys()) {
        if (old.isConnected) continue;
        observer.unobserve(old);
        resizers.delete(old);
      }
      resizers.set(box, resize);
      observer.observe(box);
    },
    again() {
      for (const box of resizers.keys()) {
        observer.unobserve(box);
        observer.observe(box);
      }
    },
    disconnect: () => observer.disconnect(),
  };
}
