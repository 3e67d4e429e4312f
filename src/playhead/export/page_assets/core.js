// The data, small helpers, and the one clock of the page. All times are seconds.

const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const duration = Math.max(data.duration || 0, 0.001);

// Seeking to a start lands on it within a media clock's rounding; this much is forgiven when asking what is on.
const NEAR_S = 0.002;
// A point in time counts as on for this long.
const POINT_S = 1;

const LANES = {
  chapters: 'Chapters', events: 'Events', speech: 'Speech', text: 'On screen',
  sounds: 'Sounds', objects: 'Objects', shots: 'Shots',
};
const laneName = (lane) => LANES[lane] || lane.charAt(0).toUpperCase() + lane.slice(1);
const laneColour = (lane) => `var(--lane-${LANES[lane] ? lane : 'other'})`;

/** An element with a class and children; strings become text, never markup. */
function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) if (child !== null && child !== '') node.append(child);
  return node;
}

/** 62.34 as 1:02, or 1:02.3 with tenths; hours are never dropped. */
function clock(seconds, tenths = false) {
  const units = Math.max(0, tenths ? Math.floor(seconds * 10 + 0.001) : Math.floor(seconds + 0.001));
  const whole = tenths ? Math.floor(units / 10) : units;
  const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60;
  const head = h ? `${h}:${String(m).padStart(2, '0')}` : String(m);
  return `${head}:${String(s).padStart(2, '0')}${tenths ? '.' + (units % 10) : ''}`;
}
const range = (item) => (item.end > item.start ? `${clock(item.start, true)} – ${clock(item.end, true)}` : clock(item.start, true));
const spoken = (seconds) => {
  const s = Math.floor(seconds + 0.001), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  const units = [[h, 'hour'], [m, 'minute'], [s % 60, 'second']].filter(([n, name]) => n || name === 'second');
  return units.map(([n, name]) => `${n} ${name}${n === 1 ? '' : 's'}`).join(' ');
};
const percent = (value) => `${Math.round(100 * value)} %`;
const byStart = (a, b) => a.start - b.start || a.end - b.end;
const isOn = (item, time) =>
  item.start <= time + NEAR_S && time + NEAR_S < (item.end > item.start ? item.end : item.start + POINT_S);

const sentences = ((data.transcript && data.transcript.segments) || []).slice().sort(byStart);
const events = (data.events || []).slice().sort(byStart);
const chapters = (data.chapters || []).slice().sort(byStart);

/** Everything the timeline draws: lane name to items, empty lanes left out. */
const lanes = new Map();
(() => {
  const evidence = data.lanes || {};
  const speech = data.transcript ? sentences : evidence.speech || [];
  const known = { chapters, events, speech, text: evidence.text, sounds: evidence.sounds, objects: evidence.objects, shots: evidence.shots };
  for (const [lane, items] of Object.entries(known)) if (items && items.length) lanes.set(lane, items.slice().sort(byStart));
  for (const [lane, items] of Object.entries(evidence)) {
    if (!(lane in known) && items.length) lanes.set(lane, items.slice().sort(byStart));
  }
})();
const labelOf = (lane, item) =>
  lane === 'shots' && !item.text ? `Shot ${lanes.get('shots').indexOf(item) + 1}` : item.title || item.text || '';

// --- the clock: the video where it plays, else a time that seeks move -------------------------------------------

const video = $('video');
const player = {
  usable: false,
  time: 0,
  listeners: [],
  now() { return this.usable ? video.currentTime : this.time; },
  seek(seconds) {
    this.time = Math.min(Math.max(0, seconds), duration);
    if (this.usable) video.currentTime = this.time;
    this.tell();
  },
  toggle() {
    if (!this.usable) return;
    if (video.paused) video.play().catch((error) => notice(`The video cannot be played: ${error.message}`));
    else video.pause();
  },
  tell() { for (const listener of this.listeners) listener(this.now()); },
};

function notice(text) {
  $('notice-text').textContent = text;
  $('notice').hidden = !text;
}

function lost() {
  player.time = player.now();
  player.usable = false;
  $('player').hidden = true;
  const named = data.source ? ` “${data.source}”` : '';
  notice(data.video.src
    ? `The video${named} cannot be played here: it was moved, or this browser cannot play its format. Everything else on this page works.`
    : `The video${named} is not part of this page. Everything else works; choose the file to watch along.`);
  player.tell();
}

function watchWhile() {
  player.tell();
  if (!video.paused && !video.ended) requestAnimationFrame(watchWhile);
}

function addCaptions() {
  if (!sentences.length || video.textTracks.length) return;
  const track = video.addTextTrack('captions', 'Transcript', (data.transcript.language || '').slice(0, 8));
  for (const item of sentences) {
    const text = item.text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
    track.addCue(new VTTCue(item.start, Math.max(item.end, item.start + 0.001), text));
  }
  track.mode = 'hidden';
}

function openVideo(address) {
  $('player').hidden = false;
  player.usable = true;
  const at = player.time;
  video.src = address;
  if (at) video.currentTime = at;
}

function startVideo() {
  video.addEventListener('error', lost);
  video.addEventListener('play', watchWhile);
  for (const kind of ['seeking', 'seeked', 'timeupdate', 'pause', 'ended']) video.addEventListener(kind, () => player.tell());
  video.addEventListener('loadedmetadata', () => {
    const pictures = video.videoWidth > 0, seen = data.sampling.times && data.sampling.times.length > 0;
    $('player').classList.toggle('sound-only', !pictures && !seen);
    if (pictures) video.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
    if (!pictures && seen) notice('This browser plays the sound of this video and cannot show its pictures (the codec is not supported).');
    else if (Number.isFinite(video.duration) && Math.abs(video.duration - duration) > Math.max(1, duration * 0.02)) {
      notice(`This file lasts ${clock(video.duration)} but the one that was watched lasted ${clock(duration)}: times may not fit.`);
    } else notice('');
    addCaptions();
  });
  $('file').addEventListener('change', (event) => {
    const [file] = event.target.files;
    if (file) openVideo(URL.createObjectURL(file));
  });
  if (data.video.src) openVideo(data.video.src);
  else lost();
}
