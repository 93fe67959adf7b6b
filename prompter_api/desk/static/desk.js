// Reports keys and clicks to the server, together with what was on the screen at that moment.
// What a key means is decided in keyboard.py; here it only gets a name that is the same on every
// keyboard layout.
(() => {
  const LETTERS = { KeyE: "e", KeyW: "w", KeyR: "r", KeyZ: "z", KeyJ: "j", KeyK: "k" };
  const NAMED = { Enter: "enter", Escape: "escape", ArrowUp: "up", ArrowDown: "down" };
  const SECONDS_WITHOUT_ANSWER = 2;
  let waiting = 0; // until then the server is still at work on the last key

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
    const desk = root();
    if (!desk) return;
    emitEvent("desk", { ...what, turn: desk.dataset.turn ?? null, seen: desk.dataset.seen ?? null });
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
    if (name === "enter" && !field && event.target.closest?.("button, a, summary")) return;
    const modes = root().dataset.keys.split(" ");
    if (!modes.includes(name)) return;
    event.preventDefault();
    if (performance.now() < waiting) return; // typed too fast to know what it would hit
    if (!["up", "down", "j", "k"].includes(name)) waiting = performance.now() + SECONDS_WITHOUT_ANSWER * 1000;
    report({ do: "key", key: name });
  });

  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-do]");
    if (target && !target.disabled) report({ ...target.dataset });
  });

  async function checkSession() {
    if (!root() || document.hidden) return;
    const answer = await fetch("/desk/session", { cache: "no-store" }).catch(() => null);
    if (answer?.status === 401) location.reload();
  }
  setInterval(checkSession, 15000);
  document.addEventListener("visibilitychange", checkSession);

  window.sufler = {
    ready() {
      waiting = 0;
    },
    focus(name) {
      requestAnimationFrame(() => {
        const place = document.querySelector(`[data-focus="${name}"]`);
        const target = place?.matches("button, [tabindex]") ? place : place?.querySelector("textarea, input");
        target?.focus();
        if (target?.setSelectionRange) target.setSelectionRange(target.value.length, target.value.length);
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
