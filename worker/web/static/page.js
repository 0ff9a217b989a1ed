// Keys and live rows. Everything works without this file; it adds speed. Nothing is ever written as markup from data:
// rows come from our own server, already escaped, and are taken out of a parsed document.
"use strict";

(() => {
  const rows = () => Array.from(document.querySelectorAll(".row[tabindex], .card[tabindex]"));
  const find = document.getElementById("q");
  const keys = document.querySelector(".keys");

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
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const writing = event.target.closest("input, textarea, select");
    if (event.key === "Escape" && writing) { writing.blur(); return; }
    if (writing) return;
    if (event.key === "j" || event.key === "k") { move(event.key === "j" ? 1 : -1); event.preventDefault(); }
    else if (event.key === "Enter" || event.key === "o") { if (open()) event.preventDefault(); }
    else if (event.key === "/" && find) { find.focus(); find.select(); event.preventDefault(); }
    else if (event.key === "?" && keys) { keys.hidden = !keys.hidden; if (!keys.hidden) keys.scrollIntoView(); }
  });

  // Filters are open beside a wide list and folded above a narrow one.
  const fold = document.querySelector(".fold");
  if (fold) {
    const wide = window.matchMedia("(min-width: 60.01rem)");
    const fit = () => { fold.open = wide.matches; };
    fit();
    wide.addEventListener("change", fit);
  }

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
    const place = section(row);
    const at = row.querySelector("time").dateTime;
    const later = Array.from(place.querySelectorAll(".row")).find((one) => one !== before && one.querySelector("time").dateTime <= at);
    if (before) before.remove();
    place.insertBefore(row, later && later.isConnected ? later : null);
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

  async function arrive(article) {
    const id = list.dataset.view === "articles" ? article.id : article.story || article.id;
    const answer = await fetch(`${list.dataset.row}${encodeURIComponent(id)}?${list.dataset.query}`);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const row = document.importNode(page.querySelector(".row"), true);
    if (window.scrollY < 200) { put(row); return; }
    waiting.set(row.id, row); // what a person reads must not move away under the eyes
    button.textContent = button.dataset.text.replace("#", String(waiting.size));
    button.hidden = false;
  }

  const stream = new EventSource(list.dataset.live);
  stream.addEventListener("open", () => shine(true));
  stream.addEventListener("error", () => shine(false));
  stream.addEventListener("reset", () => window.location.reload());
  stream.addEventListener("article", (event) => { arrive(JSON.parse(event.data)); });
  window.addEventListener("pagehide", () => stream.close());
})();
