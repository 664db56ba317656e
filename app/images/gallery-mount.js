/** The pictures as a Streamlit component: called on mount, and on every rerun. */

const mounted = new WeakMap(); // parent element -> {root, gallery, calls}

export default function mount({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector('[data-gallery]');
  let entry = mounted.get(parentElement);
  if (entry && entry.root !== root) {
    entry.gallery.destroy();
    entry = null;
  }
  if (!entry) {
    entry = { root, calls: 0, gallery: createGallery(root, data, (step) => setStateValue('step', step)) };
    mounted.set(parentElement, entry);
  }
  entry.calls += 1;
  entry.gallery.update(data);

  // The newest call's cleanup alone may end it: Streamlit cleans up after a call that a newer one has overtaken, too.
  const call = entry.calls;
  return () => setTimeout(() => {
    if (entry.calls !== call || mounted.get(parentElement) !== entry) return;
    mounted.delete(parentElement);
    entry.gallery.destroy();
  });
}
