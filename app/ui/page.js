// What belongs to the whole page: preferences that this browser keeps, a word when the server cannot
// be reached or a file is not sent, and names for Streamlit's own buttons.
//
// Preferences are cookies of this address, with no meaning but the choice itself. The texts come
// from Quire's own catalogue; names of files enter the page as text nodes.

const YEAR = 365 * 24 * 3600;
const SEEKING = 2500; // milliseconds in which an answer that is done comes onto the page
const NARROW = 768; // pixels: below, the sidebar lies over the page
const BESIDE = 940; // pixels beside the sidebar: below, a source lies over the chat or the library
const SHOWN = 20_000; // milliseconds that a notice stays unless it is pressed
const PATIENCE = 1500; // milliseconds: a short break heals by itself and worries nobody
const KNOCKS = 2000; // milliseconds between two looks for a server that asks for another key

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
  watch.knocking = setInterval(knock, KNOCKS);
}

// A server that was started anew asks for its new key: the page that does is at this address.
async function knock() {
  const answer = await fetch(location.href, { method: "HEAD" }).catch(() => null);
  if (answer?.status === 401) location.reload();
}

function hide() {
  clearTimeout(watch.timer);
  clearInterval(watch.knocking);
  watch.timer = null;
  watch.banner?.remove();
  watch.banner = null;
  document.body.classList.remove("quire-is-lost");
}

// Dialogs and lists that open stand beside the app, and take the theme's colours from the page.
function colour(app) {
  document.documentElement.style.colorScheme = getComputedStyle(app).colorScheme;
}

function look(app) {
  if (app.getAttribute("data-test-connection-state") === "CONNECTED") {
    hide();
    if (watch.away) watch.back?.(); // the server has let go of the files that the page offered
    watch.away = false;
  } else {
    watch.away = true;
    if (!watch.timer && !watch.banner) watch.timer = setTimeout(show, PATIENCE);
  }
}

function tell(text, how = "alert") {
  const before = document.querySelector(".quire-told");
  if (how === "status" && before?.classList.contains("alert")) { // which was not read yet
    text = `${before.textContent} ${text}`;
    how = "alert";
  }
  before?.remove();
  const notice = document.createElement("div");
  notice.className = `quire-told ${how}`;
  notice.setAttribute("role", how);
  const press = document.createElement("button"); // which takes it away
  press.type = "button";
  press.textContent = text;
  notice.append(press);
  notice.addEventListener("click", () => notice.remove());
  document.body.append(notice);
  setTimeout(() => notice.remove(), SHOWN);
  return notice;
}

// What there is to tell is told once: here, and by the system where the reader has allowed that and
// looks elsewhere.
function announce({ number, text }) {
  const before = watch.told ?? number; // a page that is loaded anew has told it already
  watch.told = number;
  if (number === before || !text) return;
  tell(text, "status");
  if (document.hidden && window.Notification?.permission === "granted") {
    new Notification("Quire", { body: text, tag: "quire-read" });
  }
}

function offer() {
  const can = window.Notification?.permission === "default";
  document.body.classList.toggle("quire-can-notify", can);
}

// Who asks while files are being sent waits for them: that there are some goes to the server with the
// question, and that they have arrived a moment after they are taken in.
const ARRIVES = 1000; // milliseconds
const APPEARS = 5000; // milliseconds in which a file that was given comes onto the page

function arrived(all) {
  clearTimeout(watch.arriving);
  if (!all || !watch.sending) return;
  watch.arriving = setTimeout(() => watch.send?.(watch.sending = false), ARRIVES);
}

function asking() {
  const sends = performance.now() <= (watch.given ?? 0) || document.querySelector(`[data-testid=stFileUploader] ${SENT}`);
  if (sends && !watch.sending) watch.send?.(watch.sending = true);
}

function given(target, files) {
  weigh(files);
  if (!target?.closest?.("[data-testid=stFileUploader]") || !files?.length || files.length === watch.large.length) return;
  watch.given = performance.now() + APPEARS;
  setTimeout(miss, APPEARS + 100);
}

function weigh(files) {
  const large = Array.from(files ?? []).filter((file) => file.size > watch.most);
  watch.large = large.map((file) => file.name);
  const names = watch.large.join(", ");
  if (names) tell(watch.texts.large.replace("{names}", () => names));
}

// The place for files is emptied once those that arrived are taken in, and with it goes what stands
// there of one that failed, or of one that was given that moment or is still sent when its page is
// left. None goes without a word.
const CHIP = "[data-testid=stFileUploader] [data-testid=stFileChip]";
const SENT = "[data-testid=stFileChipIconSpinner]";

function miss() {
  const chips = [...document.querySelectorAll(CHIP)];
  const called = (chip) => chip.querySelector("[data-testid=stFileChipName]")?.title ?? "";
  const failed = chips.filter((chip) => chip.ariaInvalid === "true").map(called);
  const gone = [...(watch.sent ?? [])].filter(([chip]) => !chip.isConnected && chip !== watch.cancelled).map(([, name]) => name);
  watch.sent = new Map(chips.filter((chip) => chip.querySelector(SENT)).map((chip) => [chip, called(chip)]));
  if (chips.length) watch.given = 0;
  arrived(performance.now() > (watch.given ?? 0) && !watch.sent.size);
  const told = watch.missed?.notice.isConnected ? watch.missed.names : [];
  const known = new Set([...told, ...(watch.failed ?? []), ...(watch.large ?? [])]);
  watch.failed = failed;
  const names = [...new Set([...failed, ...gone])].filter((name) => !known.has(name));
  if (!names.length) return;
  const all = [...told, ...names];
  watch.missed = { names: all, notice: tell(watch.texts.missed.replace("{names}", () => all.join(", "))) };
}

// Streamlit names its own buttons in English, and those with an icon alone after the icon, for those
// who hear the page.
const HELP = "Help for ";
const PAGE = /^Page (\d+)$/;

function word(text) {
  if (text.startsWith(HELP)) return `${watch.words[HELP.trim()]} ${text.slice(HELP.length)}`;
  const [, page] = text.match(PAGE) ?? [];
  return page ? watch.texts.page.replace("{n}", page) : watch.words[text];
}

// The lists that open below a field say in English that there is nothing, or what may be added; and
// a dialog that an address leads to no page, in the words of a developer.
const ADD = "Add: ";
const SPOKEN = ["No results", "Page not found"]; // whatever else stands there may be the reader's own
const NO_PAGE = "Running the app's main page.";

function speak(list) {
  const walker = document.createTreeWalker(list, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { nodeValue } = walker.currentNode;
    const ours = SPOKEN.includes(nodeValue) && watch.words[nodeValue];
    if (ours && ours !== nodeValue) walker.currentNode.nodeValue = ours;
    else if (nodeValue.endsWith(NO_PAGE)) walker.currentNode.nodeValue = watch.texts.no_page;
    else if (nodeValue.startsWith(ADD) && watch.words[ADD.trim()] !== ADD.trim()) {
      walker.currentNode.nodeValue = `${watch.words[ADD.trim()]}${nodeValue.slice(ADD.length)}`;
    }
  }
}

function set(node, attribute, value) {
  if (node.getAttribute(attribute) !== value) node.setAttribute(attribute, value);
}

// In a list each row has the same buttons: they are told apart by what the row is called.
const ROWS = "[class*=st-key-given-row-], .st-key-chats > *, .st-key-older_chats > *";

function owned(node, called) {
  const row = node.closest(ROWS);
  const owner = row?.querySelector("[class*=st-key-open-] p, .quire-name");
  return owner ? `${called}: ${owner.textContent.replaceAll("\u2060", "").trim()}` : called;
}

// What scrolls can be reached by the keys, or only a mouse would show the rest of it.
const SCROLLS = ".quire-sheet, .quire-rows, .quire-table, .quire-code";

function reach(root) {
  for (const node of root.querySelectorAll(SCROLLS)) {
    const more = node.scrollHeight > node.clientHeight || node.scrollWidth > node.clientWidth;
    if (more) set(node, "tabindex", "0");
    else node.removeAttribute("tabindex");
  }
}

// Streamlit tells an error to those who hear the page, and not that something went well.
function tellSuccess() {
  const told = [...document.querySelectorAll("[data-testid=stAlertContentSuccess] [data-testid=stMarkdownContainer]")];
  const text = told.map((node) => node.textContent.trim()).join(" ");
  if (text && text !== watch.success) speakUp(text);
  watch.success = text;
}

function name(root) {
  for (const attribute of ["aria-label", "title"]) {
    for (const node of root.querySelectorAll(`[${attribute}]`)) {
      const ours = word(node.getAttribute(attribute));
      if (ours) set(node, attribute, ours);
    }
  }
  for (const node of root.querySelectorAll("button")) {
    const [, icon] = node.textContent.match(/^(\w+) icon\1/) ?? []; // its keys may follow
    if (watch.icons[icon]) set(node, "aria-label", owned(node, watch.icons[icon]));
  }
  for (const node of root.querySelectorAll("[data-testid=stFileUploaderDropzone] button")) {
    const folder = node.closest("[class*=st-key-upload-folder]");
    set(node, "aria-label", folder ? watch.texts.choose_folder : watch.texts.choose);
  }
  for (const list of root.querySelectorAll("[role=listbox], [role=dialog], [data-baseweb=popover]")) speak(list);
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
  const begun = known !== asked; // also of a chat that is loaded anew: its end is what was read last
  if (!begun && !(watch.seeking === Infinity && !busy)) return;
  watch.seeking = busy ? Infinity : performance.now() + SEEKING;
  setTimeout(seek, 100);
}

// The marked words of a source come into view when it is opened, its page turned or enlarged; not
// when they are drawn again as they were, with the reader elsewhere on the page.
function reveal() {
  const sheet = document.querySelector(".quire-sheet");
  const mark = sheet?.querySelector(".now") ?? sheet?.querySelector(".quire-page i, mark:not(:empty)");
  if (!mark || mark === watch.mark) return;
  watch.mark = mark;
  bring(sheet, mark);
  stay(sheet, mark);
}

function bring(sheet, mark) {
  const [outer, inner] = [sheet.getBoundingClientRect(), mark.getBoundingClientRect()];
  const above = inner.top - outer.top - Math.max(0, sheet.clientHeight - inner.height) / 3;
  const left = inner.left - outer.left - Math.max(0, sheet.clientWidth - inner.width) / 2;
  sheet.scrollBy({ top: above, left, behavior: "instant" });
}

// A sheet that takes another size, as when the window does or letters come late, shows its mark still,
// unless the reader has moved to another place in it.
const MOVES = ["wheel", "touchmove", "pointerdown", "keydown"];

function stay(sheet, mark) {
  watch.sized?.disconnect();
  const sized = (watch.sized = new ResizeObserver(() => bring(sheet, mark)));
  for (const node of [sheet, sheet.firstElementChild]) sized.observe(node);
  for (const what of MOVES) {
    sheet.addEventListener(what, () => sized.disconnect(), { once: true, passive: true });
  }
}

// How much room there is beside the sidebar and above the field; style.css goes by it.
function measure() {
  const { left, width } = document.querySelector("[data-testid=stMain]")?.getBoundingClientRect() ?? {};
  const below = document.querySelector("[data-testid=stBottom]")?.offsetHeight ?? 0;
  if (width === undefined) return;
  document.body.classList.toggle("quire-narrow", width < BESIDE);
  document.body.style.setProperty("--quire-left", `${Math.max(0, left)}px`);
  document.body.style.setProperty("--quire-below", `${below}px`);
}

// For those who hear the page: the answer, once it is there.
const HEARD = 1500; // characters of it that are told; the rest is on the page

function hear(answered) {
  const before = watch.answered ?? answered; // of a chat that is loaded anew it was heard before
  watch.answered = answered;
  if (!answered || answered === before) return;
  setTimeout(() => {
    const last = [...document.querySelectorAll("[data-testid=stChatMessage]:has(.quire-spoken)")].at(-1);
    const parts = [...(last?.querySelectorAll(".quire-found, .quire-heading, .quire-answer :is(.quire-text, .quire-quote, tr, .quire-open), .quire-said, .quire-passage") ?? [])];
    speakUp(`${watch.texts.answered} ${parts.map(spoken).filter(Boolean).join(" ").slice(0, HEARD)}`);
  }, 400);
}

// What is heard of a part: without the marks that lead to its sources, and as a sentence.
function spoken(part) {
  const copy = part.cloneNode(true);
  for (const mark of copy.querySelectorAll(".quire-ref, .quire-copy")) mark.remove();
  const text = copy.textContent.replace(/\s+/g, " ").trim();
  return !text || /[.:!?。：！？…]$/.test(text) ? text : `${text}.`;
}

function speakUp(text) {
  let box = document.querySelector(".quire-heard");
  if (!box) {
    box = document.createElement("div");
    box.className = "quire-heard quire-unseen";
    box.setAttribute("role", "status");
    document.body.append(box);
  }
  box.textContent = text;
}

// The first stop of Tab leads past the lists of the sidebar into the field.
function skip() {
  const field = () => document.querySelector("[data-testid=stChatInputTextArea]");
  let link = document.querySelector(".quire-skip");
  if (!link) {
    link = document.createElement("button");
    link.type = "button";
    link.className = "quire-skip";
    link.addEventListener("click", () => field()?.focus());
    document.body.prepend(link);
  }
  link.hidden = !field();
  if (link.textContent !== watch.texts.skip) link.textContent = watch.texts.skip;
}

// What the keys do, asked for with "?".
function keys() {
  const open = document.querySelector("dialog.quire-keys");
  if (open) return open.close();
  const box = document.createElement("dialog");
  box.className = "quire-keys";
  const title = document.createElement("h2");
  title.textContent = watch.texts.keys;
  title.id = "quire-keys";
  box.setAttribute("aria-labelledby", title.id);
  const list = document.createElement("dl");
  for (const [key, what] of watch.keys) {
    const name = document.createElement("dt");
    const said = document.createElement("dd");
    const cap = document.createElement("kbd");
    cap.textContent = key;
    name.append(cap);
    said.textContent = what;
    list.append(name, said);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = watch.texts.close;
  close.addEventListener("click", () => box.close());
  box.addEventListener("close", () => box.remove());
  box.append(title, list, close);
  document.body.append(box);
  box.showModal();
}

const WRITES = "input, textarea, select, [contenteditable=true]";

function shortcut(event) {
  const { key, ctrlKey, metaKey, altKey, target } = event;
  if (ctrlKey || metaKey || altKey) return;
  const asks = key === "?" && target.matches?.("[data-testid=stChatInputTextArea]") && !target.value;
  if (target.closest?.(WRITES) && !asks) return; // no question begins with its mark
  if (document.querySelector("[role=dialog]")) return;
  const field = document.querySelector("[data-testid=stChatInputTextArea]");
  if (key === "/" && field) field.focus();
  else if (key.toLowerCase() === "f") seekFind();
  else if (key === "?") keys();
  else return;
  event.preventDefault();
}

// To the words to find in a source; one that is being opened has its field in a moment.
function seekFind() {
  const find = document.querySelector(".st-key-find input");
  watch.finding = find ? 0 : performance.now() + SEEKING;
  find?.focus();
}

// Escape closes the source, unless something is open or under way that it ends first.
const FIRST = "dialog, [role=dialog], [role=listbox], .st-key-stop button";

function pressed(event) {
  const { key, defaultPrevented, ctrlKey, metaKey, shiftKey } = event;
  shortcut(event);
  if (key === "Enter" && !shiftKey && event.target.matches?.("[data-testid=stChatInputTextArea]")) asking();
  if (key.toUpperCase() === "O" && shiftKey && (ctrlKey || metaKey)) begun(); // a new chat
  if (key !== "Escape" || defaultPrevented || document.querySelector(FIRST)) return;
  document.querySelector(".st-key-close-source button")?.click();
}

// What a reader will want to write next: the first question of a new chat.
function begun() {
  watch.begun = performance.now() + SEEKING;
}

// The question field has the keys as soon as it is there, where no keyboard comes up by that: so
// nobody has to get to it past all lists. Whoever is elsewhere by then is left alone.
function focus() {
  const now = performance.now();
  const field = document.querySelector("[data-testid=stChatInputTextArea]");
  const find = document.querySelector(".st-key-find input");
  const free = !document.activeElement?.matches(WRITES);
  if (find && free && now <= (watch.finding ?? 0)) {
    watch.finding = 0;
    find.focus();
  }
  if (now <= (watch.begun ?? 0)) field?.focus();
  if (field && !watch.met && matchMedia("(pointer: fine)").matches && document.activeElement === document.body) {
    field.focus({ preventScroll: true });
  }
  watch.met = Boolean(field); // once each time that it comes onto the page
}

function collapse() {
  const button = document.querySelector("[data-testid=stSidebarCollapseButton] button");
  const open = document.querySelector("[data-testid=stSidebar][aria-expanded=true], [data-testid=stSidebar][data-collapsed=false]");
  if (innerWidth < NARROW && open) button?.click();
}

// On a narrow screen the sidebar leaves once it has led somewhere.
const LEADING = ["[data-testid=stSidebarNav] a", ...["new", "open-", "found-"].map((key) => `[class*=st-key-${key}] button`)].join();

function begin(app) {
  const still = () => { watch.seeking = watch.begun = 0; };
  for (const what of ["wheel", "touchmove", "pointerdown"]) {
    addEventListener(what, still, { passive: true, capture: true });
  }
  document.addEventListener("keydown", pressed, true);
  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("[data-testid=stChatInputSubmitButton]")) asking();
  }, true);
  document.addEventListener("click", ({ target }) => {
    // not by a touch, which would bring up the keyboard
    if (target.closest?.(".st-key-new button") && matchMedia("(pointer: fine)").matches) begun();
    if (target.closest?.(".st-key-notify-intake button")) Notification.requestPermission().then(offer);
    const pressed = target.closest?.("[data-testid=stSidebar] :is(a, button)");
    if (pressed?.matches(LEADING)) setTimeout(collapse, 300);
  });
  setTimeout(collapse, 300);
  watch.observer = new MutationObserver(() => look(app));
  watch.observer.observe(app, { attributeFilter: ["data-test-connection-state"] });
  colour(app);
  new MutationObserver(() => colour(app)).observe(app, { attributeFilter: ["class"] });
  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("[data-testid=stFileChipDeleteBtn]")) watch.cancelled = target.closest(CHIP);
  }, true);
  document.addEventListener("change", ({ target }) => given(target, target.files), true);
  document.addEventListener("drop", ({ target, dataTransfer }) => given(target, dataTransfer?.files), true);
  let due = false;
  new MutationObserver(() => {
    miss();
    seek();
    reveal();
    if (due) return;
    due = true;
    setTimeout(() => {
      due = false;
      name(document);
      reach(document);
      measure();
      skip();
      focus();
      tellSuccess();
    }, 100);
  }).observe(document.body, { childList: true, subtree: true });
  const sizes = new ResizeObserver(measure);
  sizes.observe(document.body);
  sizes.observe(document.querySelector("[data-testid=stMain]") ?? document.body);
}

export default function ({ data, setTriggerValue, setStateValue }) {
  watch.send = (now) => setStateValue("sending", now);
  watch.back = () => setTriggerValue("back", true); // has the page drawn anew
  keep(data.kept);
  Object.assign(watch, { texts: data.texts, most: data.most, words: data.words, icons: data.icons, keys: data.keys });
  const app = document.querySelector("[data-testid=stApp]");
  if (app && !watch.observer) begin(app);
  document.documentElement.lang = data.language;
  name(document);
  measure();
  offer();
  follow(data);
  announce(data.word);
  skip();
  hear(data.answered);
}
