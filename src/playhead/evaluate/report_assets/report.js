const button = document.getElementById('theme');
const root = document.documentElement;
const preferred = matchMedia('(prefers-color-scheme: dark)');

function current() {
  return root.dataset.theme || (preferred.matches ? 'dark' : 'light');
}

function show() {
  document.getElementById('theme-name').textContent = current() === 'dark' ? 'Light' : 'Dark';
}

button.hidden = false;
button.addEventListener('click', () => {
  root.dataset.theme = current() === 'dark' ? 'light' : 'dark';
  show();
});
preferred.addEventListener('change', show);
show();
