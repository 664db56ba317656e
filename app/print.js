/** The button that prints the page: only a script can ask for that. */
export default function mount({ data, parentElement }) {
  const button = parentElement.querySelector('button');
  button.textContent = data.label;
  button.onclick = () => window.print();
}
