// SPDX-License-Identifier: MIT
// The report's page: unpacks what the command packed (pack.c, collect*.c) and
// draws it. Nothing is fetched; everything is made of text nodes, so that
// nothing that a recording says becomes markup.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const hex = (n) => n.toString(16);
const CLASSES = [
	["no memory", "#ffffff"], ["the hypervisor's", "#afb8c1"],
	["free", "#eaeef2"], ["read-only or unmapped", "#b6d7ff"],
	["writable", "#8fd19e"], ["L1", "#f9c74f"], ["L2", "#f3722c"],
	["L3", "#c9184a"], ["L4", "#7209b7"], ["descriptors", "#5e3023"],
	["P2M", "#2a9d8f"], ["lent", "#577590"]];
// What is rare wins a cell that holds several.
const RANK = [0, 1, 2, 3, 4, 6, 8, 9, 10, 11, 5, 7];
const EVENTS = { 3: "becomes", 4: "taken down", 5: "pinned", 6: "unpinned",
	7: "left the domain", 8: "came to the domain", 10: "judged as" };
const TYPES = ["no type", "L1", "L2", "L3", "L4", "descriptor page",
	"last L2", "writable"];

function el(tag, text, attributes) {
	const e = document.createElement(tag);
	if (text !== undefined) e.textContent = text;
	Object.assign(e, attributes || {});
	return e;
}

class Reader {
	constructor(text) {
		const s = atob(text);
		this.bytes = new Uint8Array(s.length);
		for (let i = 0; i < s.length; i++) this.bytes[i] = s.charCodeAt(i);
		this.at = 0;
	}
	more() { return this.at < this.bytes.length; }
	byte() { return this.bytes[this.at++]; }
	number() {
		let n = 0, scale = 1, b;
		do {
			b = this.bytes[this.at++];
			n += (b & 127) * scale;
			scale *= 128;
		} while (b & 128);
		return n;
	}
	signed() {
		const n = this.number();
		return n % 2 ? -(n + 1) / 2 : n / 2;
	}
}

// --- the map, moment by moment ---------------------------------------------

const frames = data.frames;
const classOf = new Uint8Array(frames);
const changes = [];
{
	const r = new Reader(data.changes);
	while (r.more()) {
		const of = [];
		let at = 0, nr;
		while ((nr = r.number()) !== 0) {
			at += r.number();
			of.push(at, nr, r.byte());
			at += nr;
		}
		changes.push(of);
	}
}
let shown = -1;
function moveTo(moment) {
	if (moment < shown) {
		classOf.fill(0);
		shown = -1;
	}
	while (shown < moment) {
		const of = changes[++shown];
		for (let i = 0; i < of.length; i += 3)
			classOf.fill(of[i + 2], of[i], of[i] + of[i + 1]);
	}
}

const map = $("map");
const COLUMNS = 180, ROWS = 80;
const group = Math.max(1, Math.ceil(frames / (COLUMNS * ROWS)));
const rows = Math.ceil(frames / (COLUMNS * group));
const cellW = map.width / COLUMNS;
const cellH = Math.max(2, Math.min(cellW * 2, Math.floor(map.height / rows)));
let chosen = -1;

function best(first, end) {
	let c = 0;
	for (let f = first; f < end; f++)
		if (RANK[classOf[f]] > RANK[c]) c = classOf[f];
	return c;
}

function drawMap() {
	const g = map.getContext("2d");
	g.clearRect(0, 0, map.width, map.height);
	for (let cell = 0; cell * group < frames; cell++) {
		const x = (cell % COLUMNS) * cellW;
		const y = Math.floor(cell / COLUMNS) * cellH;
		g.fillStyle = CLASSES[best(cell * group,
			Math.min(frames, (cell + 1) * group))][1];
		g.fillRect(x, y, cellW - 0.5, cellH - 0.5);
	}
	mark(g, data.refusals.length ?
		data.refusals[data.refusals.length - 1].frame : -1, "#cf222e");
	mark(g, chosen, "#000");
}

function mark(g, frame, colour) {
	if (frame < 0) return;
	const cell = Math.floor(frame / group);
	g.strokeStyle = colour;
	g.lineWidth = 2;
	g.strokeRect((cell % COLUMNS) * cellW - 1,
		Math.floor(cell / COLUMNS) * cellH - 1, cellW + 2, cellH + 2);
}

function drawLegend() {
	const nr = new Array(CLASSES.length).fill(0);
	for (let f = 0; f < frames; f++) nr[classOf[f]]++;
	const table = $("legend");
	table.replaceChildren();
	CLASSES.forEach(([name, colour], i) => {
		if (i === 0 && !nr[0]) return;
		const row = el("tr");
		const swatch = el("span", "", { className: "swatch" });
		swatch.style.background = colour;
		const first = el("td");
		first.append(swatch, " " + name);
		row.append(first, el("td", nr[i].toLocaleString("en"),
			{ className: "n" }));
		table.append(row);
	});
	const row = el("tr");
	row.append(el("td", "frames in a cell"), el("td", String(group),
		{ className: "n" }));
	table.append(row);
}

const slider = $("slider");
slider.max = changes.length - 1;
slider.value = data.last;
function moment() {
	const [operation, ms] = data.snapshots[slider.value] || [0, 0];
	moveTo(+slider.value);
	$("moment").textContent = operation.toLocaleString("en") +
		(ms ? ", " + ms.toFixed(1) + " ms" : "");
	drawMap();
	drawLegend();
	drawLine();
	if (chosen >= 0) zoom(chosen);
}
slider.addEventListener("input", moment);

// --- what is known of a frame at the end -----------------------------------

function runs(text, take) {
	const r = new Reader(text);
	let f = 0;
	while (r.more()) {
		const nr = r.number();
		take(r, f, nr);
		f += nr;
	}
}
const count = new Uint32Array(frames), typed = new Uint32Array(frames);
const pinned = new Uint8Array(frames), pfnOf = new Float64Array(frames);
runs(data.counts, (r, f, nr) => {
	const c = r.number(), t = r.number(), p = r.byte();
	count.fill(c, f, f + nr);
	typed.fill(t, f, f + nr);
	pinned.fill(p, f, f + nr);
});
runs(data.pfns, (r, f, nr) => {
	const first = r.number();
	for (let i = 0; i < nr; i++)
		pfnOf[f + i] = first === 0 ? -1 : first - 1 + i;
});

const tables = new Map();
{
	const r = new Reader(data.tables);
	while (r.more()) {
		const f = r.number(), level = r.byte();
		const index = [], to = [], flags = [];
		let at = 0, next = 0, d;
		while ((d = r.number()) !== 0) {
			at += d;
			next += r.signed();
			index.push(at - 1);
			to.push(next);
			flags.push(r.number());
			next++;
		}
		tables.set(f, { level, index, to, flags });
	}
}
const flagsOf = (n) => BigInt("0x" + (data.flags[n] || "0"));
const isWritable = (n) => (flagsOf(n) & 2n) !== 0n;
function entryText(to, n) {
	return "0x" + (BigInt(to) << 12n | flagsOf(n)).toString(16) +
		(isWritable(n) ? " writable" : " read-only");
}

// Tables that have an entry for the frame.
function holding(frame) {
	return [...tables].filter(([, t]) => t.to.includes(frame))
		.slice(0, 3).map(([f]) => f);
}

function holders(frame) {
	const found = [];
	for (const [f, t] of tables)
		for (let i = 0; i < t.to.length; i++)
			if (t.to[i] === frame)
				found.push("L" + t.level + " mfn " + hex(f) +
					"[" + t.index[i] + "] = " +
					entryText(frame, t.flags[i]));
	return found;
}

function history(frame) {
	const r = new Reader(data.events), found = [];
	let operation = 0, f = 0;
	while (r.more()) {
		operation += r.number();
		const kind = r.number();
		f += r.signed();
		if (f !== frame) continue;
		const what = EVENTS[kind >> 3] || "?";
		found.push(operation.toLocaleString("en") + ": " + what +
			(/as$|becomes/.test(what) ? " " + TYPES[kind & 7] : ""));
	}
	return found;
}

function list(title, lines, most) {
	const out = el("div");
	out.append(el("strong", title));
	const ul = el("ul", undefined, { className: "tree" });
	lines.slice(-most).forEach((line) => ul.append(el("li", line)));
	if (lines.length > most)
		ul.prepend(el("li", "... " + (lines.length - most) + " before"));
	if (!lines.length) ul.append(el("li", "nothing"));
	out.append(ul);
	return out;
}

function tell(frame) {
	const box = $("frame");
	const pfn = pfnOf[frame];
	box.replaceChildren(el("h3", "mfn " + hex(frame) +
		(pfn >= 0 ? ", pfn " + hex(pfn) : "") + ": " +
		CLASSES[classOf[frame]][0]));
	box.append(el("p", "At the end: " + count[frame] + " references, " +
		typed[frame] + " by type" + (pinned[frame] ? ", pinned" : "")));
	if (tables.has(frame)) {
		const a = el("a", "its entries, below");
		a.onclick = () => {
			showRoot(frame);
			$("tree").scrollIntoView();
		};
		box.append(a);
	}
	box.append(list("Named by, at the end", holders(frame), 40));
	box.append(list("History, by operation", history(frame), 60));
}

function zoom(frame) {
	chosen = frame;
	$("zoom").hidden = false;
	const canvas = $("cells"), g = canvas.getContext("2d");
	const first = Math.floor(frame / group) * group;
	const nr = Math.min(group, frames - first);
	const side = Math.ceil(Math.sqrt(nr)), size = canvas.width / side;
	g.clearRect(0, 0, canvas.width, canvas.height);
	for (let i = 0; i < nr; i++) {
		const x = (i % side) * size, y = Math.floor(i / side) * size;
		g.fillStyle = CLASSES[classOf[first + i]][1];
		g.fillRect(x, y, size - 1, size - 1);
		if (first + i === frame) {
			g.strokeStyle = "#000";
			g.lineWidth = 2;
			g.strokeRect(x + 1, y + 1, size - 3, size - 3);
		}
	}
	canvas.onclick = (e) => {
		const k = canvas.width / canvas.clientWidth;
		const i = Math.floor(e.offsetY * k / size) * side +
			Math.floor(e.offsetX * k / size);
		if (i < nr) zoom(first + i);
	};
	tell(frame);
}
map.addEventListener("click", (e) => {
	const k = map.width / map.clientWidth;
	const cell = Math.floor(e.offsetY * k / cellH) * COLUMNS +
		Math.floor(e.offsetX * k / cellW);
	if (cell * group < frames) {
		zoom(cell * group);
		drawMap();
	}
});

// --- requests through time --------------------------------------------------

const COLOURS = ["#0969da", "#2da44e", "#f9c74f", "#c9184a", "#7209b7",
	"#2a9d8f", "#f3722c", "#5e3023", "#577590", "#8c959f"];
// Where a moment is in the time line, 0 to 1.
function place(operation, ms) {
	return data.duration ? ms / data.duration :
		operation / Math.max(1, data.operations);
}
function drawLine() {
	const canvas = $("line"), g = canvas.getContext("2d");
	const n = data.refusedIn.length, w = canvas.width / n;
	const base = canvas.height - 20;
	const total = new Array(n).fill(0);
	data.kinds.forEach((k) => k.count.forEach((c, i) => total[i] += c));
	const most = Math.max(1, ...total);
	g.clearRect(0, 0, canvas.width, canvas.height);
	for (let i = 0; i < n; i++) {
		let y = base;
		data.kinds.forEach((k, j) => {
			const h = k.count[i] / most * (base - 24);
			g.fillStyle = COLOURS[j % COLOURS.length];
			g.fillRect(i * w, y - h, w - 0.5, h);
			y -= h;
		});
		if (data.refusedIn[i]) {
			g.fillStyle = "#cf222e";
			g.fillRect(i * w, base, w, 6);
		}
	}
	g.font = "12px sans-serif";
	data.phases.forEach(([name, operation, ms], i) => {
		const x = place(operation, ms) * canvas.width;
		g.fillStyle = "#1b1f24";
		g.fillRect(x, 0, 1, base);
		g.fillText(name + (ms ? " " + ms.toFixed(0) + " ms" : ""),
			Math.min(x + 4, canvas.width - 130), 12 + 13 * (i % 3));
	});
	const at = data.snapshots[slider.value] || [0, 0];
	g.fillStyle = "#cf222e";
	g.fillRect(Math.min(place(...at) * canvas.width, canvas.width - 2), 0,
		2, base);
}

function drawKinds() {
	const p = $("kinds");
	data.kinds.forEach((k, j) => {
		const swatch = el("span", "", { className: "swatch" });
		swatch.style.background = COLOURS[j % COLOURS.length];
		p.append(swatch, " " + k.name + " " +
			k.count.reduce((a, b) => a + b, 0).toLocaleString("en") +
			"   ");
	});
}

// --- tables -----------------------------------------------------------------

function isRefused(table, index) {
	return data.refusals.some((r) => r.table === table && r.index === index);
}
// The frame that a refusal was about: what names it may be what stood against.
function isAbout(frame) {
	return data.refusals.some((r) => r.frame === frame);
}

function node(frame, va) {
	const t = tables.get(frame), ul = el("ul");
	const shift = 12 + 9 * (t.level - 1);
	const refused = data.refusals.filter((r) => r.table === frame);
	refused.forEach((r) => {
		const li = el("li", "[" + r.index + "] refused: " + r.rule +
			", was to be " + r.entry, { className: "refused" });
		ul.append(li);
	});
	t.index.forEach((index, i) => {
		const to = t.to[i];
		let at = va + (BigInt(index) << BigInt(shift));
		if (t.level === 4 && index >= 256) at |= 0xffff000000000000n;
		const li = el("li");
		const line = el("span", "[" + index + "] " +
			at.toString(16).padStart(data.top === 4 ? 16 : 8, "0") + "  mfn " + hex(to) +
			"  " + entryText(to, t.flags[i]));
		if (isRefused(frame, index)) line.className = "refused";
		if (isAbout(to)) {
			line.className = "refused";
			line.append(" (the refused frame)");
		}
		li.append(line);
		if (t.level > 1 && tables.has(to)) {
			line.classList.add("open");
			line.onclick = () => {
				const open = li.querySelector("ul");
				if (open) open.remove();
				else li.append(node(to, at));
			};
		}
		ul.append(li);
	});
	return ul;
}

function showRoot(frame) {
	const tree = $("tree");
	tree.replaceChildren();
	if (!tables.has(frame)) {
		tree.append(el("li", "mfn " + hex(frame) +
			" is no table at the end"));
		return;
	}
	const li = el("li", "L" + tables.get(frame).level + " mfn " + hex(frame));
	li.append(node(frame, 0n));
	tree.append(li);
}

function roots() {
	const select = $("root");
	const add = (name, f) => {
		if (tables.has(f)) select.append(new Option(name + ", mfn " +
			hex(f), f));
	};
	data.refusals.slice(-3).reverse().forEach((r) => {
		if (r.table !== undefined) add("the refused entry's table", r.table);
		holding(r.frame).forEach((f) => add("names the refused frame", f));
	});
	data.roots.forEach(([name, kernel, user]) => {
		add(name + " kernel", kernel);
		if (user) add(name + " user", user);
	});
	for (const [f, t] of tables) if (t.level === data.top) add("L" + t.level, f);
	select.onchange = () => showRoot(+select.value);
	$("other").onchange = (e) => showRoot(parseInt(e.target.value, 16));
	if (select.options.length) showRoot(+select.value);
}

// --- words --------------------------------------------------------------------

function words() {
	const last = data.refusals[data.refusals.length - 1];
	const verdict = $("verdict");
	$("name").textContent = data.name;
	verdict.textContent = (data.end || "the recording ends") +
		(data.nrRefused ? "; " + data.nrRefused +
			" request" + (data.nrRefused === 1 ? "" : "s") +
			" refused, the last by " + last.rule : "");
	if (data.nrRefused || /crash|fault|exception/i.test(data.end))
		verdict.className = "bad";
	$("facts").textContent = data.operations.toLocaleString("en") +
		" operations, " + data.judged.toLocaleString("en") +
		" tables judged, " + (frames / 256).toLocaleString("en") +
		" MiB" + (data.duration ? ", " + data.duration.toFixed(0) +
			" ms" : "");
	$("why").hidden = !data.refusals.length;
	data.refusals.slice(-5).reverse().forEach((r) => {
		const div = el("div", undefined, { className: "reason" });
		div.append(el("strong", r.rule + " (" + r.invariant + "): " +
			r.sentence), el("br"), el("code", r.text), el("br"),
			"operation " + r.operation.toLocaleString("en") + " ");
		if (r.frame >= 0) {
			const a = el("a", "mfn " + hex(r.frame));
			a.onclick = () => { zoom(r.frame); drawMap(); };
			div.append(a);
		}
		$("reasons").append(div);
	});
}

function lab() {
	if (!data.lab.length) return;
	$("lab").hidden = false;
	$("history").textContent = data.lab_history;
	const table = $("policies"), head = el("tr");
	head.append(el("th", "step"));
	data.lab.forEach((p) => head.append(el("th", p.policy + " (" + p.world +
		")", { title: p.title })));
	table.append(head);
	data.steps.forEach((step, i) => {
		const row = el("tr");
		row.append(el("th", step));
		data.lab.forEach((p) => {
			const bad = p.step === i && p.outcome !== "right";
			row.append(el("td", bad ? p.outcome :
				i <= p.step ? "done" : "", {
				className: bad ? "failed" :
					i <= p.step ? "done" : "never",
				title: bad ? p.message : "" }));
		});
		table.append(row);
	});
	const row = el("tr");
	row.append(el("th", "hypercalls"));
	data.lab.forEach((p) => row.append(el("td", String(p.hypercalls))));
	table.append(row);
}

words();
drawKinds();
lab();
roots();
moment();
if (data.refusals.length && data.refusals[data.refusals.length - 1].frame >= 0)
	zoom(data.refusals[data.refusals.length - 1].frame);
document.body.dataset.ms = Math.round(performance.now());
document.body.dataset.ready = "yes";
