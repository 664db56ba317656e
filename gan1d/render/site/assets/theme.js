/** Runs before the page is drawn: the theme that was chosen before, and the word that scripts run. */

document.documentElement.classList.add('scripted');
try {
  const chosen = localStorage.getItem('gan1d-theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // A browser that keeps nothing for this page: the system's theme.
}
