// --- match explorer: which matches are listed, and the chosen one side by side ---------------------------------------

const filter = { source: -1, benchmark: -1, outcome: "all", words: "" };
const CHUNK = 150;
let listed = [], drawn = 0, chosen = -1;

const outcomeOf = (match) => (match.hit ? "hit" : "near");

function haystack(match) {
  if (match.haystack === undefined) {
    const texts = [...match.turns, match.text].flatMap((side) => side.pieces.map(([, place]) => data.pool[place]));
    match.haystack = [match.doc, match.item, match.why, match.verdict, match.label, ...texts].join("\n").toLowerCase();
  }
  return match.haystack;
}

function show(s, b) {
  const again = filter.source === s && filter.benchmark === b;
  setFilter({ source: again ? -1 : s, benchmark: again ? -1 : b, outcome: "all", words: "" });
  if (!again) byId("matches").scrollIntoView();
}

function setFilter(changed) {
  Object.assign(filter, changed);
  byId("by-source").value = filter.source;
  byId("by-benchmark").value = filter.benchmark;
  if (byId("search").value !== filter.words) byId("search").value = filter.words;
  for (const radio of document.getElementsByName("outcome")) radio.checked = radio.value === filter.outcome;
  byId("clear").hidden = filter.source < 0 && filter.benchmark < 0 && filter.outcome === "all" && !filter.words;
  refresh();
  markCell();
}

function markCell() {
  for (const cell of document.querySelectorAll(".cell"))
    cell.setAttribute("aria-pressed", String(Number(cell.dataset.s) === filter.source && Number(cell.dataset.b) === filter.benchmark));
}

function refresh() {
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  listed = data.matches.filter((match) => (filter.source < 0 || match.s === filter.source)
    && (filter.benchmark < 0 || match.b === filter.benchmark)
    && (filter.outcome === "all" || outcomeOf(match) === filter.outcome)
    && words.every((word) => haystack(match).includes(word)));
  drawn = 0;
  chosen = -1;
  byId("list").replaceChildren();
  byId("list").scrollTop = 0;
  byId("list").removeAttribute("aria-activedescendant");
  drawMore();
  if (listed.length) choose(0, false);
  else {
    byId("list").append(el("p", { class: "empty", text: nothing() }));
    byId("pair").replaceChildren();
  }
  sayCounts();
}

// Of how many stored matches: the pairs' own figures, which are complete, whatever of them is in this file.
function sayCounts() {
  let stored = 0;
  for (const [s, b, , , , hits, near] of data.cells)
    if ((filter.source < 0 || s === filter.source) && (filter.benchmark < 0 || b === filter.benchmark))
      stored += (filter.outcome === "near" ? 0 : hits) + (filter.outcome === "hit" ? 0 : near);
  if (filter.source < 0 && filter.benchmark < 0)
    stored = (filter.outcome === "near" ? 0 : data.hits) + (filter.outcome === "hit" ? 0 : data.near);
  const here = data.matches.filter((match) => (filter.source < 0 || match.s === filter.source)
    && (filter.benchmark < 0 || match.b === filter.benchmark)
    && (filter.outcome === "all" || outcomeOf(match) === filter.outcome)).length;
  const matches = (n) => `${number(n)} ${n === 1 ? "match" : "matches"}`;
  byId("count").textContent = filter.words ? `${matches(listed.length)} with these words, of ${number(here)}` : matches(listed.length) + (stored > here ? ` of ${number(stored)}` : "");
  const rest = byId("rest");
  rest.replaceChildren();
  if (stored > here)
    rest.append(`${number(stored - here)} more ${stored - here === 1 ? "match is" : "matches are"} not in this file, which shows the worst of every source and benchmark. Ask for all: `, el("code", { text: query() }));
}

function nothing() {
  if (!(data.hits + data.near)) return "No row comes near any item.";
  return filter.words ? "No match here has these words." : "None of these matches is in this file.";
}

function query() {
  const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
  const where = [];
  if (filter.source >= 0) where.push(`source = ${quoted(data.sources[filter.source])}`);
  if (filter.benchmark >= 0) where.push(`benchmark = ${quoted(data.benchmarks[filter.benchmark].name)}`);
  if (filter.outcome !== "all") where.push(filter.outcome === "hit" ? "hit" : "NOT hit");
  return `curate sql . "SELECT * FROM worst_matches${where.length ? ` WHERE ${where.join(" AND ")}` : ""}"`;
}

function drawMore() {
  const rows = listed.slice(drawn, drawn + CHUNK).map((match, offset) => {
    const at = drawn + offset;
    return el("div", { class: match.hit ? "row" : "row miss", role: "option", id: `match-${at}`, "aria-selected": "false", onclick: () => choose(at, true) },
      el("b", { text: `${Math.round(100 * match.score)} %` }), el("span", { text: clean(match.item) }), el("span", { text: clean(match.doc) }));
  });
  byId("list").append(...rows);
  drawn += rows.length;
}

function choose(at, scroll) {
  while (at >= drawn && drawn < listed.length) drawMore();
  const list = byId("list"), old = byId(`match-${chosen}`), row = byId(`match-${at}`);
  if (old) old.setAttribute("aria-selected", "false");
  row.setAttribute("aria-selected", "true");
  list.setAttribute("aria-activedescendant", row.id);
  chosen = at;
  if (scroll) row.scrollIntoView({ block: "nearest" });
  drawPair(listed[at]);
}

function walkList(event) {
  const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, PageDown: 8, PageUp: -8, Home: -listed.length, End: listed.length }[event.key];
  if (!step || !listed.length || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  choose(Math.min(listed.length - 1, Math.max(0, chosen + step)), true);
}

// --- the chosen pair --------------------------------------------------------------------------------------------------

const FATES = { kept: "is kept", removed: "was removed", duplicate: "was dropped as a duplicate", quarantined: "is quarantined", "not-sampled": "was not drawn" };

function drawPair(match) {
  const outcome = el("div", { class: "outcome" }, el("strong", { text: match.hit ? "hit" : "near miss" }),
    el("span", { text: `${(100 * match.score).toFixed(1)} % of the item is covered` }), el("span", { text: `matcher ${match.matcher}` }),
    match.label && el("span", { text: `label: ${match.label}` }), match.verdict && el("span", { text: `verdict: ${clean(match.verdict)}` }));
  const fate = (FATES[match.fate] || match.fate) + (match.copies > 1 ? `, written ${number(match.copies)} times` : "");
  const decision = el("p", { class: "decision", text: `The row ${fate}${match.why ? ` · ${clean(match.why)}` : ""}` });
  const turns = match.turns.flatMap((side) => [
    el("p", { class: "turn", text: `turn ${side.turn}${side.role ? ` · ${side.role}` : ""} · ${characters(side.length)}` }), drawText(side)]);
  if (match.moreTurns) turns.push(el("p", { class: "turn", text: `${number(match.moreTurns)} more ${match.moreTurns === 1 ? "turn" : "turns"} that share nothing` }));
  const row = el("div", {}, el("h4", { text: "Training row" }), ...turns);
  const { role } = data.benchmarks[match.b];
  const item = el("div", {}, el("h4", { text: "Benchmark item" }), el("p", { class: "turn", text: `${role} · ${characters(match.text.length)}` }), drawText(match.text));
  const more = match.moreSpans ? el("p", { class: "turn", text: `${number(match.moreSpans)} more shared pieces are not marked` }) : null;
  byId("pair").replaceChildren(el("h3", { text: `${clean(match.doc)} ↔ ${clean(match.item)}` }), outcome, decision, el("div", { class: "sides" }, row, item),
    ...(more ? [more] : []), el("p", { class: "command" }, "The whole path of the row: ", el("code", { text: `curate why . ${/^[\w./#-]+$/.test(match.doc) ? match.doc : `'${match.doc.replaceAll("'", "'\\''")}'`}` })));
  byId("pair").scrollTop = 0;
}

const characters = (n) => `${number(n)} ${n === 1 ? "character" : "characters"}`;

function drawText(side) {
  const box = el("div", { class: side.spans.length ? "text" : "text aside", dir: "auto" });
  let at = 0;
  const left = (n) => n > 0 && box.append(el("span", { class: "cut", text: `… ${characters(n)} left out …` }));
  for (const [first, place] of side.pieces) {
    left(first - at);
    // Positions are code points; a string here counts UTF-16 units.
    const points = Array.from(data.pool[place]);
    let from = first;
    const stop = first + points.length, write = (to, parent) => { if (to > from) parent.append(...readable(points.slice(from - first, to - first).join(""))); from = Math.max(from, to); };
    for (const [a, b] of side.spans) {
      if (b <= from || a >= stop) continue;
      write(Math.max(a, first), box);
      const mark = el("mark");
      write(Math.min(b, stop), mark);
      box.append(mark);
    }
    write(stop, box);
    at = stop;
  }
  left(side.length - at);
  if (!side.length) box.append(el("span", { class: "cut", text: "empty" }));
  return box;
}

// Characters that cannot be seen, or that turn the text around them, are shown by their number.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;
const code = (char) => `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
const clean = (text) => text.replace(HIDDEN, (char) => (char === "\r" ? "" : code(char)));

function readable(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(HIDDEN)) {
    nodes.push(text.slice(at, found.index));
    if (found[0] !== "\r") nodes.push(el("span", { class: "control", text: code(found[0]) }));
    at = found.index + found[0].length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

function explorer() {
  const [sources, benchmarks] = [0, 1].map((side) => new Set(data.cells.map((cell) => cell[side])));
  options(byId("by-source"), "all sources", data.sources.map((name, place) => [place, name]).filter(([place]) => sources.has(place)));
  options(byId("by-benchmark"), "all benchmarks", data.benchmarks.map(({ name }, place) => [place, name]).filter(([place]) => benchmarks.has(place)));
  byId("by-source").addEventListener("change", (event) => setFilter({ source: Number(event.target.value) }));
  byId("by-benchmark").addEventListener("change", (event) => setFilter({ benchmark: Number(event.target.value) }));
  byId("search").addEventListener("input", (event) => setFilter({ words: event.target.value }));
  byId("clear").addEventListener("click", () => setFilter({ source: -1, benchmark: -1, outcome: "all", words: "" }));
  for (const radio of document.getElementsByName("outcome")) radio.addEventListener("change", () => setFilter({ outcome: radio.value }));
  for (const chip of document.querySelectorAll(".chip")) chip.addEventListener("click", () => show(Number(chip.dataset.s), Number(chip.dataset.b)));
  byId("list").addEventListener("keydown", walkList);
  byId("list").addEventListener("scroll", ({ target }) => { if (target.scrollTop + target.clientHeight > target.scrollHeight - 400) drawMore(); });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=search], select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); byId("search").focus(); }
    if (event.key === "Escape" && event.target === byId("search")) { setFilter({ words: "" }); byId("list").focus(); }
  });
  setFilter({});
}

theme();
funnel();
if (byId("heat")) { explorer(); heat(); }
