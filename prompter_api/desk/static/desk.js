// Reports keys and clicks to the server, together with what was on the screen at that moment.
// What a key means is decided in keyboard.py; here it only gets a name that is the same on every
// keyboard layout.
(() => {
  const LETTERS = { KeyE: "e", KeyW: "w", KeyR: "r", KeyX: "x", KeyZ: "z", KeyJ: "j", KeyK: "k" };
  const NAMED = { Enter: "enter", Escape: "escape", ArrowUp: "up", ArrowDown: "down" };
  const MILLISECONDS_TO_ANSWER = 2000;
  const OPENING = ["e", "w", "/"]; // the server opens a text field: letters that follow belong into it
  let opening = 0; // until then, unless the server is ready before
  let escapes = 0; // a field the server opens for a key before the last Escape stays closed

  const root = () => document.querySelector("[data-desk]");
  const typing = (element) => element.closest?.("textarea, input, select, [contenteditable]");

  function nameOf(event) {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    if (digit) return (event.shiftKey ? "shift+" : "") + digit[1];
    if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) return "?";
    if (event.key === "/" || event.code === "Slash") return "/";
    if (NAMED[event.key]) return NAMED[event.key];
    const latin = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : null;
    return latin ?? LETTERS[event.code] ?? null;
  }

  function report(what) {
    const { turn = null, seen = null } = root().dataset;
    const text = document.querySelector("[data-focus=composer] textarea")?.value ?? null;
    emitEvent("desk", { ...what, turn, seen, text, escapes });
  }

  document.addEventListener("keydown", (event) => {
    if (!root() || event.repeat || event.isComposing || event.altKey) return;
    const field = typing(event.target);
    const command = event.ctrlKey || event.metaKey;
    let name = null;
    if (command) name = event.key === "Enter" ? "ctrl+enter" : null;
    else if (!field) name = nameOf(event);
    else if (event.key === "Escape") name = "escape";
    else if (field.closest("[data-keys=list]") && NAMED[event.key]) name = NAMED[event.key];
    else if (event.key === "Enter" && !event.shiftKey && field.value?.trim() === "") name = "field-enter";
    if (name === null) return;
    if (name === "enter" && !field && event.target.closest?.("button, a, summary, [role=checkbox]")) return;
    if (!root().dataset.keys.split(" ").includes(name)) return;
    event.preventDefault();
    if (!field && !command && name !== "escape" && performance.now() < opening) {
      return; // a letter for a field that is not there yet, no command
    }
    opening = 0;
    if (name === "escape") {
      escapes += 1;
      field?.blur(); // at once: the next key is a command
    } else if (name === "w" && root().dataset.purpose === "own") sufler.focus("composer");
    else if (!field && (OPENING.includes(name) || name.startsWith("shift+"))) {
      opening = performance.now() + MILLISECONDS_TO_ANSWER;
    }
    report({ do: "key", key: name });
  });

  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-do]");
    if (target && root()) report({ ...target.dataset });
  });

  async function checkSession() {
    if (document.hidden) return;
    const answer = await fetch("/desk/session", { cache: "no-store" }).catch(() => null);
    if (answer?.status === 401) location.reload();
  }
  setInterval(checkSession, 15000);
  document.addEventListener("visibilitychange", checkSession);
  // NiceGUI would try for ever to connect a page whose session has ended.
  document.addEventListener("DOMContentLoaded", () => window.socket.on("connect_error", checkSession));

  window.sufler = {
    ready() {
      requestAnimationFrame(() => requestAnimationFrame(() => (opening = 0))); // after focus()
    },
    focus(name) {
      const place = document.querySelector(`[data-focus="${name}"]`);
      const target = place?.matches("button") ? place : place?.querySelector("textarea, input");
      if (!target || target === document.activeElement) return;
      target.focus();
      if (target.setSelectionRange) target.setSelectionRange(target.value.length, target.value.length);
    },
    focusSoon(name, escapesThen) {
      requestAnimationFrame(() => {
        if (escapesThen === escapes) sufler.focus(name); // once what was sent with it is on the page
      });
    },
    release() {
      if (typing(document.activeElement)) document.activeElement.blur();
    },
    bottom(always) {
      const log = document.querySelector("[data-log]");
      if (!log) return;
      if (always || log.scrollHeight - log.scrollTop - log.clientHeight < 240) {
        requestAnimationFrame(() => (log.scrollTop = log.scrollHeight));
      }
    },
    show(selector) {
      requestAnimationFrame(() => document.querySelector(selector)?.scrollIntoView({ block: "nearest" }));
    },
  };
})();
