// The panel: transcript, events and evidence as lists; search in them; following the playing moment.

const LARGE = 1200;
const search = { text: '', pattern: null, at: -1, matches: [] };
const lists = [];
let shown = null;

/** Text with the search's matches in <mark>, as nodes. */
function marked(text) {
  const span = element('span');
  if (!search.pattern) {
    span.textContent = text;
    return span;
  }
  let from = 0;
  for (const match of text.matchAll(search.pattern)) {
    span.append(text.slice(from, match.index), element('mark', '', match[0]));
    from = match.index + match[0].length;
  }
  span.append(text.slice(from));
  return span;
}

const countIn = (text) => (search.pattern && text ? [...text.matchAll(search.pattern)].length : 0);

/** A button that goes to an item's start. */
function hit(item, ...children) {
  const button = element('button', 'hit', ...children);
  button.type = 'button';
  button.addEventListener('click', () => {
    for (const list of lists) list.follow(true);
    player.seek(item.start);
  });
  return button;
}

function evidenceLine(item) {
  const kind = element('span', 'kind');
  kind.style.setProperty('--lane', laneColour(item.lane));
  const sure = item.confidence == null ? '' : ` (${percent(item.confidence)})`;
  const text = element('span', '', item.text || laneName(item.lane), element('span', 'when', sure));
  return [kind, element('span', 'when', clock(item.start, true)), text];
}

function sureness(value) {
  const bar = element('i');
  bar.style.setProperty('--part', percent(Math.min(1, Math.max(0, value))).replace(' ', ''));
  const node = element('span', 'sure', bar, `${percent(value)} sure`);
  node.title = 'Confidence of the engine in this event';
  return node;
}

function eventMeta(item) {
  const meta = element('div', 'meta');
  if (item.confidence != null) meta.append(sureness(item.confidence));
  for (const flag of item.flags || []) meta.append(element('span', 'flag', flag));
  const evidence = item.evidence || [];
  if (!evidence.length) return [meta];
  const more = element('button', 'more', `Evidence: ${evidence.length}`);
  more.type = 'button';
  more.setAttribute('aria-expanded', 'false');
  const rows = element('ul', 'evidence');
  rows.hidden = true;
  more.addEventListener('click', () => {
    if (!rows.childElementCount) {
      for (const piece of evidence) {
        const row = hit(piece, ...evidenceLine(piece));
        row.setAttribute('aria-label', `${laneName(piece.lane)}, ${clock(piece.start)}: ${piece.text}`);
        rows.append(element('li', '', row));
      }
    }
    rows.hidden = !rows.hidden;
    more.setAttribute('aria-expanded', String(!rows.hidden));
  });
  meta.append(more);
  return [meta, rows];
}

/** Fills one <li>; called again when the search changes, for its texts only. */
const kinds = {
  sentence: (item) => [element('span', 'when', clock(item.start)), element('span', 'text', marked(item.text))],
  mark: (item, lane) => [element('span', 'when', clock(item.start)), element('span', 'text', marked(labelOf(lane, item)))],
  event: (item) => [
    element('span', 'when', range(item)),
    item.title ? element('span', 'title', marked(item.title)) : null,
    item.text ? element('span', 'text', marked(item.text)) : null,
  ],
};

class List {
  constructor(lane, name, items, kind) {
    Object.assign(this, { lane, name, items, kind, nodes: null, on: new Set(), latest: -1, following: true, matches: [] });
    this.root = element('ol', `list${items.length > LARGE ? ' large' : ''}`);
    this.root.id = `list-${lists.length}`;
    this.root.setAttribute('role', 'list');
    this.root.hidden = true;
    this.pane = this.root;
    for (const kind of ['wheel', 'touchmove']) this.root.addEventListener(kind, () => this.follow(false), { passive: true });
    this.root.addEventListener('pointerdown', (event) => event.target === this.root && this.follow(false));
    this.root.addEventListener('keydown', (event) => this.keydown(event));
  }

  texts(item) { return this.kind === 'event' ? [item.title, item.text] : [labelOf(this.lane, item)]; }

  build() {
    if (this.nodes) return;
    const long = duration >= 3600 ? ' long' : '';
    this.nodes = this.items.map((item) => {
      const button = hit(item, ...kinds[this.kind](item, this.lane));
      const node = element('li', this.kind + long, button);
      if (this.kind === 'event') {
        node.append(...eventMeta(item));
        button.addEventListener('pointerenter', (event) => event.pointerType === 'mouse' && explain(item, button));
        button.addEventListener('focus', () => button.matches(':focus-visible') && explain(item, button));
        for (const kind of ['pointerleave', 'blur']) button.addEventListener(kind, () => explain(null));
      }
      return node;
    });
    this.root.append(...this.nodes);
    if (!this.nodes.length) this.root.append(element('li', 'empty', this.empty || 'Nothing here.'));
  }

  keydown(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (['PageUp', 'PageDown', 'Home', 'End'].includes(event.key)) this.follow(false);
    if (!step) return;
    const buttons = [...this.root.querySelectorAll('button')].filter((button) => button.offsetParent);
    const next = buttons[buttons.indexOf(document.activeElement) + step];
    if (next) {
      this.follow(false);
      next.focus();
    }
    event.preventDefault();
  }

  follow(yes) {
    this.following = yes;
    if (this === shown) $('follow').hidden = yes || this.latest < 0;
  }

  /** Marks what is on at a time, and brings it into view unless the user has scrolled away. */
  update(time) {
    if (!this.nodes) return;
    const on = new Set(), before = this.latest;
    this.latest = -1;
    for (let i = 0; i < this.items.length && this.items[i].start <= time + NEAR_S; i += 1) {
      this.latest = i;
      if (isOn(this.items[i], time)) on.add(i);
    }
    for (const i of this.on) if (!on.has(i)) this.nodes[i].removeAttribute('aria-current');
    for (const i of on) {
      if (!this.on.has(i)) this.nodes[i].setAttribute('aria-current', 'true');
    }
    this.on = on;
    if (this !== shown) return;
    // In a gap the item that came last stays in view, so that a jump there lands beside it.
    if (this.following && this.latest !== before) this.reveal(this.nodes[Math.max(0, this.latest)]);
    $('follow').hidden = this.following || this.latest < 0;
  }

  reveal(node, again = true) {
    if (!node) return;
    const top = node.offsetTop - (this.root.clientHeight - Math.min(node.offsetHeight, this.root.clientHeight)) / 3;
    const far = Math.abs(top - this.root.scrollTop) > 1.5 * this.root.clientHeight;
    const calm = far || matchMedia('(prefers-reduced-motion: reduce)').matches || this.root.classList.contains('large');
    this.root.scrollTo({ top: Math.max(0, top), behavior: calm ? 'auto' : 'smooth' });
    // Rows that were never drawn have a guessed height; once drawn the place is known.
    if (again && this.root.classList.contains('large')) requestAnimationFrame(() => this.reveal(node, false));
  }

  show() {
    this.build();
    this.root.hidden = false;
    this.update(player.now());
    if (this.following && this.latest >= 0) this.reveal(this.nodes[this.latest]);
    this.follow(this.following);
  }

  /** Counts the search's matches, and redraws texts that have or had one. */
  find() {
    const had = new Set(this.matches.map((match) => match.index));
    this.matches = [];
    this.items.forEach((item, index) => {
      let order = 0;
      for (const text of this.texts(item)) for (let n = countIn(text); n > 0; n -= 1) this.matches.push({ index, order: order++ });
    });
    if (!this.nodes) return;
    for (const index of new Set([...had, ...this.matches.map((match) => match.index)])) {
      const button = this.nodes[index].firstElementChild;
      button.replaceChildren(...kinds[this.kind](this.items[index], this.lane).filter(Boolean));
    }
  }
}

function addList(lane, name, items, kind, empty = '') {
  const list = new List(lane, name, items, kind);
  list.empty = empty;
  list.tab = element('button', '', name);
  list.tab.type = 'button';
  list.tab.id = `tab-${lists.length}`;
  list.tab.setAttribute('role', 'tab');
  list.tab.setAttribute('aria-controls', list.root.id + '-pane');
  list.badge = element('span', 'badge', String(items.length || ''));
  list.tab.append(list.badge);
  list.pane = element('div', '', list.root);
  list.pane.id = list.root.id + '-pane';
  list.pane.setAttribute('role', 'tabpanel');
  list.pane.setAttribute('aria-labelledby', list.tab.id);
  list.tab.addEventListener('click', () => select(list));
  lists.push(list);
  $('tabs').append(list.tab);
  $('lists').append(list.pane);
}

function select(list) {
  shown = list;
  for (const other of lists) {
    other.tab.setAttribute('aria-selected', String(other === list));
    other.tab.tabIndex = other === list ? 0 : -1;
    other.root.hidden = other !== list;
    other.pane.hidden = other !== list;
  }
  list.show();
  search.at = -1;
  showMatch(0);
}

function showMatch(step) {
  for (const mark of document.querySelectorAll('mark.now')) mark.classList.remove('now');
  const matches = shown ? shown.matches : [];
  $('previous').disabled = $('next').disabled = !matches.length;
  if (!search.pattern) {
    $('count').textContent = '';
    return;
  }
  if (!matches.length) {
    $('count').textContent = 'none';
    return;
  }
  if (step) search.at = (search.at + step + matches.length + (search.at < 0 && step < 0 ? 1 : 0)) % matches.length;
  $('count').textContent = search.at < 0 ? `${matches.length}` : `${search.at + 1} of ${matches.length}`;
  if (search.at < 0) return;
  const { index, order } = matches[search.at];
  const mark = shown.nodes[index].querySelectorAll('mark')[order];
  if (mark) mark.classList.add('now');
  shown.follow(false);
  shown.reveal(shown.nodes[index]);
}

function runSearch(text) {
  search.text = text.trim();
  search.at = -1;
  const literal = search.text.replace(/[.*+?^${}()|[\]\\\/-]/g, '\\$&').replace(/\s+/g, '\\s+');
  search.pattern = literal ? new RegExp(literal, 'gi') : null;
  for (const list of lists) {
    list.find();
    list.badge.textContent = search.pattern ? String(list.matches.length) : String(list.items.length || '');
    list.badge.classList.toggle('hits', Boolean(search.pattern) && list.matches.length > 0);
  }
  showMatch(search.pattern ? 1 : 0);
  if (!search.pattern) shown.follow(true);
}

function startLists() {
  if (data.transcript) addList('speech', 'Transcript', sentences, 'sentence', 'No speech was heard.');
  if (events.length) addList('events', 'Events', events, 'event');
  for (const [lane, items] of lanes) {
    if (!['chapters', 'events'].includes(lane) && !(lane === 'speech' && data.transcript)) addList(lane, laneName(lane), items, 'mark');
  }
  if (!lists.length) addList('events', 'Events', [], 'event', data.reason || 'No events were found.');
  $('tabs').addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = lists[(lists.indexOf(shown) + step + lists.length) % lists.length];
    select(next);
    next.tab.focus();
    event.preventDefault();
    event.stopPropagation();
  });
  $('follow').addEventListener('click', () => {
    shown.follow(true);
    shown.show();
  });
  $('query').addEventListener('input', () => runSearch($('query').value));
  $('query').addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      $('query').value = '';
      runSearch('');
      $('query').blur();
    } else if (event.key === 'Enter') {
      showMatch(event.shiftKey ? -1 : 1);
      event.preventDefault();
    }
  });
  $('search').addEventListener('submit', (event) => event.preventDefault());
  $('next').addEventListener('click', () => showMatch(1));
  $('previous').addEventListener('click', () => showMatch(-1));
  player.listeners.push((time) => { for (const list of lists) list.update(time); });
  select(lists[0]);
}
