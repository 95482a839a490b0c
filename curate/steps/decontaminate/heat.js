// --- heat map -------------------------------------------------------------------------------------------------------

function heat() {
  const toggle = byId("heat-quiet"), all = data.sources.length * data.benchmarks.length;
  const sources = new Set(data.cells.map((cell) => cell[0])), benchmarks = new Set(data.cells.map((cell) => cell[1]));
  const quiet = [data.benchmarks.length - benchmarks.size, data.sources.length - sources.size];
  byId("heat-quiet-label").hidden = !data.cells.length || (!quiet[0] && !quiet[1]);
  const words = [[quiet[0], "benchmark"], [quiet[1], "source"]].filter(([n]) => n);
  byId("heat-quiet-text").textContent = `also show ${words.map(([n, noun]) => `${number(n)} ${noun}${n > 1 ? "s" : ""}`).join(" and ")} without any overlap`;
  toggle.checked = !data.cells.length || all <= 400;
  const draw = () => drawHeat(toggle.checked ? null : [sources, benchmarks]);
  toggle.addEventListener("change", draw);
  byId("heat-rest").textContent = data.nCells > data.cells.length
    ? `${number(data.nCells - data.cells.length)} pairs with an overlap are not in this table: curate sql . contamination` : "";
  byId("heat-map").addEventListener("keydown", walkHeat);
  draw();
}

// The surest overlap first, in both directions, so that the worst is on a small screen too.
function worst(side) {
  const most = new Map();
  for (const cell of data.cells) {
    const [, , overlapped, , , low, , strong, weak] = cell, weight = low * 1e6 + overlapped + (strong + weak ? 1e-3 : 0);
    most.set(cell[side], Math.max(most.get(cell[side]) || 0, weight + 1e-6));
  }
  return (a, b) => (most.get(b) || 0) - (most.get(a) || 0) || a - b;
}

function drawHeat(only) {
  const shown = (side, n) => [...Array(n).keys()].filter((place) => !only || only[side].has(place)).sort(worst(side));
  const rows = shown(0, data.sources.length), columns = shown(1, data.benchmarks.length);
  const cells = new Map(data.cells.map((cell) => [`${cell[0]} ${cell[1]}`, cell]));
  const head = el("tr", {}, el("td", { class: "corner" }), ...columns.map((b) => {
    const { name, role } = data.benchmarks[b];
    return el("th", { scope: "col", title: `${name}, ${role}, ${number(data.benchmarks[b].items)} items` },
      el("span", { text: name }), el("em", { text: role === "unseen" ? "unseen" : "dev" }));
  }));
  const body = rows.map((s) => el("tr", {}, el("th", { scope: "row", text: data.sources[s], title: data.sources[s] }),
    ...columns.map((b) => el("td", {}, cells.has(`${s} ${b}`) ? heatCell(cells.get(`${s} ${b}`)) : "·"))));
  byId("heat-map").replaceChildren(el("table", { class: columns.length > 6 ? "heat" : "heat few" }, el("thead", {}, head), el("tbody", {}, ...body)));
  const first = document.querySelector(".cell");
  if (first) first.tabIndex = 0;
  markCell();
}

function heatCell([s, b, overlapped, flagged, documents, low, high, strong, weak, near]) {
  const items = data.benchmarks[b].items, rate = overlapped / items;
  const warmth = low ? 8 + 92 * Math.min(1, Math.max(0, Math.log10(low * 1000) / 3)) : 0;
  const words = overlapped
    ? `${number(overlapped)} of ${number(items)} items (${percent(rate)} %, ${percent(low)} to ${percent(high)}) hit by ${number(documents)} rows${flagged ? ", flagged" : ""}`
    : `${strong + weak ? `no hit that counts, ${number(strong + weak)} that ${strong + weak === 1 ? "does" : "do"} not` : "no hit"}, ${number(near)} near ${near === 1 ? "miss" : "misses"}`;
  const button = el("button", {
    type: "button", tabindex: "-1", "data-s": s, "data-b": b, text: overlapped ? percent(rate) : "0",
    class: ["cell", flagged && "flagged", !overlapped && "near", warmth > 78 ? "deep" : warmth > 62 && "mid"].filter(Boolean).join(" "),
    title: `${data.sources[s]} × ${data.benchmarks[b].name}: ${words}`,
    "aria-label": `${data.sources[s]}, ${data.benchmarks[b].name}: ${words}`,
    onclick: () => show(s, b),
  });
  button.style.setProperty("--heat", warmth.toFixed(1));
  return button;
}

// One cell is in the tab order; the arrow keys go to the next one in their direction.
function walkHeat(event) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  const from = event.target.closest(".cell");
  if (!step || !from) return;
  event.preventDefault();
  const cell = from.parentNode, rows = [...cell.closest("tbody").rows];
  let y = rows.indexOf(cell.parentNode), x = cell.cellIndex;
  for (;;) {
    y += step[0]; x += step[1];
    const next = rows[y] && x > 0 ? rows[y].cells[x] : undefined;
    if (!next) return;
    const button = next.querySelector(".cell");
    if (!button) continue;
    from.tabIndex = -1;
    button.tabIndex = 0;
    button.focus();
    return;
  }
}
