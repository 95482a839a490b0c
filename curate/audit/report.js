"use strict";
// Draws what a table in the page cannot: heat map and (matches.js) the explorer. Text from the data is only ever
// set as text.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const number = (n) => n.toLocaleString("en-US");

function el(tag, given = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key === "text") node.textContent = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function options(select, first, names) {
  select.append(el("option", { value: "-1", text: first }));
  for (const [place, name] of names) select.append(el("option", { value: place, text: name }));
}

function percent(rate) {
  const value = 100 * rate;
  return value > 0 && value < 0.005 ? "<0.01" : value >= 9.95 ? value.toFixed(0) : value.toFixed(value >= 0.995 ? 1 : 2);
}

function theme() {
  const root = document.documentElement, button = byId("theme");
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const say = () => button.setAttribute("aria-pressed", String(dark()));
  try { root.dataset.theme = localStorage.getItem("curate-theme") || ""; } catch { /* a file may have no storage */ }
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("curate-theme", root.dataset.theme); } catch { /* then it lasts until the page closes */ }
    say();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
  say();
}

function funnel() {
  const select = byId("funnel-source");
  if (!select) return;
  const drawn = [...document.querySelectorAll("[data-funnel]")];
  options(select, "all sources", data.sources.slice(0, drawn.length - 1).map((name, place) => [place, name]));
  select.addEventListener("change", () => drawn.forEach((one) => { one.hidden = Number(one.dataset.funnel) !== Number(select.value) + 1; }));
}

theme();
funnel();
