// What belongs to the whole page: preferences that this browser keeps, a word when the server cannot
// be reached or a file is too large to be sent, and names for Streamlit's own buttons.
//
// Preferences are cookies of this address, with no meaning but the choice itself. The texts come
// from Quire's own catalogue; names of files enter the page as text nodes.

const YEAR = 365 * 24 * 3600;
const SEEKING = 2500; // milliseconds in which an answer that is done comes onto the page
const NARROW = 768; // pixels: below, the sidebar lies over the page
const SHOWN = 20_000; // milliseconds that a notice stays unless it is pressed
const PATIENCE = 1500; // milliseconds: a short break heals by itself and worries nobody

function keep(preferences) {
  for (const [name, value] of Object.entries(preferences)) {
    const age = value === "" ? 0 : YEAR;
    document.cookie = `quire-${name}=${value}; path=/; max-age=${age}; samesite=strict`;
  }
}

// The banner is made in the page itself, because the server is what is missing.
const watch = (window.quireWatch ??= { texts: {}, timer: null, banner: null, observer: null });

function show() {
  watch.timer = null;
  watch.banner = document.createElement("div");
  watch.banner.className = "quire-lost";
  watch.banner.setAttribute("role", "alert");
  watch.banner.textContent = watch.texts.lost;
  document.body.append(watch.banner);
  document.body.classList.add("quire-is-lost");
}

function hide() {
  clearTimeout(watch.timer);
  watch.timer = null;
  watch.banner?.remove();
  watch.banner = null;
  document.body.classList.remove("quire-is-lost");
}

function look(app) {
  if (app.getAttribute("data-test-connection-state") === "CONNECTED") hide();
  else if (!watch.timer && !watch.banner) watch.timer = setTimeout(show, PATIENCE);
}

function tell(text) {
  document.querySelector(".quire-told")?.remove();
  const notice = document.createElement("button");
  notice.className = "quire-told";
  notice.type = "button";
  notice.setAttribute("role", "alert");
  notice.textContent = text;
  notice.addEventListener("click", () => notice.remove());
  document.body.append(notice);
  setTimeout(() => notice.remove(), SHOWN);
}

function weigh(files) {
  const large = Array.from(files ?? []).filter((file) => file.size > watch.most);
  const names = large.map((file) => file.name).join(", ");
  if (names) tell(watch.texts.large.replace("{names}", () => names));
}

// Streamlit names its own buttons in English, and those with an icon alone after the icon, for those
// who hear the page.
const HELP = "Help for ";

function word(text) {
  if (text.startsWith(HELP)) return `${watch.words[HELP.trim()]} ${text.slice(HELP.length)}`;
  return watch.words[text];
}

// The lists that open below a field say in English that there is nothing, or what may be added.
const ADD = "Add: ";

function speak(list) {
  const walker = document.createTreeWalker(list, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { nodeValue } = walker.currentNode;
    const ours = watch.words[nodeValue];
    if (ours && ours !== nodeValue) walker.currentNode.nodeValue = ours;
    else if (nodeValue.startsWith(ADD) && watch.words[ADD.trim()] !== ADD.trim()) {
      walker.currentNode.nodeValue = `${watch.words[ADD.trim()]}${nodeValue.slice(ADD.length)}`;
    }
  }
}

function name(root) {
  for (const attribute of ["aria-label", "title"]) {
    for (const node of root.querySelectorAll(`[${attribute}]`)) {
      const ours = word(node.getAttribute(attribute));
      if (ours) node.setAttribute(attribute, ours);
    }
  }
  for (const node of root.querySelectorAll("button:not([aria-label])")) {
    const [, icon] = node.textContent.match(/^(\w+) icon\1$/) ?? [];
    if (watch.icons[icon]) node.setAttribute("aria-label", watch.icons[icon]);
  }
  for (const node of root.querySelectorAll("[data-testid=stFileUploaderDropzone] button")) {
    node.setAttribute("aria-label", watch.texts.choose);
  }
  for (const list of root.querySelectorAll("[role=listbox], [data-baseweb=popover]")) speak(list);
  const skip = root.querySelector("a[href='#stMain']")?.firstChild;
  if (watch.words[skip?.nodeValue]) skip.nodeValue = watch.words[skip.nodeValue];
}

// The last question goes to the top of the window, so that its answer has room below; until it is
// answered, and not against somebody who looks elsewhere.
function seek() {
  if (performance.now() > (watch.seeking ?? 0)) return;
  const last = [...document.querySelectorAll(".stMain .quire-question")].at(-1);
  last?.closest("[data-testid=stChatMessage]")?.scrollIntoView({ block: "start" });
}

function follow({ asked, busy }) {
  const known = watch.asked;
  watch.asked = asked;
  const begun = known !== undefined && known !== asked;
  if (!begun && !(watch.seeking === Infinity && !busy)) return;
  watch.seeking = busy ? Infinity : performance.now() + SEEKING;
  setTimeout(seek, 100);
}

function collapse() {
  const button = document.querySelector("[data-testid=stSidebarCollapseButton] button");
  const open = document.querySelector("[data-testid=stSidebar][aria-expanded=true], [data-testid=stSidebar][data-collapsed=false]");
  if (innerWidth < NARROW && open) button?.click();
}

// On a narrow screen the sidebar leaves once it has led somewhere.
const LEADING = ["[data-testid=stSidebarNav] a", ...["new", "open-", "found-"].map((key) => `[class*=st-key-${key}] button`)].join();

function begin(app) {
  const still = () => { watch.seeking = 0; };
  for (const what of ["wheel", "touchmove", "pointerdown"]) {
    addEventListener(what, still, { passive: true, capture: true });
  }
  document.addEventListener("click", ({ target }) => {
    const pressed = target.closest?.("[data-testid=stSidebar] :is(a, button)");
    if (pressed?.matches(LEADING)) setTimeout(collapse, 300);
  });
  setTimeout(collapse, 300);
  watch.observer = new MutationObserver(() => look(app));
  watch.observer.observe(app, { attributeFilter: ["data-test-connection-state"] });
  document.addEventListener("change", ({ target }) => weigh(target.files), true);
  document.addEventListener("drop", ({ dataTransfer }) => weigh(dataTransfer?.files), true);
  let due = false;
  new MutationObserver(() => {
    seek();
    if (due) return;
    due = true;
    setTimeout(() => { due = false; name(document); }, 100);
  }).observe(document.body, { childList: true, subtree: true });
}

export default function ({ data }) {
  keep(data.kept);
  Object.assign(watch, { texts: data.texts, most: data.most, words: data.words, icons: data.icons });
  const app = document.querySelector("[data-testid=stApp]");
  if (app && !watch.observer) begin(app);
  name(document);
  follow(data);
}
