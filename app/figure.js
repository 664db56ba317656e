/** A figure that was drawn on the server: it stands here so that it takes the colours of the page around it. */
export default function mount({ data, parentElement }) {
  const place = parentElement.querySelector('[data-figure]');
  if (place.innerHTML !== data.html) place.innerHTML = data.html;
}
