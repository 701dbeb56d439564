// Draws the documents as a table, and the folders that they are in as a tree beside it.
//
// data: { rows: [{ id, name, tags, remark, folder, cells: [text], checked }], first, total, seen,
//   columns: [{ key, label }], order, descending, folders: [{ path, name, about, depth, unfolds, open }],
//   chosen, texts }
//
// Names, tags and folders come from outside. They enter the page as text nodes and attributes that
// are only read out: nothing here sets HTML, an address or a style from data.
//
// What is marked is kept here until the server has seen it: `marked` is a state with a number, so
// that an answer to an earlier mark does not take a later one back.

const NARROW = 640; // pixels of the whole: below, the folders are folded in
const known = new WeakMap();

function element(tag, className, text, attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function button(className, text, label, press) {
  const node = element("button", className, text, { type: "button", tabindex: "-1" });
  if (label) node.setAttribute("aria-label", label);
  node.addEventListener("click", press);
  return node;
}

const named = (text, name) => text.replace("{name}", () => name);

function headings(table, { data, press }) {
  const head = element("thead", "", undefined, { role: "rowgroup" });
  const line = element("tr", "", undefined, { role: "row" });
  const first = element("th", "check", undefined, { role: "columnheader", scope: "col" });
  const all = element("input", "", undefined, { type: "checkbox", "aria-label": data.texts.all });
  all.addEventListener("change", () => table.markAll(all.checked));
  first.append(all);
  line.append(first);
  for (const { key, label } of data.columns) {
    const cell = element("th", key, undefined, { role: "columnheader", scope: "col" });
    const sorted = key === data.order;
    if (sorted) cell.setAttribute("aria-sort", data.descending ? "descending" : "ascending");
    const sort = element("button", "sort", label, { type: "button" });
    if (sorted) sort.append(element("span", "", data.descending ? " ↓" : " ↑", { "aria-hidden": "true" }));
    sort.addEventListener("click", () => press({ what: "sort", by: key }));
    cell.append(sort);
    line.append(cell);
  }
  const last = element("th", "more", undefined, { role: "columnheader", scope: "col" });
  last.append(element("span", "quire-unseen", data.texts.details));
  line.append(last);
  head.append(line);
  return head;
}

function row(each, at, { data, press }, table) {
  const line = element("tr", "", undefined, { role: "row", "aria-rowindex": String(data.first + at + 2) });
  line.dataset.id = each.id;
  const cell = (name) => element("td", name, undefined, { role: "gridcell" });

  const check = cell("check");
  const box = element("input", "", undefined, {
    type: "checkbox", tabindex: "-1", "aria-label": named(data.texts.choose, each.name),
  });
  box.checked = each.checked;
  box.addEventListener("click", ({ shiftKey }) => table.mark(line, box.checked, shiftKey));
  check.append(box);

  const name = element("th", "name", undefined, { role: "rowheader", scope: "row" });
  const read = button("read", undefined, "", () => press({ what: "read", id: each.id }));
  read.append(element("bdi", "", each.name));
  read.title = each.name;
  name.append(read);
  for (const tag of each.tags) name.append(element("span", "quire-tag", tag));
  if (each.remark) name.append(element("span", "remark", each.remark));

  const facts = each.cells.map((text, index) => {
    const fact = cell(data.columns[index + 1].key);
    fact.textContent = text;
    return fact;
  });
  const more = cell("more");
  more.append(
    button("details", "⋯", named(data.texts.details_of, each.name), () => press({ what: "details", id: each.id })),
  );
  line.append(check, name, ...facts, more);
  return line;
}

const controls = (line) => [...line.querySelectorAll("input, button")];

class Table {
  constructor() {
    this.node = element("table", "", undefined, { role: "grid" });
    this.node.addEventListener("keydown", (event) => this.pressed(event));
    this.node.addEventListener("focusin", ({ target }) => this.rove(target.closest("tbody tr"), target));
    this.sent = 0;
  }

  lines() {
    return [...this.node.querySelectorAll("tbody tr")];
  }

  draw(component) {
    this.component = component;
    const { data } = component;
    this.node.setAttribute("aria-label", data.texts.label);
    this.node.setAttribute("aria-rowcount", String(data.total + 1));
    this.node.setAttribute("aria-multiselectable", "true");
    const rows = data.rows.map((each) => ({ ...each, checked: null }));
    const shape = JSON.stringify([rows, data.columns, data.order, data.descending, data.texts, data.first]);
    if (shape !== this.shape) {
      const held = document.activeElement?.closest?.("tr")?.dataset.id;
      const place = held ? controls(document.activeElement.closest("tr")).indexOf(document.activeElement) : 0;
      const within = this.node.contains(document.activeElement);
      const at = this.lines().findIndex((line) => line.dataset.id === held);
      this.shape = shape;
      const body = element("tbody", "", undefined, { role: "rowgroup" });
      body.append(...data.rows.map((each, index) => row(each, index, component, this)));
      this.node.replaceChildren(headings(this, component), body);
      const lines = this.lines();
      const same = lines.find((line) => line.dataset.id === held) ?? lines[Math.min(Math.max(at, 0), lines.length - 1)];
      this.rove(same);
      if (within && held && same) controls(same)[place]?.focus();
    } else if (data.seen >= this.sent) {
      const marks = new Map(data.rows.map((each) => [each.id, each.checked]));
      for (const line of this.lines()) line.querySelector("input").checked = marks.get(line.dataset.id);
    }
    this.show();
  }

  // One control of the table is reached by Tab; the arrows lead to the others.
  rove(line, target) {
    for (const each of this.node.querySelectorAll("tbody [tabindex='0']")) each.tabIndex = -1;
    if (line) (controls(line).includes(target) ? target : controls(line)[0]).tabIndex = 0;
  }

  show() {
    const lines = this.lines();
    const boxes = lines.map((line) => line.querySelector("input"));
    lines.forEach((line, at) => line.setAttribute("aria-selected", String(boxes[at].checked)));
    const all = this.node.querySelector("thead input");
    if (!all) return;
    const count = boxes.filter((box) => box.checked).length;
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  }

  mark(line, checked, through = false) {
    const lines = this.lines();
    const at = lines.indexOf(line);
    const from = through && this.last !== undefined ? this.last : at;
    for (const each of lines.slice(Math.min(from, at), Math.max(from, at) + 1)) {
      each.querySelector("input").checked = checked;
    }
    this.last = at;
    this.tell();
  }

  markAll(checked) {
    for (const line of this.lines()) line.querySelector("input").checked = checked;
    this.tell();
  }

  tell() {
    this.show();
    this.sent = Date.now();
    const lines = this.lines();
    const checked = lines.filter((line) => line.querySelector("input").checked);
    this.component.setStateValue("marked", {
      at: this.sent,
      rows: lines.map((line) => line.dataset.id),
      checked: checked.map((line) => line.dataset.id),
    });
  }

  pressed(event) {
    const { key, target, shiftKey, ctrlKey, metaKey, altKey } = event;
    const line = target.closest("tbody tr");
    if (!line || altKey) return;
    const lines = this.lines();
    const at = lines.indexOf(line);
    const place = controls(line).indexOf(target);
    const go = (to, column = place) => {
      const next = lines[Math.max(0, Math.min(to, lines.length - 1))];
      controls(next)[Math.max(0, Math.min(column, controls(next).length - 1))].focus();
      return next;
    };
    const { press } = this.component;
    if ((ctrlKey || metaKey) && key.toLowerCase() === "a") this.markAll(true);
    else if (ctrlKey || metaKey) return;
    else if (key === "ArrowDown" || key === "ArrowUp") {
      const next = go(at + (key === "ArrowDown" ? 1 : -1));
      if (shiftKey) {
        line.querySelector("input").checked = true;
        this.mark(next, true);
      }
    } else if (key === "ArrowRight") go(at, place + 1);
    else if (key === "ArrowLeft") go(at, place - 1);
    else if (key === "Home") go(0);
    else if (key === "End") go(lines.length - 1);
    else if (key === "Enter" && place === 0) press({ what: "read", id: line.dataset.id });
    else if (key === "Delete") press({ what: "delete", id: line.dataset.id });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function tree({ data, press }) {
  const list = element("ul", "", undefined, { role: "tree", "aria-label": data.texts.folders });
  const items = data.folders.map((folder) => {
    const chosen = folder.path === data.chosen;
    const item = element("li", "", undefined, {
      role: "treeitem", "aria-level": String(folder.depth + 1), "aria-selected": String(chosen),
      "aria-label": folder.about, tabindex: chosen ? "0" : "-1",
    });
    item.dataset.path = JSON.stringify(folder.path);
    item.classList.add(`depth-${Math.min(folder.depth, 8)}`);
    if (folder.unfolds) item.setAttribute("aria-expanded", String(folder.open));
    const fold = element("span", "fold", folder.unfolds ? (folder.open ? "▾" : "▸") : "", { "aria-hidden": "true" });
    const unfold = () => press({ what: "unfold", folder: folder.path });
    const choose = () => press({ what: "folder", folder: folder.path });
    fold.addEventListener("click", (event) => {
      if (!folder.unfolds) return;
      event.stopPropagation();
      unfold();
    });
    const name = element("span", "name");
    name.append(element("bdi", "", folder.name));
    item.append(fold, name, element("span", "count", folder.count));
    item.title = folder.name;
    item.addEventListener("click", choose);
    item.addEventListener("keydown", (event) => {
      const all = [...list.children];
      const at = all.indexOf(item);
      if (event.key === "Enter" || event.key === " ") choose();
      else if (event.key === "ArrowDown") all[at + 1]?.focus();
      else if (event.key === "ArrowUp") all[at - 1]?.focus();
      else if (event.key === "Home") all[0].focus();
      else if (event.key === "End") all.at(-1).focus();
      else if (event.key === "ArrowRight" && folder.unfolds) folder.open ? all[at + 1]?.focus() : unfold();
      else if (event.key === "ArrowLeft") {
        if (folder.open) unfold();
        else all.slice(0, at).findLast((each) => Number(each.ariaLevel) <= folder.depth)?.focus();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return item;
  });
  list.append(...items);
  if (!items.some((item) => item.tabIndex === 0) && items[0]) items[0].tabIndex = 0;
  return list;
}

export default function (component) {
  const { data, parentElement, setTriggerValue, setStateValue } = component;
  const root = parentElement.querySelector(".quire-library");
  const press = (pressed) => setTriggerValue("pressed", pressed);
  let view = known.get(root);
  if (!view) {
    const folders = element("details", "folders");
    folders.open = root.offsetWidth >= NARROW;
    folders.append(element("summary"));
    view = { folders, table: new Table() };
    const within = element("div", "within");
    within.append(view.table.node);
    root.replaceChildren(folders, within);
    known.set(root, view);
  }
  const { folders, table } = view;
  folders.hidden = !data.folders.length;
  const shape = JSON.stringify([data.folders, data.chosen]);
  if (shape !== view.shape) {
    const held = document.activeElement?.dataset?.path;
    const within = folders.contains(document.activeElement);
    view.shape = shape;
    const chosen = data.folders.find(({ path }) => path === data.chosen);
    folders.querySelector("summary").textContent = `${data.texts.folders}: ${chosen?.name ?? data.texts.everything}`;
    const drawn = tree({ data, press });
    folders.querySelector("ul")?.remove();
    folders.append(drawn);
    if (within) [...drawn.children].find((item) => item.dataset.path === held)?.focus();
  }
  table.draw({ data, press, setStateValue });
}
