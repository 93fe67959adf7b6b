"use strict";

const settings = document.body.dataset;
const language = document.documentElement.lang;
const words = JSON.parse(settings.texts); // bot/webchat/texts.py
const longest = Number(settings.longest);
const pollMs = Number(settings.poll);
const hiddenPollMs = 10000;
const longestBackoffMs = 15000;
const requestMs = 15000;
const byId = (id) => document.getElementById(id);
const view = Object.fromEntries(
  ["title", "subtitle", "scroll", "greeting", "log", "typing", "state", "composer", "name", "text", "send", "count"]
    .map((id) => [id, byId(id)]),
);

let cursor = "";
let lines = []; // as the server has them
let attention = "none";
let isLoaded = false;
let unread = 0;
let isSending = false;
let sendingTrouble = ""; // a key of words
let sendingAt = 0; // when it is tried again, where the server has said so
let isOffline = false;

// --- what has not reached the server yet; kept over a reload -----------------------------------

const memory = new Map(); // where the browser keeps nothing

function keep(key, value) {
  memory.set(key, value);
  try { localStorage.setItem(`sufler.${key}`, value); } catch { /* private browsing */ }
}

function kept(key) {
  try { return localStorage.getItem(`sufler.${key}`) ?? memory.get(key) ?? ""; } catch { return memory.get(key) ?? ""; }
}

function pending() {
  try { return JSON.parse(kept("pending") || "[]"); } catch { return []; }
}

function changePending(change) {
  keep("pending", JSON.stringify(change(pending())));
}

function mark(id, change) {
  changePending((all) => all.map((message) => (message.id === id ? { ...message, ...change } : message)));
}

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID(); // secure contexts only
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// --- requests ----------------------------------------------------------------------------------

async function request(path, options = {}) {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), requestMs);
  try {
    return await fetch(path, { credentials: "same-origin", cache: "no-store", signal: ending.signal, ...options });
  } finally {
    clearTimeout(timer);
  }
}

async function requestKnown(path, options) {
  let response = await request(path, options);
  if (response.status === 401) {
    await request("chat"); // the page hands out the cookie
    response = await request(path, options);
  }
  return response;
}

// In milliseconds; all who were turned away at once must not come back at once.
function retryAfter(response) {
  return 1000 * ((Number(response.headers.get("Retry-After")) || 10) + 3 * Math.random());
}

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));

// --- sending -----------------------------------------------------------------------------------

async function flush() {
  if (isSending) return;
  isSending = true;
  let failures = 0;
  for (let next; (next = pending().find((message) => !message.refused && !message.isStored)); ) {
    const { wait, trouble } = await post(next);
    sendingTrouble = trouble;
    sendingAt = wait ? Date.now() + wait : 0;
    render();
    if (wait === 0) {
      failures = 0;
      continue;
    }
    await pause(wait ?? Math.min(longestBackoffMs, 1000 * 2 ** failures++));
  }
  isSending = false;
  poll();
}

async function post({ id, text }) {
  let response;
  try {
    response = await requestKnown("chat/messages", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id, text, name: kept("name") }),
    });
  } catch {
    return { trouble: "offline" };
  }
  if (response.ok) {
    mark(id, { isStored: true }); // it stays here until the conversation comes with it
    cursor = "";
    return { wait: 0, trouble: "" };
  }
  if (response.status === 429) return { wait: retryAfter(response), trouble: "slowDown" };
  if (response.status === 503) return { wait: retryAfter(response), trouble: "busy" };
  if (response.status === 401) return { trouble: "cookies" };
  if (response.status >= 500) return { trouble: "offline" };
  mark(id, { refused: true });
  return { wait: 0, trouble: "" };
}

// --- rating answers of the bot, calling an operator ----------------------------------------------

const pressing = new Set(); // what is on its way: reply and action

function allPressed() {
  try { return JSON.parse(kept("pressed") || "{}"); } catch { return {}; }
}

function pressed(reply) {
  return allPressed()[reply] ?? [];
}

async function press(reply, action, node) {
  const button = node.querySelector(`[data-action="${action}"]`);
  if (button.getAttribute("aria-disabled") === "true") return;
  pressing.add(`${reply} ${action}`);
  showPressed(node, reply, "");
  const isStored = await postPress(reply, action);
  pressing.delete(`${reply} ${action}`);
  if (isStored) keep("pressed", JSON.stringify({ ...allPressed(), [reply]: [...pressed(reply), action] }));
  showPressed(node, reply, isStored ? afterPress(action) : words.notPressed);
  render(); // stays at the end where it was at the end
  if (isStored && action === "operator") poll();
}

async function postPress(reply, action) {
  try {
    const response = await requestKnown("chat/feedback", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ reply, action }),
    });
    return response.ok;
  } catch {
    return false;
  }
}

// --- receiving ---------------------------------------------------------------------------------

let pollTimer = 0;
let isPolling = false;
let pollFailures = 0;

async function poll() {
  if (isPolling) return;
  isPolling = true;
  clearTimeout(pollTimer);
  let wait = document.hidden ? hiddenPollMs : pollMs;
  try {
    const settled = new Set(pending().filter((message) => message.isStored).map((message) => message.id));
    const response = await requestKnown(`chat/messages?after=${encodeURIComponent(cursor)}`);
    if (response.status === 429) wait = Math.max(wait, retryAfter(response));
    else if (!response.ok) throw new Error(`HTTP ${response.status}`);
    else take(await response.json(), settled);
    isOffline = false;
    pollFailures = 0;
  } catch {
    isOffline = true;
    wait = Math.min(longestBackoffMs, wait * 2 ** pollFailures++);
  }
  render();
  isPolling = false;
  pollTimer = setTimeout(poll, wait);
}

function take(conversation, settled) {
  attention = conversation.attention;
  if (conversation.lines === null) return;
  if (settled.size) changePending((all) => all.filter((message) => !settled.has(message.id)));
  const known = new Set(lines.map((line) => line.key));
  if (isLoaded && document.hidden) {
    unread += conversation.lines.filter((line) => line.author !== "customer" && !known.has(line.key)).length;
  }
  lines = conversation.lines;
  cursor = conversation.cursor;
  isLoaded = true;
}

// --- showing -----------------------------------------------------------------------------------

const nodes = new Map(); // by item key; a message keeps its node when it has been stored

function items() {
  const stored = lines.map((line) => ({
    key: line.id ? `own-${line.id}` : line.key,
    isOwn: line.author === "customer",
    isBot: line.author === "bot",
    reply: line.reply,
    text: line.text || words.media,
    spans: line.spans,
    at: new Date(line.at),
    state: "stored",
  }));
  const keys = new Set(stored.map((item) => item.key));
  const waiting = pending()
    .map((message) => ({
      key: `own-${message.id}`,
      id: message.id,
      isOwn: true,
      isBot: false,
      text: message.text,
      at: new Date(message.at),
      state: message.refused ? "refused" : message.isStored ? "stored" : "pending",
    }))
    .filter((item) => !keys.has(item.key));
  return [...stored, ...waiting];
}

function render() {
  const scroll = view.scroll;
  const wasAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const all = items();
  const wantedNodes = [];
  let previous = null;
  for (const [index, item] of all.entries()) {
    const day = item.at.toDateString();
    if (!previous || previous.at.toDateString() !== day) wantedNodes.push(dayNode(day, item.at));
    wantedNodes.push(lineNode(item, previous, all[index + 1]));
    previous = item;
  }
  wantedNodes.forEach((node, index) => {
    if (view.log.children[index] !== node) view.log.insertBefore(node, view.log.children[index] ?? null);
  });
  while (view.log.children.length > wantedNodes.length) view.log.lastChild.remove();

  view.greeting.hidden = !isLoaded || all.length > 0;
  byId("name-row").hidden = !isLoaded || all.length > 0;
  view.typing.hidden = attention !== "typing";
  showState();
  document.title = (unread ? `(${unread}) ` : "") + view.title.textContent;
  if (wasAtEnd) scroll.scrollTop = scroll.scrollHeight;
  // The history is not read out when the page opens; what comes afterwards is.
  if (isLoaded && view.log.getAttribute("aria-live") === "off") {
    setTimeout(() => view.log.setAttribute("aria-live", "polite"), 1000);
  }
}

function showState() {
  const trouble = sendingTrouble || (isOffline ? "offline" : "");
  const minutes = Math.ceil((sendingAt - Date.now()) / 60000);
  const isLong = trouble === "slowDown" && minutes > 1;
  const text = isLong ? words.slowDownMinutes.replace("{minutes}", minutes) : words[trouble || attention] ?? "";
  view.state.classList.toggle("trouble", Boolean(trouble));
  if (view.state.textContent !== text) view.state.textContent = text; // announced only when it changes
}

function dayNode(day, date) {
  let node = nodes.get(day);
  if (!node) {
    node = document.createElement("li");
    node.className = "day";
    const isToday = day === new Date().toDateString();
    node.textContent = isToday ? words.today : date.toLocaleDateString(language, { day: "numeric", month: "long" });
    nodes.set(day, node);
  }
  return node;
}

function lineNode(item, previous, next) {
  let node = nodes.get(item.key);
  if (!node) {
    node = document.createElement("li");
    const bubble = document.createElement("div");
    bubble.className = "bubble";
    bubble.dir = "auto";
    if (item.spans) fillSpans(bubble, item.spans);
    else fillText(bubble, item.text);
    const note = document.createElement("div");
    note.className = "note";
    node.append(bubble, ...(item.reply ? [pressNode(item.reply)] : []), note);
    nodes.set(item.key, node);
  }
  const classes = ["line", item.isOwn ? "own" : "theirs", item.state, isSameAuthor(item, previous) ? "same" : ""];
  const className = classes.filter(Boolean).join(" ");
  if (node.className !== className) node.className = className;
  fillNote(node.lastChild, item);
  // One time for a run of messages within a minute.
  node.lastChild.hidden =
    isSameAuthor(item, next) && next.state === item.state && noteText(next) === noteText(item);
  return node;
}

function isSameAuthor(item, other) {
  return Boolean(other) && other.isOwn === item.isOwn && other.isBot === item.isBot;
}

function fillNote(note, item) {
  const text = noteText(item);
  if (note.dataset.text === text) return;
  note.dataset.text = text;
  note.textContent = text;
  if (item.state === "refused") {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words.remove;
    button.addEventListener("click", () => {
      changePending((all) => all.filter((message) => message.id !== item.id));
      render();
    });
    note.append(button);
  }
}

function noteText(item) {
  if (item.state === "refused") return words.refused;
  if (item.state === "pending") return sendingTrouble ? words.retrying : words.sending;
  const time = item.at.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
  return item.isBot ? `${words.bot} · ${time}` : time;
}

function pressNode(reply) {
  const node = byId("presses").content.firstElementChild.cloneNode(true);
  node.setAttribute("aria-label", words.rating);
  for (const button of node.querySelectorAll("button")) {
    const { action } = button.dataset;
    if (action === "operator") button.textContent = words.operator;
    else {
      button.setAttribute("aria-label", words[action]); // a picture has no words
      button.title = words[action];
    }
    button.addEventListener("click", () => press(reply, action, node));
  }
  showPressed(node, reply, afterPress(pressed(reply).at(-1)));
  return node;
}

function afterPress(action) {
  return { up: words.afterUp, down: words.afterDown, operator: words.afterOperator }[action] ?? "";
}

function showPressed(node, reply, outcome) {
  const done = pressed(reply);
  const isTaken = (action) => done.includes(action) || pressing.has(`${reply} ${action}`);
  for (const button of node.querySelectorAll("button")) {
    const { action } = button.dataset;
    const isOver = action === "operator" ? isTaken(action) : isTaken("up") || isTaken("down");
    button.setAttribute("aria-pressed", String(done.includes(action)));
    button.setAttribute("aria-disabled", String(isOver)); // unlike `disabled`, it leaves the focus where it is
  }
  node.querySelector("[role=status]").textContent = outcome;
}

const tags = { bold: "strong", italic: "em", code: "code" };

function fillSpans(element, spans) {
  for (const span of spans) {
    let place = element;
    for (const look of span.looks) {
      if (!tags[look]) continue;
      const node = document.createElement(tags[look]);
      place.append(node);
      place = node;
    }
    if (/^https?:\/\//.test(span.address)) place.append(linkTo(span.address, span.text));
    else fillText(place, span.text);
  }
}

function linkTo(address, text) {
  const link = document.createElement("a");
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
  link.textContent = text;
  return link;
}

function fillText(element, text) {
  // Everything goes in as text; only addresses of web pages become links.
  for (const part of text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/)) {
    if (!/^https?:\/\//.test(part)) {
      element.append(part);
      continue;
    }
    element.append(linkTo(part, part));
  }
}

// --- writing -----------------------------------------------------------------------------------

function fitComposer() {
  view.text.style.height = "auto";
  view.text.style.height = `${view.text.scrollHeight}px`;
  const length = [...view.text.value].length;
  const isOver = length > longest;
  view.count.hidden = length < longest * 0.8;
  view.count.classList.toggle("over", isOver);
  view.count.textContent = isOver ? words.tooLong : `${length} / ${longest}`;
  view.text.setAttribute("aria-invalid", String(isOver));
  view.send.disabled = isOver || !view.text.value.trim();
}

view.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  fitComposer();
  if (view.send.disabled) return;
  if (view.name.value.trim()) keep("name", view.name.value.trim());
  const text = view.text.value.trim();
  const message = { id: newId(), text: text.toWellFormed?.() ?? text, at: new Date().toISOString() };
  changePending((all) => [...all, message]);
  view.text.value = "";
  fitComposer();
  render();
  view.scroll.scrollTop = view.scroll.scrollHeight;
  view.text.focus();
  flush();
});

view.text.addEventListener("input", fitComposer);
view.text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    view.composer.requestSubmit();
  }
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  poll();
});
window.addEventListener("online", () => { poll(); flush(); });

// --- start -------------------------------------------------------------------------------------

view.subtitle.textContent = words.subtitle;
view.greeting.textContent = words.greeting;
view.text.placeholder = words.placeholder;
view.send.setAttribute("aria-label", words.send);
byId("text-label").textContent = words.placeholder;
byId("name-label").textContent = words.name;
view.name.value = kept("name");
view.log.setAttribute("aria-label", view.title.textContent);
view.scroll.setAttribute("aria-label", view.title.textContent);
fitComposer();
poll();
flush();
view.text.focus({ preventScroll: true });
