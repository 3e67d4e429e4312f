// The timeline: one canvas as wide as what is visible, redrawn as the view scrolls or zooms, so that an hour with
// thousands of marks costs what is on the screen. Distances are CSS pixels.

const RULER_PX = 24, ROW_PX = 20, GAP_PX = 6, MOST_ROWS = 3, NARROW_PX = 8, MOST_ZOOM_PX_PER_S = 120;
const timeline = { zoom: 1, width: 0, height: 0, rows: [], colours: {}, focus: null, drawing: false, scrolled: 0 };

/** Items that overlap in time go to rows of their own, at most a few; the rest share the last. */
function layOut() {
  let top = RULER_PX;
  for (const [lane, items] of lanes) {
    const free = [];
    const places = items.map((item) => {
      let row = free.findIndex((end) => end <= item.start + 0.001);
      if (row < 0) row = free.length < MOST_ROWS ? free.length : MOST_ROWS - 1;
      free[row] = Math.max(free[row] || 0, item.end);
      return row;
    });
    const height = Math.max(1, free.length) * ROW_PX + GAP_PX;
    timeline.rows.push({ lane, items, places, top, height, longest: Math.max(...items.map((item) => item.end - item.start)) });
    const dot = element('i');
    dot.style.setProperty('--lane', laneColour(lane));
    const name = element('div', '', dot, laneName(lane));
    name.style.height = `${height}px`;
    name.title = laneName(lane);
    $('lane-names').append(name);
    top += height;
  }
  $('lane-names').style.paddingTop = `${RULER_PX}px`;
  timeline.height = top + GAP_PX;
}

const scale = () => (timeline.width * timeline.zoom) / duration;
const shift = () => $('track').scrollLeft;
const timeAt = (event) => Math.min(duration, Math.max(0, (event.clientX - $('spread').getBoundingClientRect().left) / scale()));

function readColours() {
  const probe = element('span');
  document.body.append(probe);
  const read = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  for (const name of ['ink', 'muted', 'line', 'accent', 'surface', 'found-now']) timeline.colours[name] = read(name);
  for (const lane of [...Object.keys(LANES), 'other']) timeline.colours[lane] = read(`lane-${lane}`);
  probe.remove();
}

function resize() {
  timeline.width = $('track').clientWidth;
  const canvas = $('canvas'), ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(timeline.width * ratio);
  canvas.height = Math.round(timeline.height * ratio);
  canvas.style.width = `${timeline.width}px`;
  canvas.style.height = `${timeline.height}px`;
  $('spread').style.width = `${timeline.width * timeline.zoom}px`;
  moveCursor(player.now());
  redraw();
}

function redraw() {
  if (timeline.drawing) return;
  timeline.drawing = true;
  requestAnimationFrame(() => {
    timeline.drawing = false;
    draw();
  });
}

function draw() {
  const canvas = $('canvas'), pen = canvas.getContext('2d'), ratio = window.devicePixelRatio || 1;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, timeline.width, timeline.height);
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  pen.textBaseline = 'middle';
  drawRuler(pen);
  for (const row of timeline.rows) drawLane(pen, row);
}

function drawRuler(pen) {
  const perPx = 1 / scale(), steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
  const step = steps.find((s) => s / perPx >= 64) || 28800;
  const from = shift() * perPx;
  pen.lineWidth = 1;
  for (let n = Math.floor(from / step); n * step <= from + timeline.width * perPx; n += 1) {
    const x = Math.round(n * step / perPx - shift()) + 0.5;
    pen.strokeStyle = timeline.colours.line;
    pen.beginPath();
    pen.moveTo(x, RULER_PX - 6);
    pen.lineTo(x, timeline.height);
    pen.stroke();
    pen.fillStyle = timeline.colours.muted;
    pen.font = `11px ${pen.font.split('px ')[1]}`;
    const label = clock(n * step, step < 1), room = timeline.width - x - 4;
    if (pen.measureText(label).width < room) pen.fillText(label, x + 4, 10);
  }
  pen.fillStyle = timeline.colours['found-now'];
  for (const match of shown ? shown.matches : []) pen.fillRect(shown.items[match.index].start / perPx - shift() - 1, RULER_PX - 6, 2, 6);
}

/** First item that may still be on at a time; items ascend in start. */
function firstAfter(row, time) {
  let low = 0, high = row.items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (row.items[middle].start + row.longest < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

const keyOf = (item, lane) => `${item.lane || lane}|${item.start}|${item.end}`;

function drawLane(pen, row) {
  const px = scale(), left = shift() / px, right = (shift() + timeline.width) / px;
  const colour = timeline.colours[row.lane] || timeline.colours.other, now = player.now();
  // Marks narrower than a few pixels run together; one block per stretch of pixels stands for them.
  const filled = [];
  for (let i = firstAfter(row, left); i < row.items.length && row.items[i].start <= right; i += 1) {
    const item = row.items[i], place = row.places[i];
    if (item.end < left && item.end > item.start) continue;
    const x = item.start * px - shift(), width = Math.max(2, (item.end - item.start) * px);
    const on = isOn(item, now);
    if (width < 4 && filled[place] !== undefined && x < filled[place] && !on) continue;
    filled[place] = x + 2;
    const dim = timeline.focus && !timeline.focus.has(keyOf(item, row.lane));
    drawMark(pen, row, item, { x, width, y: row.top + place * ROW_PX + 1, on, dim, colour, odd: i % 2 });
  }
  pen.globalAlpha = 1;
}

function drawMark(pen, row, item, at) {
  const height = ROW_PX - 3, gap = at.width > 6 ? 1 : 0, width = at.width - gap;
  const start = Math.max(at.x, -4), end = Math.min(at.x + width, timeline.width + 4), seen = end - start;
  if (seen <= 0) return;
  const strong = at.dim ? 0.18 : 1, soft = at.on ? 0.5 : row.lane === 'shots' && at.odd ? 0.16 : 0.24;
  pen.fillStyle = at.colour;
  pen.globalAlpha = width < NARROW_PX ? (at.on ? 1 : 0.6) * strong : soft * (at.dim ? 0.4 : 1);
  pen.beginPath();
  pen.roundRect(start, at.y, seen, height, Math.min(3, seen / 2));
  pen.fill();
  if (width >= NARROW_PX && at.x > -4) {
    pen.globalAlpha = strong;
    pen.fillRect(at.x, at.y, 2, height);
  }
  if (seen < 30) return;
  pen.globalAlpha = at.dim ? 0.4 : 1;
  pen.fillStyle = timeline.colours.ink;
  pen.save();
  pen.beginPath();
  pen.rect(start, at.y, seen - 3, height);
  pen.clip();
  pen.fillText(fitted(pen, labelOf(row.lane, item), seen - 12), Math.max(start, 0) + 7, at.y + height / 2 + 0.5);
  pen.restore();
}

/** A text cut with an ellipsis to a width; canvas draws letters of every direction itself. */
function fitted(pen, text, width) {
  const short = text.slice(0, 160);
  if (pen.measureText(short).width <= width) return short;
  let low = 0, high = short.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pen.measureText(short.slice(0, middle) + '…').width <= width) low = middle;
    else high = middle - 1;
  }
  return low > 3 ? [...short.slice(0, low)].join('').trimEnd() + '…' : '';
}

function moveCursor(time) {
  const x = time * scale();
  $('cursor').style.transform = `translateX(${x}px)`;
  $('now').textContent = clock(time, true);
  const track = $('track');
  track.setAttribute('aria-valuenow', time.toFixed(1));
  track.setAttribute('aria-valuetext', `${spoken(time)} of ${spoken(duration)}`);
  const outside = x < shift() || x > shift() + timeline.width;
  if (timeline.zoom > 1 && outside && performance.now() - timeline.scrolled > 4000) track.scrollLeft = x - timeline.width * 0.2;
}

function setZoom(zoom, around = player.now()) {
  const most = Math.max(1, (MOST_ZOOM_PX_PER_S * duration) / timeline.width);
  const at = around * scale() - shift();
  const place = at >= 0 && at <= timeline.width ? at : timeline.width / 2;
  timeline.zoom = Math.min(most, Math.max(1, zoom));
  $('spread').style.width = `${timeline.width * timeline.zoom}px`;
  $('track').scrollLeft = around * scale() - place;
  moveCursor(player.now());
  redraw();
}

/** What lies under the pointer: the smallest mark of the row within a few pixels. */
function under(event) {
  const y = event.clientY - $('spread').getBoundingClientRect().top, time = timeAt(event), near = 3 / scale();
  const row = timeline.rows.find((r) => y >= r.top && y < r.top + r.height);
  if (!row) return null;
  const place = Math.floor((y - row.top) / ROW_PX);
  let best = null;
  for (let i = firstAfter(row, time - near); i < row.items.length && row.items[i].start <= time + near; i += 1) {
    const item = row.items[i];
    if (row.places[i] !== place || Math.max(item.end, item.start) < time - near) continue;
    if (!best || item.end - item.start < best.item.end - best.item.start) best = { lane: row.lane, item };
  }
  return best;
}

// --- the tip: what an item says and what it rests on ------------------------------------------------------------

function tipFor(lane, item) {
  const nodes = [element('div', 'tip-when', `${laneName(lane)} · ${range(item)}`)];
  if (item.title) nodes.push(element('div', 'title', item.title));
  const text = item.title ? item.text : labelOf(lane, item);
  if (text) nodes.push(element('div', '', text.length > 220 ? text.slice(0, 220) + '…' : text));
  if (item.confidence != null) nodes.push(element('div', 'tip-when', `${percent(item.confidence)} sure`));
  const evidence = (item.evidence || []).slice(0, 6);
  if (evidence.length) {
    const rows = element('ul', '', ...evidence.map((piece) => element('li', '', ...evidenceLine(piece))));
    if (item.evidence.length > evidence.length) rows.append(element('li', '', '', element('span'), `and ${item.evidence.length - evidence.length} more`));
    nodes.push(rows);
  }
  return nodes;
}

function showTip(nodes, x, y) {
  const tip = $('tip');
  tip.hidden = !nodes;
  if (!nodes) return;
  tip.replaceChildren(...nodes);
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(x, innerWidth - box.width - 8))}px`;
  tip.style.top = `${y + box.height + 16 > innerHeight ? Math.max(8, y - box.height - 14) : y + 16}px`;
}

/** Shows what an event rests on, beside its row and on the timeline; null puts that away. */
function explain(item, node = null) {
  const evidence = (item && item.evidence) || [];
  timeline.focus = evidence.length ? new Set([keyOf(item, 'events'), ...evidence.map((piece) => keyOf(piece))]) : null;
  if (node && evidence.length) {
    const box = node.getBoundingClientRect(), beside = box.left > 380;
    showTip(tipFor('events', item), beside ? box.left - Math.min(340, innerWidth) - 14 : box.left, beside ? box.top - 16 : box.bottom - 8);
    node.setAttribute('aria-describedby', 'tip');
  } else showTip(null);
  redraw();
}

function scrub(event) {
  const found = under(event);
  // What is too small to aim inside of is entered at its start.
  const small = found && (found.item.end - found.item.start) * scale() < 8;
  for (const list of lists) list.follow(true);
  player.seek(small ? found.item.start : timeAt(event));
}

function startTimeline() {
  const track = $('track');
  track.setAttribute('aria-valuemax', duration.toFixed(1));
  $('total').textContent = clock(duration);
  layOut();
  readColours();
  let dragging = false;
  $('spread').addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    dragging = event.pointerType === 'mouse';
    if (dragging) $('spread').setPointerCapture(event.pointerId);
    if (dragging) scrub(event);
  });
  $('spread').addEventListener('click', (event) => { if (event.pointerType !== 'mouse') scrub(event); });
  $('spread').addEventListener('pointermove', (event) => {
    if (dragging) player.seek(timeAt(event));
    if (event.pointerType !== 'mouse') return;
    const found = under(event), time = timeAt(event);
    $('pointer-line').hidden = false;
    $('pointer-line').style.transform = `translateX(${time * scale()}px)`;
    showTip(found ? tipFor(found.lane, found.item) : [element('div', 'tip-when', clock(time, true))], event.clientX + 12, event.clientY);
  });
  for (const kind of ['pointerup', 'pointercancel', 'lostpointercapture']) $('spread').addEventListener(kind, () => { dragging = false; });
  $('spread').addEventListener('pointerleave', () => {
    $('pointer-line').hidden = true;
    showTip(null);
  });
  track.addEventListener('scroll', redraw, { passive: true });
  track.addEventListener('wheel', (event) => {
    timeline.scrolled = performance.now();
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    setZoom(timeline.zoom * Math.exp(-event.deltaY * 0.004), timeAt(event));
  }, { passive: false });
  track.addEventListener('touchmove', () => { timeline.scrolled = performance.now(); }, { passive: true });
  $('zoom-in').addEventListener('click', () => setZoom(timeline.zoom * 1.8));
  $('zoom-out').addEventListener('click', () => setZoom(timeline.zoom / 1.8));
  $('zoom-fit').addEventListener('click', () => setZoom(1));
  new ResizeObserver(resize).observe(track);
  player.listeners.push((time) => {
    moveCursor(time);
    redraw();
  });
}
