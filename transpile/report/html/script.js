"use strict";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const root = document.documentElement;

// --- dark and light: the system's choice until somebody chooses
const dark = document.getElementById("dark");
function shade(on) {
  root.classList.toggle("dark", on);
  dark.setAttribute("aria-pressed", String(on));
}
shade(matchMedia("(prefers-color-scheme: dark)").matches);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => shade(event.matches));
dark.addEventListener("click", () => shade(!root.classList.contains("dark")));

// --- filters: a finding is shown if its severity and its code are
const notes = all(".note");
function filter() {
  const severities = new Set(all(".chip[data-severity]").filter((b) => b.ariaPressed === "true").map((b) => b.dataset.severity));
  const boxes = all("input[data-code]");
  const codes = new Set(boxes.filter((box) => box.checked).map((box) => box.dataset.code));
  const known = new Set(boxes.map((box) => box.dataset.code));
  for (const note of notes) {
    const code = note.dataset.code;
    note.hidden = !severities.has(note.dataset.severity) || (known.has(code) && !codes.has(code));
  }
}
function toggle(button) {
  button.setAttribute("aria-pressed", String(button.ariaPressed !== "true"));
}
for (const button of all(".chip[data-severity]")) {
  button.addEventListener("click", () => { toggle(button); filter(); });
}
for (const box of all("input[data-code]")) box.addEventListener("change", filter);
const only = document.getElementById("only-changes");
only.addEventListener("click", () => { toggle(only); document.body.classList.toggle("only-changes"); });

// --- lines: a number shows what belongs together on both sides
function unfold(element) {
  for (let at = element; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
}
document.addEventListener("click", (event) => {
  const number = event.target.closest("a.n");
  const badge = event.target.closest(".note a.badge");
  if (number) {
    const block = number.closest(".block");
    const was = block.classList.contains("linked");
    all(".block.linked").forEach((other) => other.classList.remove("linked"));
    if (!was && !block.classList.contains("same")) block.classList.add("linked");
  } else if (badge) {
    event.preventDefault();
    explain(badge.textContent.trim());
  }
});
function follow() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) { unfold(target); target.scrollIntoView({ block: target.matches("a.n") ? "center" : "start" }); }
}
addEventListener("hashchange", follow);
follow();

// --- explanations and keys
const explanation = document.getElementById("explanation");
const help = document.getElementById("help");
function explain(code) {
  const page = document.getElementById("code-" + code);
  if (!page) return;
  explanation.querySelector(".body").replaceChildren(...[...page.childNodes].map((node) => node.cloneNode(true)));
  explanation.showModal();
}
document.getElementById("keys").addEventListener("click", () => help.showModal());
let at = { note: -1, change: -1, file: -1 };
function step(kind, elements, by) {
  if (!elements.length) return;
  at[kind] = Math.min(Math.max(at[kind] + by, 0), elements.length - 1);
  const element = elements[at[kind]];
  unfold(element);
  if (!element.hasAttribute("tabindex")) element.tabIndex = -1;
  element.scrollIntoView({ block: kind === "file" ? "start" : "center" });
  element.focus({ preventScroll: true });
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input, textarea, select")) return;
  const shown = () => notes.filter((note) => !note.hidden);
  const changes = () => all(".block.differs");
  const files = () => all("details.file");
  const keys = {
    j: () => step("note", shown(), 1), k: () => step("note", shown(), -1),
    n: () => step("change", changes(), 1), p: () => step("change", changes(), -1),
    "]": () => step("file", files(), 1), "[": () => step("file", files(), -1),
    c: () => only.click(), d: () => dark.click(), "?": () => help.showModal(),
    Enter: () => { if (document.activeElement.matches(".note")) explain(document.activeElement.dataset.code); },
  };
  if (keys[event.key]) {
    if (event.key !== "Enter" || document.activeElement.matches(".note")) event.preventDefault();
    keys[event.key]();
  }
});

// --- the graph: what a file imports, and what imports it
for (const node of all("[data-node]")) {
  const mark = (on) => all(`[data-from="${node.dataset.node}"], [data-to="${node.dataset.node}"].edge`)
    .forEach((edge) => edge.classList.toggle("near", on));
  for (const event of ["mouseenter", "focus"]) node.addEventListener(event, () => mark(true));
  for (const event of ["mouseleave", "blur"]) node.addEventListener(event, () => mark(false));
}
