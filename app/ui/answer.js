// Draws one answer: its sentences with the marks of their sources, and the sources below.
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

function sentence(data, part, open) {
  const span = element("span", `quire-sentence ${part.support}`, part.text);
  if (part.hint) span.title = part.hint;
  const nodes = [document.createTextNode(part.before), span];
  for (const mark of part.marks) {
    const hint = data.citations[mark.citation].place;
    nodes.push(button("quire-ref", mark.text, hint, () => open(mark.citation)));
  }
  return nodes;
}

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

// An address without encryption, as of another machine, has no clipboard of the newer kind.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = element("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function copier(data) {
  const node = button("quire-copy", data.texts.copy, "", async () => {
    await copy(data.copied);
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
  if (data.heading) parts.push(element("div", "quire-heading", data.heading));
  for (const paragraph of data.paragraphs) {
    const node = element("div", data.quoted ? "quire-quote" : "quire-text");
    for (const part of paragraph) node.append(...sentence(data, part, open));
    parts.push(node);
  }
  for (const mark of data.legend) {
    const node = element("div", "quire-meta");
    node.append(element("span", `quire-legend ${mark.support}`, mark.text));
    parts.push(node);
  }
  if (data.sources.length) {
    parts.push(element("div", "quire-heading", data.texts.sources));
    parts.push(...data.sources.map((group) => source(data, group, open)));
  }
  if (data.copied) parts.push(copier(data));
  root.replaceChildren(...parts);
}
