// --- match explorer: which matches are listed, and the chosen one side by side ---------------------------------------

const NOTHING = { source: -1, benchmark: -1, matcher: -1, label: -1, outcome: "all", words: "" };
const LABELS = ["leak", "variant", "other question", "suspect", "template", "none"];
const filter = { ...NOTHING };
const CHUNK = 150;
let listed = [], drawn = 0, chosen = -1;

const OUTCOMES = { strong: ["strong hit", "strong hits"], weak: ["weak hit", "weak hits"], near: ["near miss", "near misses"] };
// What found a pair: matcher, score, whether it is a hit, whether it counts, and its label. The strongest stands first.
const labelOf = (label) => LABELS.indexOf(label || "none");
const found = (match, m, label) => match.by.some((one) => (m < 0 || one[0] === m) && (label < 0 || labelOf(one[4]) === label));

function haystack(match) {
  if (match.haystack === undefined) {
    const texts = [...match.turns, match.text].flatMap((side) => side.pieces.map(([, place]) => data.pool[place]));
    match.haystack = [match.doc, match.item, match.why, match.verdict, ...match.by.flatMap((one) => [data.matchers[one[0]], one[4]]), ...texts].join("\n").toLowerCase();
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
  return data.matches.filter((match) => takes("source", match.s) && takes("benchmark", match.b)
    && found(match, filter.matcher, filter.label) && (filter.outcome === "all" || match.outcome === filter.outcome));
}

// Of how many stored pairs: their own figures, which are complete, whatever of them is in this file.
function storedInAll() {
  const sum = (counts) => Object.keys(OUTCOMES).reduce((n, outcome, at) => n + (filter.outcome === "all" || filter.outcome === outcome ? counts[at] : 0), 0);
  if (filter.matcher < 0 && filter.label < 0) {
    if (filter.source < 0 && filter.benchmark < 0) return sum(Object.keys(OUTCOMES).map((outcome) => data.outcomes[outcome]));
    return data.cells.reduce((n, [s, b, , , , , , ...counts]) => n + (takes("source", s) && takes("benchmark", b) ? sum(counts) : 0), 0);
  }
  // Of very many kinds the file has no figures; then only what is here is counted.
  return (data.kinds || []).reduce((n, [s, b, outcome, kind, pairs]) => n + (takes("source", s) && takes("benchmark", b)
    && (filter.outcome === "all" || filter.outcome === outcome)
    && kind.some(([m, label]) => takes("matcher", m) && takes("label", LABELS.indexOf(label))) ? pairs : 0), 0);
}

function sayCounts() {
  const stored = storedInAll(), here = chosenHere().length;
  const matches = (n) => `${number(n)} ${n === 1 ? "pair" : "pairs"}`;
  byId("count").textContent = filter.words ? `${matches(listed.length)} with these words, of ${number(here)}` : matches(listed.length) + (stored > here ? ` of ${number(stored)}` : "");
  const rest = byId("rest");
  rest.replaceChildren();
  if (stored > here)
    rest.append(`${number(stored - here)} more ${stored - here === 1 ? "pair is" : "pairs are"} not in this file, which shows the worst of every source and benchmark. Ask for all: `, el("code", { text: query() }));
}

function nothing() {
  if (!Object.values(data.outcomes).some(Boolean)) return "No row comes near any item.";
  if (filter.words) return "No pair here has these words.";
  return storedInAll() ? "None of these pairs is in this file." : "There is no such pair.";
}

function query() {
  const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
  const where = [];
  if (filter.source >= 0) where.push(`source = ${quoted(data.sources[filter.source])}`);
  if (filter.benchmark >= 0) where.push(`benchmark = ${quoted(data.benchmarks[filter.benchmark].name)}`);
  if (filter.matcher >= 0) where.push(`matcher = ${quoted(data.matchers[filter.matcher])}`);
  if (filter.label >= 0) where.push(LABELS[filter.label] === "none" ? "label IS NULL" : `label = ${quoted(LABELS[filter.label])}`);
  if (filter.outcome !== "all") where.push(filter.outcome === "near" ? "NOT hit" : "hit");
  return `curate sql . "SELECT * FROM worst_matches${where.length ? ` WHERE ${where.join(" AND ")}` : ""}"`;
}

function drawMore() {
  const rows = listed.slice(drawn, drawn + CHUNK).flatMap((match, offset) => {
    const at = drawn + offset, first = !at || listed[at - 1].outcome !== match.outcome;
    const row = el("div", { class: match.outcome === "strong" ? "row" : "row miss", role: "option", id: `match-${at}`, "aria-selected": "false", onclick: () => choose(at, true) },
      el("b", { text: share(match.by[0][1]) }), el("span", { text: clean(match.item) }), el("span", { text: clean(match.doc) }),
      el("div", { class: "badges" }, ...badges(match)));
    return first ? [el("p", { class: "group", role: "presentation", text: OUTCOMES[match.outcome][1] }), row] : [row];
  });
  byId("list").append(...rows);
  drawn += rows.filter((row) => row.classList.contains("row")).length;
}

const share = (score) => `${Math.round(100 * score)}\u00a0%`;
const badge = (kind, word, said = word) => el("em", { class: `badge ${kind}-${word.replace(/[^a-z-]/g, "")}`, title: kind, text: clean(said) });

// What found it, how it is labelled, and what a person said: small words, each with its kind as a tip.
function badges(match) {
  const matchers = data.matchers.length > 1 ? match.by.map((one) => badge("matcher", data.matchers[one[0]])) : [];
  const labels = new Set(match.by.filter((one) => one[4]).map((one) => one[4]));
  return [...matchers, ...[...labels].map((label) => badge("label", label)), ...verdictOf(match)];
}

const verdictOf = (match) => (match.verdict ? [badge("verdict", match.verdict, `judged ${match.verdict}`)] : []);

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
  const own = new Set(match.own === undefined ? [] : data.pool[match.own].split(" "));
  const outcome = el("div", { class: "outcome" }, el("strong", { text: OUTCOMES[match.outcome][0] }), el("span", { text: rests(match, own) }), ...verdictOf(match));
  const fate = (FATES[match.fate] || match.fate) + (match.copies > 1 ? `, written ${number(match.copies)} times` : "");
  const decision = el("p", { class: "decision", text: `The row ${fate}${match.why ? ` · ${clean(match.why)}` : ""}` });
  const opinions = el("div", { class: "opinions" }, ...match.by.map(opinion));
  const turns = match.turns.flatMap((side) => [
    el("p", { class: "turn", text: `turn ${side.turn}${side.role ? ` · ${side.role}` : ""} · ${characters(side.length)}` }), drawText(side, own)]);
  if (match.moreTurns) turns.push(el("p", { class: "turn", text: `${number(match.moreTurns)} more ${match.moreTurns === 1 ? "turn" : "turns"} that share nothing` }));
  const row = el("div", {}, el("h4", { text: "Training row" }), ...turns);
  const { role } = data.benchmarks[match.b];
  const item = el("div", {}, el("h4", { text: "Benchmark item" }), el("p", { class: "turn", text: `${role} · ${characters(match.text.length)}` }), drawText(match.text, own));
  const more = match.moreSpans ? el("p", { class: "turn", text: `${number(match.moreSpans)} more shared pieces are not marked` }) : null;
  byId("pair").replaceChildren(el("h3", { text: `${clean(match.doc)} ↔ ${clean(match.item)}` }), outcome, opinions, decision, el("div", { class: "sides" }, row, item),
    ...(more ? [more] : []), el("p", { class: "command" }, "The whole path of the row: ", el("code", { text: `curate why . ${/^[\w./#-]+$/.test(match.doc) ? match.doc : `'${match.doc.replaceAll("'", "'\\''")}'`}` })));
  byId("pair").scrollTop = 0;
}

// What one matcher says: its score on a bar from 0 to 1, with a tick at its threshold.
function opinion([m, score, hit, counts, label]) {
  const threshold = data.thresholds[m], bar = el("span", { class: counts ? "meter" : "meter quiet", "aria-hidden": "true" }, el("i"));
  bar.firstChild.style.width = `${100 * score}%`;
  if (threshold !== null) {
    bar.append(el("u"));
    bar.lastChild.style.left = `${100 * threshold}%`;
  }
  const over = threshold === null ? "" : `, ${hit ? "over" : "under"} its threshold of ${(100 * threshold).toFixed(0)}\u00a0%`;
  const words = `${(100 * score).toFixed(1)}\u00a0%${over}${hit && !counts ? ", does not count" : ""}`;
  return el("div", { class: "opinion" }, el("b", { text: clean(data.matchers[m]) }), bar, el("span", { text: words }), label ? badge("label", label) : null);
}

// What a pair rests on: the item's words that the row has, and how many of them few other items have.
function rests(match, own) {
  const { length, pieces, spans } = match.text;
  if (!spans.length || pieces.length !== 1 || Array.from(data.pool[pieces[0][1]]).length !== length) return "";
  const points = Array.from(data.pool[pieces[0][1]]), words = (text) => text.toLowerCase().match(WORD) || [];
  const shared = spans.flatMap(([a, b]) => words(points.slice(a, b).join(""))), all = words(points.join(""));
  const rare = shared.filter((word) => own.has(word)).length;
  return `the row has ${number(shared.length)} of the item’s ${number(all.length)} words${own.size ? `, ${number(rare)} of them its own` : ""}`;
}

const WORD = /[\p{L}\p{N}_]+/gu;

const characters = (n) => `${number(n)} ${n === 1 ? "character" : "characters"}`;

function drawText(side, own) {
  const box = el("div", { class: side.spans.length ? "text" : "text aside", dir: "auto" });
  let at = 0;
  const left = (n) => n > 0 && box.append(el("span", { class: "cut", text: `… ${characters(n)} left out …` }));
  for (const [first, place] of side.pieces) {
    left(first - at);
    // Positions are code points; a string here counts UTF-16 units.
    const points = Array.from(data.pool[place]);
    let from = first;
    const stop = first + points.length, write = (to, parent, put = readable) => { if (to > from) parent.append(...put(points.slice(from - first, to - first).join(""))); from = Math.max(from, to); };
    for (const [a, b] of side.spans) {
      if (b <= from || a >= stop) continue;
      write(Math.max(a, first), box);
      const mark = el("mark");
      write(Math.min(b, stop), mark, (text) => weighed(text, own));
      box.append(mark);
    }
    write(stop, box);
    at = stop;
  }
  left(side.length - at);
  if (!side.length) box.append(el("span", { class: "cut", text: "empty" }));
  return box;
}

// Shared text with the item's own words set off from those of its template.
function weighed(text, own) {
  const nodes = [];
  let at = 0;
  for (const word of text.matchAll(WORD)) {
    if (!own.has(word[0].toLowerCase())) continue;
    nodes.push(...readable(text.slice(at, word.index)), el("b", {}, ...readable(word[0])));
    at = word.index + word[0].length;
  }
  return [...nodes, ...readable(text.slice(at))];
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
  const labels = new Set(data.kinds ? data.kinds.flatMap(([, , , kind]) => kind.map(([, label]) => label)) : data.matches.flatMap((match) => match.by.map((one) => one[4] || "none")));
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
