// Title, summary, chapters, how it was made, theme, keyboard; then everything starts.

function fillTop() {
  $('title').textContent = data.title || data.source || 'Video';
  const name = data.source.split(/[\\/]/).pop();
  $('facts').append([data.title ? name : '', clock(duration)].filter(Boolean).join(' · '));
  if (data.model) $('facts').append(element('span', 'wide', ` · ${data.model}`));
}

function fillSummary() {
  const parts = [];
  if (data.query) parts.push(element('p', 'asked', data.query));
  if (data.choice != null) parts.push(element('p', 'title', data.choice));
  for (const paragraph of (data.text || '').split(/\n\s*\n/)) if (paragraph.trim()) parts.push(element('p', '', paragraph.trim()));
  if (data.reason) parts.push(element('p', 'asked', data.reason));
  if (data.failure) parts.push(element('p', 'failed', `The model’s answer could not be read: ${data.failure.reason}`));
  if (data.confidence != null) parts.push(element('p', 'asked', `${percent(data.confidence)} sure`));
  if (data.evidence && data.evidence.length) {
    const rows = element('ul', 'evidence');
    for (const piece of data.evidence) rows.append(element('li', '', hit(piece, ...evidenceLine(piece))));
    parts.push(rows);
  }
  $('summary').hidden = !parts.length;
  $('summary-name').textContent = data.query ? 'Answer' : 'Summary';
  $('summary-body').append(...parts);
}

function fillChapters() {
  $('chapters').hidden = !chapters.length;
  const nodes = chapters.map((chapter, i) => {
    const title = chapter.title || (chapter.text ? '' : `Chapter ${i + 1}`);
    const rows = [element('span', 'when', clock(chapter.start)), title ? element('span', 'title', title) : null, chapter.text ? element('span', 'text', chapter.text) : null];
    return element('li', 'chapter', hit(chapter, ...rows));
  });
  $('chapter-list').append(...nodes);
  player.listeners.push((time) => {
    let name = '';
    chapters.forEach((chapter, i) => {
      const on = isOn(chapter, time);
      if (on) {
        nodes[i].setAttribute('aria-current', 'true');
        name = chapter.title || chapter.text;
      } else nodes[i].removeAttribute('aria-current');
    });
    $('now-chapter').textContent = name;
  });
}

function fillMade() {
  const seen = data.sampling, times = seen.times || [];
  const size = seen.frame_size ? ` of ${seen.frame_size[0]} × ${seen.frame_size[1]} pixels` : '';
  const sure = events.map((event) => event.confidence).filter((value) => value != null);
  const rows = [
    ['Video', data.source],
    ['Task', data.task],
    ['Models', data.model],
    ['Part looked at', `${clock(seen.window.start, true)} – ${clock(seen.window.end, true)}`],
    ['Pictures', times.length ? `${times.length}${size}` : 'none'],
    ['Sound', `${Math.round((seen.audio || 0) * 10) / 10} seconds`],
    ['Sampling', seen.policy],
    ['Language', data.transcript && data.transcript.language
      ? data.transcript.language + (data.transcript.language_confidence == null ? '' : ` (${percent(data.transcript.language_confidence)} sure)`) : ''],
    ['Events', sure.length ? `${events.length}, ${percent(Math.min(...sure))} to ${percent(Math.max(...sure))} sure; each lists what it was written from` : ''],
    ['Reasoning', data.thinking],
    ...(seen.notes || []).map((note, i) => [i ? '' : 'Notes', note]),
    ['Schema', data.schema_version],
  ];
  for (const [name, value] of rows) {
    if (value) $('made-list').append(element('dt', '', name), element('dd', '', value));
  }
}

// --- theme ------------------------------------------------------------------------------------------------------

const THEMES = { auto: 'Auto', light: 'Light', dark: 'Dark' };

function setTheme(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $('theme-name').textContent = `Theme: ${THEMES[theme].toLowerCase()}`;
  $('theme').setAttribute('aria-label', `Colour theme: ${THEMES[theme]}`);
  $('theme').dataset.theme = theme;
  readColours();
  redraw();
}

function startTheme() {
  // Pages opened from disk may be refused storage; the theme then lasts as long as the page.
  let kept = null;
  try { kept = localStorage.getItem('playhead-theme'); } catch { kept = null; }
  setTheme(kept in THEMES ? kept : 'auto');
  $('theme').addEventListener('click', () => {
    const names = Object.keys(THEMES), next = names[(names.indexOf($('theme').dataset.theme) + 1) % names.length];
    setTheme(next);
    try { localStorage.setItem('playhead-theme', next); } catch { /* not kept */ }
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    readColours();
    redraw();
  });
}

// --- keyboard ---------------------------------------------------------------------------------------------------

function nextChapter(step) {
  const starts = (chapters.length ? chapters : events).map((item) => item.start), now = player.now();
  const found = step > 0 ? starts.find((start) => start > now + 0.05) : starts.filter((start) => start < now - 1).pop();
  if (found !== undefined) player.seek(found);
  else if (step < 0) player.seek(0);
}

function pressed(event) {
  const target = event.target, typing = target.matches('input, textarea, select');
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || $('keys').open || typing) return;
  const onTrack = target === $('track'), go = (by) => player.seek(player.now() + by);
  const actions = {
    k: () => player.toggle(),
    j: () => go(-10),
    l: () => go(10),
    arrowleft: () => go(onTrack ? -1 : -5),
    arrowright: () => go(onTrack ? 1 : 5),
    '[': () => nextChapter(-1),
    ']': () => nextChapter(1),
    '/': () => $('query').focus(),
    '+': () => setZoom(timeline.zoom * 1.8),
    '=': () => setZoom(timeline.zoom * 1.8),
    '-': () => setZoom(timeline.zoom / 1.8),
    0: () => setZoom(1),
    '?': () => $('keys').showModal(),
  };
  if (onTrack) Object.assign(actions, { home: () => player.seek(0), end: () => player.seek(duration), pageup: () => go(duration / 10), pagedown: () => go(-duration / 10) });
  if (!target.closest('button, summary, a')) actions[' '] = () => player.toggle();
  const action = actions[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
}

fillTop();
fillSummary();
fillMade();
startTimeline();
startLists();
fillChapters();
startTheme();
startVideo();
document.addEventListener('keydown', pressed);
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') explain(null); });
$('keys-open').addEventListener('click', () => $('keys').showModal());
const opened = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
player.seek(opened ? Number(opened[1]) : 0);
