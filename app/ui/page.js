// What belongs to the whole page: preferences that this browser keeps, and a word when the server
// cannot be reached.
//
// Preferences are cookies of this address, with no meaning but the choice itself. The texts come
// from Quire's own catalogue.

const YEAR = 365 * 24 * 3600;
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

export default function ({ data }) {
  keep(data.kept);
  watch.texts = data.texts;
  const app = document.querySelector("[data-testid=stApp]");
  if (app && !watch.observer) {
    watch.observer = new MutationObserver(() => look(app));
    watch.observer.observe(app, { attributeFilter: ["data-test-connection-state"] });
  }
}
