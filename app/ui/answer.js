// Draws one answer: its statements in their form, with their marks, and the sources below.
//
// data: { found, heading, blocks, legend, citations: [{ place }], sources, copied, texts }
// block: { kind, level, marker, header, lines: [[cell]] }, a cell is a list of nodes, and a node is
//   { text, strong, emphasis, code, support }       a stretch of text
//   { ref, citation, doubt }                        the mark of a source, which opens it
//   { flag, text, about, told, right, quotes }      the mark of a verdict, and what it tells
//
// Texts come from documents, file names and a model. They enter the page as text nodes only:
// nothing here sets HTML, an address or a style from data.

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function button(className, text, hint, press) {
  const node = element("button", className, text);
  node.type = "button";
  if (hint) node.title = hint;
  node.addEventListener("click", press);
  return node;
}

function stretch({ text, strong, emphasis, code, support }) {
  let node = document.createTextNode(text);
  for (const [on, tag] of [[code, "code"], [emphasis, "em"], [strong, "strong"]]) {
    if (!on) continue;
    const around = element(tag);
    around.append(node);
    node = around;
  }
  if (!support) return node;
  const span = element("span", `quire-sentence ${support}`);
  span.append(node);
  return span;
}

function reference(data, { ref, citation, doubt }, open) {
  const { place } = data.citations[citation];
  const hint = doubt ? `${place}. ${data.texts.partly}` : place;
  const node = button(`quire-ref${doubt ? " partly" : ""}`, ref, hint, () => open(citation));
  node.setAttribute("aria-label", `${ref} ${hint}`);
  return node;
}

function note({ flag, told, right, quotes }) {
  const box = element("span", `quire-note ${flag}`);
  box.append(element("span", "", told));
  if (right) box.append(element("strong", "", right));
  for (const quote of quotes ?? []) box.append(element("q", "", quote));
  return box;
}

// What a computed statement rests on is told by the hint, and shown by a press.
function flagged(mark) {
  if (mark.flag !== "computed") {
    return [element("span", `quire-flag ${mark.flag}`, mark.text), mark.told ? note(mark) : null];
  }
  const box = note(mark);
  box.hidden = true;
  const node = button("quire-ref computed", mark.text, "", () => {
    box.hidden = !box.hidden;
    node.setAttribute("aria-expanded", String(!box.hidden));
  });
  const quotes = mark.quotes.map((quote) => `“${quote}”`);
  node.title = [mark.about || mark.told, ...quotes].join("\n");
  node.setAttribute("aria-label", `${mark.text} ${node.title}`);
  node.setAttribute("aria-expanded", "false");
  return [node, box];
}

// No line ends between the last word of a statement and a button behind it, as none does before a
// mark in words. `said` is the stretch that stands last in the parent, if one does.
const LAST_WORD = /(?:\p{Script=Han}\p{P}*|[^\s\p{Script=Han}]{1,16})$/u;

function tied(parent, said, mark) {
  const word = said?.text.match(LAST_WORD)?.[0];
  if (!word || said.code) return parent.append(mark);
  const rest = said.text.slice(0, -word.length);
  parent.lastChild.remove();
  if (rest) parent.append(stretch({ ...said, text: rest }));
  const tie = element("span", "quire-tied");
  tie.append(stretch({ ...said, text: word }), mark);
  parent.append(tie);
}

// The nodes of a cell; what its marks tell stands behind all marks of the statement, or is handed
// to `aside`.
function fill(parent, data, cell, open, aside) {
  const told = [];
  let said = null;
  for (const node of cell) {
    if (node.ref) tied(parent, said, reference(data, node, open));
    else if (node.flag) {
      const [mark, box] = flagged(node);
      if (node.flag === "computed") tied(parent, said, mark);
      else parent.append(mark);
      if (box) (aside ?? told).push(box);
    } else parent.append(...told.splice(0), stretch(node));
    said = node.ref || node.flag ? null : node;
  }
  parent.append(...told);
  return parent;
}

function lines(parent, data, block, open) {
  block.lines.forEach(([cell], at) => {
    if (at) parent.append("\n");
    fill(parent, data, cell, open);
  });
  return parent;
}

function table(data, block, open) {
  const box = element("div", "quire-table");
  const drawn = element("table");
  const columns = Math.max(...block.lines.map((line) => line.length));
  block.lines.forEach((line, at) => {
    const row = element("tr");
    const told = [];
    for (const cell of line) {
      const node = element(block.header && at === 0 ? "th" : "td");
      row.append(fill(node, data, cell, open, told));
    }
    drawn.append(row);
    for (const each of told) {
      const beneath = element("tr", "quire-beneath");
      const cell = element("td");
      cell.colSpan = columns;
      cell.append(each);
      beneath.append(cell);
      drawn.append(beneath);
    }
  });
  box.append(drawn);
  return box;
}

function item(data, block, open) {
  const node = element("li");
  const bullet = !/[\p{L}\p{N}]/u.test(block.marker);
  const marker = element("span", "quire-marker", bullet ? "•" : block.marker);
  if (bullet) marker.setAttribute("aria-hidden", "true");
  const body = element("div");
  body.append(lines(element("div", "quire-text"), data, block, open));
  node.append(marker, body);
  return node;
}

// Items that follow each other are one list, deeper ones a list within the item before.
function forms(data, open) {
  const drawn = [];
  let lists = [];
  for (const block of data.blocks) {
    if (block.kind === "item") {
      lists.length = Math.min(lists.length, block.level + 1);
      if (!lists.length) {
        lists.push(element("ul", "quire-list"));
        drawn.push(lists[0]);
      } else if (lists.length <= block.level) {
        lists.push(element("ul", "quire-list"));
        lists.at(-2).lastElementChild.lastElementChild.append(lists.at(-1));
      }
      lists.at(-1).append(item(data, block, open));
      continue;
    }
    lists = [];
    if (block.kind === "table") drawn.push(table(data, block, open));
    else if (block.kind === "rule") drawn.push(element("hr"));
    else {
      const node = element("div", KINDS[block.kind] ?? "quire-text");
      if (block.kind === "heading") {
        node.setAttribute("role", "heading");
        node.setAttribute("aria-level", String(Math.min(6, block.level + 2)));
      }
      drawn.push(lines(node, data, block, open));
    }
  }
  return drawn;
}

const KINDS = { quote: "quire-quote", heading: "quire-text quire-title", code: "quire-code" };

function source(data, group, open) {
  const box = element("div", "quire-source");
  const head = button("quire-open", "", data.texts.open, () => open(group.citations[0].citation));
  head.append(
    element("span", "", `[${group.label}] ${group.document}`),
    element("span", "place", group.place),
  );
  box.append(head);
  if (group.note) box.append(element("div", "place", group.note));
  for (const cited of group.citations) {
    if (cited.quote) {
      box.append(button("quire-quote", cited.quote, data.texts.open, () => open(cited.citation)));
    }
  }
  return box;
}

// A list as other programs have it, which number the items themselves: those with numbers in a list
// of their own, and another marker in the item's text.
function listed(list) {
  const made = [];
  for (const item of [...list.children]) {
    const [marker, body] = item.children;
    const [, number] = marker.textContent.match(/^(\d+)[.)、．]?$/) ?? [];
    const tag = number ? "ol" : "ul";
    const at = Number(number);
    const last = made.at(-1);
    const goesOn = last?.localName === tag && (!number || at === last.start + last.children.length);
    if (!goesOn) made.push(Object.assign(element(tag), number ? { start: at } : {}));
    if (!number && marker.textContent !== "•") body.prepend(`${marker.textContent} `);
    marker.remove();
    made.at(-1).append(item);
  }
  return made;
}

// The answer as other programs paste it: its lists and tables, with the numbers of the sources.
function rich(root) {
  const copy = root.cloneNode(true);
  for (const node of copy.querySelectorAll(".quire-copy, .quire-meta, [hidden]")) node.remove();
  for (const node of copy.querySelectorAll("button")) {
    const tag = node.matches(".quire-ref") ? "sup" : node.matches(".quire-quote") ? "blockquote" : "div";
    const plain = element(tag);
    plain.append(...node.childNodes);
    node.replaceWith(plain);
  }
  for (const node of copy.querySelectorAll("table")) node.border = "1";
  for (const node of copy.querySelectorAll(".quire-flag, .quire-note")) node.replaceWith(` (${node.textContent})`);
  for (const list of [...copy.querySelectorAll(".quire-list")].reverse()) list.replaceWith(...listed(list));
  for (const node of copy.querySelectorAll("*")) {
    if (node.matches(".quire-code")) node.replaceWith(Object.assign(element("pre"), { textContent: node.textContent }));
    for (const { name } of [...node.attributes]) {
      if (!["border", "colspan", "start"].includes(name)) node.removeAttribute(name);
    }
  }
  for (const node of copy.querySelectorAll("span")) node.replaceWith(...node.childNodes);
  return copy.innerHTML;
}

// An address without encryption, as of another machine, has no clipboard of the newer kind.
async function copy(text, html) {
  if (window.ClipboardItem && navigator.clipboard?.write) {
    const kinds = { "text/plain": text, "text/html": html };
    const blobs = Object.entries(kinds).map(([type, said]) => [type, new Blob([said], { type })]);
    return navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
  }
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = element("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function copier(data, root) {
  const node = button("quire-copy", data.texts.copy, "", async () => {
    await copy(data.copied, rich(root));
    node.textContent = data.texts.copied;
    setTimeout(() => { node.textContent = data.texts.copy; }, 1500);
  });
  return node;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const open = (citation) => setTriggerValue("opened", citation);
  const root = parentElement.querySelector(".quire-answer");
  const parts = [];
  if (data.found) parts.push(element("div", "quire-found", data.found));
  if (data.heading) parts.push(element("div", "quire-heading", data.heading));
  parts.push(...forms(data, open));
  for (const mark of data.legend) {
    const node = element("div", "quire-meta");
    const sign = mark.support === "computed" ? "=" : "[1]";
    node.append(element("span", `quire-legend ${mark.support}`, sign), ` ${mark.text}`);
    parts.push(node);
  }
  if (data.sources.length) {
    parts.push(element("div", "quire-heading", data.texts.sources));
    parts.push(...data.sources.map((group) => source(data, group, open)));
  }
  if (data.copied) parts.push(copier(data, root));
  root.replaceChildren(...parts);
}
