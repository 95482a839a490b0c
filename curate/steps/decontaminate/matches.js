// --- match explorer: which matches are listed, and the chosen one side by side ---------------------------------------

const NOTHING = { source: -1, benchmark: -1, matcher: -1, label: -1, outcome: "all", words: "" };
const LABELS = ["leak", "variant", "other question", "suspect", "template", "none"];
const filter = { ...NOTHING };
const CHUNK = 150;
let listed = [], drawn = 0, chosen = -1;

const outcomeOf = (match) => (match.hit ? "hit" : "near");
const labelOf = (match) => LABELS.indexOf(match.label || "none");

function haystack(match) {
  if (match.haystack === undefined) {
    const texts = [...match.turns, match.text].flatMap((side) => side.pieces.map(([, place]) => data.pool[place]));
    match.haystack = [match.doc, match.item, match.why, match.verdict, match.label, data.matchers[match.m], ...texts].join("\n").toLowerCase();
  }
  return match.haystack;
}

function show(s, b) {
  const again = filter.source === s && filter.benchmark === b;
  setFilter({ ...NOTHING, source: again ? -1 : s, benchmark: again ? -1 : b });
  if (!again) byId("matches").scrollIntoView();
}

function setFilter(changed) {
  Object.assign(filter, changed);
  for (const name of ["source", "benchmark", "matcher", "label"]) byId(`by-${name}`).value = filter[name];
  if (byId("search").value !== filter.words) byId("search").value = filter.words;
  for (const radio of document.getElementsByName("outcome")) radio.checked = radio.value === filter.outcome;
  byId("clear").hidden = Object.entries(NOTHING).every(([name, value]) => filter[name] === value);
  refresh();
  markCell();
}

function markCell() {
  for (const cell of document.querySelectorAll(".cell"))
    cell.setAttribute("aria-pressed", String(Number(cell.dataset.s) === filter.source && Number(cell.dataset.b) === filter.benchmark));
}

function refresh() {
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  listed = chosenHere().filter((match) => words.every((word) => haystack(match).includes(word)));
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

const takes = (name, value) => filter[name] < 0 || filter[name] === value;

function chosenHere() {
  return data.matches.filter((match) => takes("source", match.s) && takes("benchmark", match.b) && takes("matcher", match.m)
    && takes("label", labelOf(match)) && (filter.outcome === "all" || outcomeOf(match) === filter.outcome));
}

// Of how many stored matches: the pairs' own figures, which are complete, whatever of them is in this file.
function storedInAll() {
  const sum = (hits, near) => (filter.outcome === "near" ? 0 : hits) + (filter.outcome === "hit" ? 0 : near);
  if (filter.matcher < 0 && filter.label < 0) {
    if (filter.source < 0 && filter.benchmark < 0) return sum(data.hits, data.near);
    return data.cells.reduce((n, [s, b, , , , hits, near]) => n + (takes("source", s) && takes("benchmark", b) ? sum(hits, near) : 0), 0);
  }
  // Of very many kinds the file has no figures; then only what is here is counted.
  return (data.kinds || []).reduce((n, [s, b, m, label, hits, near]) => n + (takes("source", s) && takes("benchmark", b)
    && takes("matcher", m) && takes("label", LABELS.indexOf(label)) ? sum(hits, near) : 0), 0);
}

function sayCounts() {
  const stored = storedInAll(), here = chosenHere().length;
  const matches = (n) => `${number(n)} ${n === 1 ? "match" : "matches"}`;
  byId("count").textContent = filter.words ? `${matches(listed.length)} with these words, of ${number(here)}` : matches(listed.length) + (stored > here ? ` of ${number(stored)}` : "");
  const rest = byId("rest");
  rest.replaceChildren();
  if (stored > here)
    rest.append(`${number(stored - here)} more ${stored - here === 1 ? "match is" : "matches are"} not in this file, which shows the worst of every source and benchmark. Ask for all: `, el("code", { text: query() }));
}

function nothing() {
  if (!(data.hits + data.near)) return "No row comes near any item.";
  if (filter.words) return "No match here has these words.";
  return storedInAll() ? "None of these matches is in this file." : "There is no such match.";
}

function query() {
  const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
  const where = [];
  if (filter.source >= 0) where.push(`source = ${quoted(data.sources[filter.source])}`);
  if (filter.benchmark >= 0) where.push(`benchmark = ${quoted(data.benchmarks[filter.benchmark].name)}`);
  if (filter.matcher >= 0) where.push(`matcher = ${quoted(data.matchers[filter.matcher])}`);
  if (filter.label >= 0) where.push(LABELS[filter.label] === "none" ? "label IS NULL" : `label = ${quoted(LABELS[filter.label])}`);
  if (filter.outcome !== "all") where.push(filter.outcome === "hit" ? "hit" : "NOT hit");
  return `curate sql . "SELECT * FROM worst_matches${where.length ? ` WHERE ${where.join(" AND ")}` : ""}"`;
}

function drawMore() {
  const rows = listed.slice(drawn, drawn + CHUNK).map((match, offset) => {
    const at = drawn + offset;
    const small = badges(match, data.matchers.length > 1);
    return el("div", { class: match.counts ? "row" : "row miss", role: "option", id: `match-${at}`, "aria-selected": "false", onclick: () => choose(at, true) },
      el("b", { text: `${Math.round(100 * match.score)} %` }), el("span", { text: clean(match.item) }), el("span", { text: clean(match.doc) }),
      small.length ? el("div", { class: "badges" }, ...small) : null);
  });
  byId("list").append(...rows);
  drawn += rows.length;
}

// What found it, how it is labelled, and what a person said: small words, each with its kind as a tip.
function badges(match, matcher) {
  const badge = (kind, word, said = word) => el("em", { class: `badge ${kind}-${word.replace(/[^a-z-]/g, "")}`, title: kind, text: clean(said) });
  return [matcher && badge("matcher", data.matchers[match.m]), match.label && badge("label", match.label),
    match.verdict && badge("verdict", match.verdict, `judged ${match.verdict}`)].filter(Boolean);
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
    el("span", { text: `${(100 * match.score).toFixed(1)} %${data.matchers[match.m] === "ngram" ? " of the item is covered" : ""}` }), match.hit && !match.counts ? el("span", { text: "does not count" }) : null, ...badges(match, true));
  const fate = (FATES[match.fate] || match.fate) + (match.copies > 1 ? `, written ${number(match.copies)} times` : "");
  const decision = el("p", { class: "decision", text: `The row ${fate}${match.why ? ` · ${clean(match.why)}` : ""}` });
  const others = data.matches.filter((other) => other !== match && other.doc === match.doc && other.item === match.item);
  const also = others.length ? el("p", { class: "also" }, "Also found by ", ...others.map((other) => el("button", {
    type: "button", class: "chip", onclick: () => (listed.includes(other) ? choose(listed.indexOf(other), true) : drawPair(other)),
  }, el("span", { text: `${clean(data.matchers[other.m])} ` }), el("b", { text: `${Math.round(100 * other.score)} %` })))) : null;
  const turns = match.turns.flatMap((side) => [
    el("p", { class: "turn", text: `turn ${side.turn}${side.role ? ` · ${side.role}` : ""} · ${characters(side.length)}` }), drawText(side)]);
  if (match.moreTurns) turns.push(el("p", { class: "turn", text: `${number(match.moreTurns)} more ${match.moreTurns === 1 ? "turn" : "turns"} that share nothing` }));
  const row = el("div", {}, el("h4", { text: "Training row" }), ...turns);
  const { role } = data.benchmarks[match.b];
  const item = el("div", {}, el("h4", { text: "Benchmark item" }), el("p", { class: "turn", text: `${role} · ${characters(match.text.length)}` }), drawText(match.text));
  const more = match.moreSpans ? el("p", { class: "turn", text: `${number(match.moreSpans)} more shared pieces are not marked` }) : null;
  byId("pair").replaceChildren(el("h3", { text: `${clean(match.doc)} ↔ ${clean(match.item)}` }), outcome, decision, ...(also ? [also] : []), el("div", { class: "sides" }, row, item),
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

// A choice among one is none.
function few(id, first, names) {
  options(byId(id), first, names);
  byId(id).parentNode.hidden = names.length < 2;
}

function explorer() {
  const [sources, benchmarks] = [0, 1].map((side) => new Set(data.cells.map((cell) => cell[side])));
  options(byId("by-source"), "all sources", data.sources.map((name, place) => [place, name]).filter(([place]) => sources.has(place)));
  options(byId("by-benchmark"), "all benchmarks", data.benchmarks.map(({ name }, place) => [place, name]).filter(([place]) => benchmarks.has(place)));
  const labels = new Set((data.kinds || data.matches.map((match) => [, , , match.label || "none"])).map((kind) => kind[3]));
  few("by-matcher", "all matchers", data.matchers.map((name, place) => [place, name]));
  few("by-label", "all labels", LABELS.map((name, place) => [place, name === "none" ? "no label" : name]).filter(([place]) => labels.has(LABELS[place])));
  for (const name of ["source", "benchmark", "matcher", "label"])
    byId(`by-${name}`).addEventListener("change", (event) => setFilter({ [name]: Number(event.target.value) }));
  byId("search").addEventListener("input", (event) => setFilter({ words: event.target.value }));
  byId("clear").addEventListener("click", () => setFilter(NOTHING));
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

if (byId("heat")) { explorer(); heat(); }
