// Keys, help, and rows that arrive. Everything works without this file; it adds speed. Nothing is ever written as markup
// from data: rows come from our own server, already escaped, and are taken out of a parsed document.
"use strict";

async function parts(address, selector, signal) {
  const answer = await fetch(address, { signal });
  if (!answer.ok) return [];
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return Array.from(page.querySelectorAll(selector), (found) => document.importNode(found, true));
}

(() => {
  const rows = () => Array.from(document.querySelectorAll(".row[tabindex], .card[tabindex]"));
  const find = document.getElementById("q");
  const help = document.getElementById("help");
  const fresh = document.getElementById("new");

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function open() {
    const row = rows().find((one) => one === document.activeElement);
    const link = row && row.querySelector("h3 a, h2 a");
    if (link) link.click();
    return Boolean(link);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open) return;
    const writing = event.target.closest("input, textarea, select");
    if (event.key === "Escape" && writing) { writing.blur(); return; }
    if (writing) return;
    if (event.key === "j" || event.key === "k") { move(event.key === "j" ? 1 : -1); event.preventDefault(); }
    else if (event.key === "Enter" || event.key === "o") { if (open()) event.preventDefault(); }
    else if (event.key === "/") { find.focus(); find.select(); event.preventDefault(); }
    else if (event.key === "n" && fresh && !fresh.hidden) fresh.click();
    else if (event.key === "?") help.showModal();
  });

  const ask = document.getElementById("ask-help");
  ask.hidden = false;
  ask.addEventListener("click", () => help.showModal());

  // Filters are open beside a wide list and folded above a narrow one.
  const fold = document.querySelector(".fold");
  if (fold) {
    const wide = window.matchMedia("(min-width: 60.01rem)");
    const fit = () => { fold.open = wide.matches; };
    fit();
    wide.addEventListener("change", fit);
  }
})();

// Tags that may be meant, below the search field: a combobox with a list (WAI-ARIA Authoring Practices, 1.2).
(() => {
  const find = document.getElementById("q");
  const list = document.getElementById("options");
  let chosen = -1;
  let asking = new AbortController();
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", "options"]]) find.setAttribute(name, value);

  function choose(place) {
    const all = Array.from(list.children);
    chosen = all.length ? (place + all.length + 1) % (all.length + 1) : -1; // one more place: the field itself
    if (chosen === all.length) chosen = -1;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
    if (chosen < 0) find.removeAttribute("aria-activedescendant");
    else { find.setAttribute("aria-activedescendant", all[chosen].id); all[chosen].scrollIntoView({ block: "nearest" }); }
  }

  function show(options) {
    list.replaceChildren(...options);
    list.hidden = !options.length;
    find.setAttribute("aria-expanded", String(!list.hidden));
    choose(-1);
  }

  async function suggest() {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const typed = find.value.trim();
    if (!typed || /["():*]/.test(typed)) { show([]); return; }
    await new Promise((done) => { setTimeout(done, 120); });
    if (signal.aborted) return;
    try {
      const found = await parts(`${list.dataset.from}&typed=${encodeURIComponent(typed)}`, "[role=option]", signal);
      if (!signal.aborted) show(found);
    } catch (error) { if (error.name !== "AbortError") show([]); }
  }

  show([]);
  find.addEventListener("input", suggest);
  find.addEventListener("blur", () => { asking.abort(); show([]); });
  find.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? list.children.length - 1 : chosen - 1);
    else if (event.key === "Escape") show([]);
    else if (event.key === "Enter" && chosen >= 0) window.location.assign(list.children[chosen].dataset.href);
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the keyboard
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) window.location.assign(option.dataset.href);
  });
})();

// Rows that arrive while the page is open.
(() => {
  const list = document.getElementById("list");
  if (!list || !list.dataset.live || !window.EventSource) return;
  const lamp = document.getElementById("live");
  const button = document.getElementById("new");
  const waiting = new Map();

  function shine(on) {
    lamp.hidden = false;
    lamp.classList.toggle("off", !on);
    lamp.textContent = on ? lamp.dataset.on : lamp.dataset.off;
  }

  function section(row) {
    const day = row.dataset.day;
    const sections = Array.from(list.querySelectorAll(".day"));
    const same = sections.find((one) => one.dataset.day === day);
    if (same) return same;
    const made = document.createElement("section");
    made.className = "day";
    made.dataset.day = day;
    const heading = document.createElement("h2");
    heading.textContent = row.dataset.label;
    made.append(heading);
    const after = sections.find((one) => one.dataset.day < day);
    list.insertBefore(made, after || list.querySelector(".pages"));
    return made;
  }

  function put(row) {
    const before = document.getElementById(row.id);
    if (row.dataset.day) {
      const place = section(row);
      const at = row.querySelector("time").dateTime;
      const later = Array.from(place.querySelectorAll(".row")).find((one) => one !== before && one.querySelector("time").dateTime <= at);
      if (before) before.remove();
      place.insertBefore(row, later && later.isConnected ? later : null);
    } else if (before) { before.replaceWith(row); return; } // told already: only its state may be another
    else list.querySelector(".ledger").prepend(row);
    row.classList.add("fresh");
    for (const empty of list.querySelectorAll(".empty")) empty.remove();
    for (const day of list.querySelectorAll(".day")) if (!day.querySelector(".row")) day.remove();
  }

  function show() {
    for (const row of waiting.values()) put(row);
    waiting.clear();
    button.hidden = true;
  }

  button.addEventListener("click", () => { show(); window.scrollTo({ top: 0 }); });

  async function arrive(told) {
    const id = told.alert_id || (list.dataset.view === "articles" ? told.id : told.story || told.id);
    const [row] = await parts(`${list.dataset.row}${encodeURIComponent(id)}?${list.dataset.query}`, ".row");
    if (!row) return;
    const stays = !row.dataset.day && document.getElementById(row.id);
    if (window.scrollY < 200 || stays) { put(row); return; }
    waiting.set(row.id, row); // what a person reads must not move away under the eyes
    button.textContent = button.dataset.text.replace("#", String(waiting.size));
    button.hidden = false;
  }

  const stream = new EventSource(list.dataset.live);
  stream.addEventListener("open", () => shine(true));
  stream.addEventListener("error", () => shine(false));
  stream.addEventListener("reset", () => window.location.reload());
  stream.addEventListener(list.dataset.event, (event) => { arrive(JSON.parse(event.data)); });
  window.addEventListener("pagehide", () => stream.close());
})();
