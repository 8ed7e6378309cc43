// The first page: collections, search, films to rate, recommendations with their reason, similar films.
//
// From top to bottom: asking the functions, drawing posters, what the visitor rated, and then one part for each section of the page. Text of
// the data only ever becomes text nodes and attributes.

const STARS = [1, 2, 3, 4, 5];
const FILMS_A_TIME = 12;
// What the functions answer and take at most (functions/kit/src/limits.rs).
const FILMS_AT_MOST = 100;
const HISTORY_AT_MOST = 500;
const PICK_COUNT = 10;
const SIMILAR_COUNT = 6;
// Long enough that going through the stars with the arrow keys asks once.
const PAUSE_BEFORE_ASKING_MS = 350;
const PAUSE_WHILE_TYPING_MS = 150;
// Fits into an address, and has room for the 16 words that are read.
const QUERY_LETTERS_AT_MOST = 200;
const FOUND_A_TIME = 20;
const SUGGESTIONS_AT_MOST = 8;
const FACETS_AT_MOST = 4;
const FACET_VALUES_AT_MOST = 8;
const VALUES_AT_MOST = 3;
const PASSAGES_AT_MOST = 2;
// What says most about an item in a line; a highlight of any other field stands in a line of its own.
const ABOUT = ["year", "authors", "genres", "categories", "address", "city", "state", "postal_code"];
// Where something is says nothing when things are put in its order.
const NOT_ORDERS = ["latitude", "longitude"];
const PAGE_TITLE = document.title;

const address = new URL(location.href);
const page = {
  /** The collection shown, as `GET /v1/collections` describes it. */
  collection: null,
  /** All that are served. */
  collections: [],
  /** What the collection shown can be searched by; `null` where it cannot be, or is not known yet. */
  search: null,
  /** How many films the onboarding list was asked for so far. */
  asked: 0,
};

const find = (selector, within = document) => within.querySelector(selector);

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

// ---------------------------------------------------------------------------------------------------- Asking the functions

/** `config.json`, which is written where the page is put up: `api` is where the functions answer; empty: beside this page. */
const config = await fetch("config.json").then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({}));

// `?api=https://...` in the address wins.
const apiBase = (address.searchParams.get("api") || config?.api || ".").replace(/\/+$/, "");

/** What went wrong, in words for a visitor. */
class Problem extends Error {
  constructor(title, detail, { status, known } = {}) {
    super(title);
    this.detail = detail;
    this.status = status;
    /** What there is instead of what was named. */
    this.known = known;
  }
}

// By the slug of a problem's `type`, which is stable; other problems speak with their own title.
const IN_PLAIN_WORDS = {
  "not-published": "Not published yet.",
  "storage": "The storage of the indexes cannot be reached just now.",
  "corrupt-index": "What was published is damaged.",
  "unknown-collection": "This collection is not served here.",
  "unknown-item": "This is not in the collection any more.",
};

function problemOf(response, document) {
  const slug = String(document?.type ?? "").split("/").pop();
  const title = IN_PLAIN_WORDS[slug] ?? (document?.title ? `${document.title}.` : `The server answered with status ${response.status}.`);
  return new Problem(title, document?.detail ? asSentence(String(document.detail)) : "", { status: response.status, known: document?.known });
}

const asSentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;

/** The JSON of an answer; throws a Problem, or an AbortError when the question was taken back. */
async function ask(path, { signal, body } = {}) {
  const request = { signal, headers: { Accept: "application/json, application/problem+json" } };
  if (body !== undefined) {
    request.method = "POST";
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(`${apiBase}${path}`, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("No answer.", "The functions cannot be reached. Are they running, and are you online?");
  }
  let answer = null;
  try {
    answer = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
  }
  if (!response.ok) throw problemOf(response, answer);
  if (answer === null || typeof answer !== "object") {
    throw new Problem("An answer that makes no sense.", "Something other than the functions answers at this address.");
  }
  return answer;
}

const inCollection = (path) => `/v1/${encodeURIComponent(page.collection.name)}${path}`;

/** Questions of which only the last one counts, by section: asking again takes the one before back. */
function latest() {
  let controller = new AbortController();
  return () => {
    controller.abort();
    controller = new AbortController();
    return controller.signal;
  };
}

/** Fills a section from an answer, with its waiting and its failing: `.note` says what happens, and the old content stays until there is new. */
async function load(section, signal, question, show) {
  const note = find(".note", section);
  section.setAttribute("aria-busy", "true");
  const waiting = setTimeout(() => say(note, "Loading …"), 300);
  try {
    const answer = await question(signal);
    if (signal.aborted) return;
    say(note, "");
    show(answer);
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    sayProblem(note, error, () => load(section, signal, question, show));
  } finally {
    clearTimeout(waiting);
    if (!signal.aborted) section.removeAttribute("aria-busy");
  }
}

function say(note, text) {
  note.classList.remove("problem");
  note.replaceChildren(text);
}

function sayProblem(note, problem, retry) {
  const again = element("button", { type: "button", textContent: "Try again" });
  again.addEventListener("click", () => {
    // The button goes away with the note; the heading of its section takes the focus.
    const heading = find("h2", note.parentElement) ?? find("h1");
    heading.tabIndex = -1;
    heading.focus();
    retry();
  });
  note.classList.add("problem");
  note.replaceChildren(element("strong", { textContent: problem.message }), problem.detail, element("br"), again);
  announce(problem.message);
}

/** One short sentence for those who listen to the page. Cleared first, so that the same sentence is heard again. */
function announce(sentence) {
  const region = find("#announcement");
  region.textContent = "";
  setTimeout(() => { region.textContent = sentence; }, 100);
}

// ---------------------------------------------------------------------------------------------------- Posters

/** FNV-1a, 32 bits: the same title is drawn alike everywhere. */
function hash(text) {
  let bits = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) bits = Math.imul(bits ^ byte, 0x01000193) >>> 0;
  return bits;
}

/** Genre, the hue of its posters in degrees, and its motif. Genres that say more about a film come first. */
const LOOKS = [
  ["Western", 28, "sun"], ["Animation", 190, "balls"], ["Horror", 355, "moon"], ["Sci-Fi", 230, "planet"], ["Musical", 320, "waves"], ["Music", 320, "waves"],
  ["War", 80, "bars"], ["Documentary", 165, "grid"], ["Family", 45, "balls"], ["Children", 45, "balls"], ["Fantasy", 270, "moon"], ["Film-Noir", 220, "blinds"],
  ["Mystery", 250, "blinds"], ["Romance", 340, "pair"], ["Sport", 140, "bars"], ["Crime", 210, "blinds"], ["Adventure", 110, "sun"], ["Action", 15, "bars"],
  ["Thriller", 200, "blinds"], ["Biography", 35, "arch"], ["History", 40, "arch"], ["Comedy", 50, "pair"], ["Drama", 215, "arch"],
];

const MOTIFS = {
  sun: (at) => [["circle", { cx: at(30, 70), cy: 62, r: at(16, 26) }], ["path", { d: `M0 ${at(84, 98)} L${at(25, 45)} ${at(66, 84)} L60 98 L${at(72, 88)} ${at(74, 90)} L100 102 V150 H0Z`, tone: 1 }]],
  balls: (at) => [["circle", { cx: at(20, 40), cy: at(30, 50), r: at(12, 18) }], ["circle", { cx: at(55, 80), cy: at(55, 80), r: at(16, 24), tone: 1 }], ["circle", { cx: at(20, 45), cy: at(95, 118), r: at(10, 16), tone: 2 }]],
  moon: (at) => { const [x, y, r] = [at(38, 62), at(48, 66), at(22, 30)]; return [["circle", { cx: x, cy: y, r }], ["circle", { cx: x + r * .45, cy: y - r * .2, r: r * .9, tone: 3 }], ["path", { d: `M0 150 L${at(8, 16)} 104 L24 150 L${at(34, 42)} 96 L54 150 L${at(64, 72)} 110 L82 150 L${at(88, 94)} 100 L100 150Z`, tone: 1 }]]; },
  planet: (at) => { const [y, r] = [at(52, 72), at(20, 27)]; return [["ellipse", { cx: 50, cy: y, rx: r * 1.75, ry: r * .42, tone: 1, transform: `rotate(${at(-28, 28)} 50 ${y})` }], ["circle", { cx: 50, cy: y, r }], ["circle", { cx: at(10, 90), cy: at(105, 130), r: 3, tone: 2 }], ["circle", { cx: at(10, 90), cy: at(12, 26), r: 2, tone: 2 }]]; },
  waves: (at) => [0, 1, 2].map((row) => ["path", { d: `M-5 ${44 + row * 26} q${at(12, 20)} ${at(-30, -14)} 37 0 t37 0 t37 0`, line: at(4, 8), tone: row }]),
  bars: (at) => { const lean = at(-30, 30); return [0, 1, 2].map((row) => ["rect", { x: 14 + row * 26, y: at(10, 40), width: at(9, 17), height: at(70, 120), tone: row, transform: `rotate(${lean} 50 75)` }]); },
  grid: (at) => Array.from({ length: 12 }, (_, cell) => ["rect", { x: 16 + (cell % 3) * 24, y: 24 + Math.floor(cell / 3) * 26, width: 19, height: 21, tone: at(0, 3) }]),
  blinds: (at) => [["circle", { cx: at(30, 70), cy: at(45, 80), r: at(20, 30) }], ...Array.from({ length: 9 }, (_, row) => ["rect", { x: 0, y: 10 + row * 15, width: 100, height: at(4, 8), tone: 3 }])],
  pair: (at) => { const [y, gap, fall] = [at(50, 90), at(11, 20), at(-24, 24)]; return [["circle", { cx: 50 - gap, cy: y - fall / 2, r: at(18, 27) }], ["circle", { cx: 50 + gap, cy: y + fall / 2, r: at(18, 27), tone: 1, opacity: .8 }]]; },
  arch: (at) => { const [x, top] = [at(28, 44), at(40, 62)]; return [["path", { d: `M${x} 150 V${top + 22} a22 22 0 0 1 44 0 V150Z` }], ["path", { d: `M${x + 12} 150 V${top + 32} a10 10 0 0 1 20 0 V150Z`, tone: 3 }], ["circle", { cx: at(12, 88), cy: at(16, 28), r: at(4, 8), tone: 2 }]]; },
};

/** A poster for a film that has none: a motif of its genre, varied by its title. Decorative: the title stands beside it. */
function drawPoster({ title = "", year, genres = [] }) {
  const seed = hash(`${title} ${year ?? ""}`);
  const looks = LOOKS.filter(([genre]) => genres.some((one) => one.startsWith(genre)));
  const [, genreHue] = looks[0] ?? ["", seed % 360];
  // Marsaglia's xorshift; it must not start at 0.
  let draw = seed || 1;
  const at = (from, to) => {
    draw ^= draw << 13;
    draw ^= draw >>> 17;
    draw = (draw ^ (draw << 5)) >>> 0;
    return from + Math.floor((draw / 2 ** 32) * (to - from));
  };
  const hue = (genreHue + at(-32, 33) + 360) % 360;
  // One of the two genres that say most gives the motif, so that the many comedies and dramas do not all look alike.
  const [, , motif] = looks[at(0, Math.min(looks.length, 2))] ?? ["", 0, "pair"];
  const night = at(0, 3) === 0;
  const ground = night ? `hsl(${hue} 30% 20%)` : `hsl(${hue} 34% 78%)`;
  const tones = night
    ? [`hsl(${hue} 55% 68%)`, `hsl(${hue + 25} 40% 42%)`, `hsl(${hue - 25} 60% 80%)`, ground]
    : [`hsl(${hue} 48% 42%)`, `hsl(${hue + 25} 40% 28%)`, `hsl(${hue - 25} 55% 58%)`, ground];
  const svg = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const poster = svg("svg", { viewBox: "0 0 100 150", "aria-hidden": "true", preserveAspectRatio: "xMidYMid slice" });
  poster.append(svg("rect", { width: 100, height: 150, fill: ground }));
  for (const [name, { tone = 0, line, ...shape }] of MOTIFS[motif](at)) {
    const paint = line ? { fill: "none", stroke: tones[tone], "stroke-width": line } : { fill: tones[tone] };
    poster.append(svg(name, { ...shape, ...paint }));
  }
  return poster;
}

function showPoster(frame, film) {
  frame.replaceChildren(drawPoster(film));
  if (!film.image) return;
  const image = element("img", { alt: "", loading: "lazy", referrerPolicy: "no-referrer" });
  image.addEventListener("error", () => frame.replaceChildren(drawPoster(film)));
  image.src = film.image;
  frame.replaceChildren(image);
}

const nameOf = (film) => (film.year ? `${film.title} (${film.year})` : film.title);
const aboutOf = (film) => [film.year, (film.genres ?? []).slice(0, 3).join(", ")].filter(Boolean).join(" · ");

// ---------------------------------------------------------------------------------------------------- What the visitor rated

/** Ratings by film id, newest last: `{ film, stars }`. Kept in the browser for each collection; undone one step. */
const ratings = {
  byId: new Map(),
  before: null,

  place: () => `kindred.ratings ${apiBase} ${page.collection.name}`,

  open() {
    this.before = null;
    this.byId = new Map();
    try {
      const kept = JSON.parse(localStorage.getItem(this.place()) ?? "[]");
      const whole = (rating) => typeof rating?.film?.id === "string" && typeof rating.film.title === "string" && STARS.includes(rating.stars);
      for (const rating of kept.filter(whole)) this.byId.set(rating.film.id, rating);
    } catch {
      // Storage that is forbidden or holds something else: the page works without.
    }
  },

  change(change) {
    this.before = new Map(this.byId);
    change(this.byId);
    this.keep();
  },

  undo() {
    this.byId = this.before ?? this.byId;
    this.before = null;
    this.keep();
  },

  keep() {
    try {
      localStorage.setItem(this.place(), JSON.stringify([...this.byId.values()]));
    } catch {
      // As above.
    }
    showRatings();
    askForPicksSoon();
  },

  rate({ id, title, year, genres, image }, stars) {
    const film = { id, title, year, genres, image };
    this.change((byId) => {
      byId.delete(id);
      byId.set(id, { film, stars });
    });
  },
};

/** Stars on the collection's own scale: five stars are its maximum, and a film is never rated below its minimum. */
function valueOf(stars) {
  const { minimum = 1, maximum = 5 } = page.collection.values ?? {};
  return Math.max(minimum, (maximum * stars) / STARS.length);
}

/** What the functions are told. A collection that only knows "liked" hears of three stars and more, without a value. */
function historyToSend() {
  const { minimum = 1, maximum = 5 } = page.collection.values ?? {};
  const rated = [...ratings.byId.values()].slice(-HISTORY_AT_MOST);
  if (minimum < maximum) return rated.map(({ film, stars }) => ({ id: film.id, value: valueOf(stars) }));
  return rated.filter(({ stars }) => 3 <= stars).map(({ film }) => ({ id: film.id }));
}

const starsAsText = (stars) => "★".repeat(stars) + "☆".repeat(STARS.length - stars);

/** The five radio buttons of a film. `place` makes the group's name unique where a film shows twice. */
function starGroup(film, place) {
  const legend = element("legend", { className: "unseen", textContent: `Your rating of ${nameOf(film)}` });
  const labels = STARS.map((stars) => {
    const input = element("input", { type: "radio", name: `${place}-${film.id}`, value: String(stars) });
    input.checked = ratings.byId.get(film.id)?.stars === stars;
    input.addEventListener("change", () => ratings.rate(film, stars));
    const text = element("span", { className: "unseen", textContent: stars === 1 ? "1 star" : `${stars} stars` });
    return element("label", {}, input, element("span", { className: "star", ariaHidden: "true" }), text);
  });
  const group = element("fieldset", { className: "stars" }, legend, ...labels);
  group.dataset.filmId = film.id;
  return group;
}

function showRatings() {
  for (const group of document.querySelectorAll(".stars")) {
    const stars = ratings.byId.get(group.dataset.filmId)?.stars;
    for (const input of group.querySelectorAll("input")) input.checked = Number(input.value) === stars;
  }
  const rows = [...ratings.byId.values()].reverse().map(({ film, stars }) => {
    const row = fromTemplate("rated-template");
    find(".name", row).textContent = nameOf(film);
    const value = find(".value", row);
    value.append(
      element("span", { ariaHidden: "true", textContent: starsAsText(stars) }),
      element("span", { className: "unseen", textContent: `${stars} of 5 stars` }),
    );
    const remove = find("button", row);
    remove.ariaLabel = `Remove the rating of ${nameOf(film)}`;
    remove.addEventListener("click", () => {
      ratings.change((byId) => byId.delete(film.id));
      find("#ratings-title").focus();
      announce(`Removed ${film.title}. It can be undone.`);
    });
    return row;
  });
  find(".rated").replaceChildren(...rows);
  say(find("#ratings .note"), rows.length === 0 ? "None yet." : "");
  find("#clear").hidden = rows.length === 0;
  find("#undo").hidden = ratings.before === null;
}

find("#clear").addEventListener("click", () => {
  const count = ratings.byId.size;
  ratings.change((byId) => byId.clear());
  find("#undo").focus();
  announce(count === 1 ? "Cleared one rating. It can be undone." : `Cleared ${count} ratings. They can be undone.`);
});

find("#undo").addEventListener("click", () => {
  ratings.undo();
  find("#ratings-title").focus();
  announce("Undone.");
});

// ---------------------------------------------------------------------------------------------------- Collections

const collectionsQuestion = latest();

function askForCollections() {
  load(find("#collections"), collectionsQuestion(), (signal) => ask("/v1/collections", { signal }), ({ collections = [] }) => {
    find(".collections").replaceChildren(...collections.map(collectionButton));
    if (collections.length === 0) {
      say(find("#collections .note"), "No collection is served here yet.");
      return;
    }
    page.collections = collections;
    choose(collectionOfAddress());
  });
}

/** The collection that the address names, or the first that can be shown. */
function collectionOfAddress() {
  const wanted = address.searchParams.get("collection");
  const ready = page.collections.filter(({ status }) => status !== "unpublished");
  return page.collections.find(({ name }) => name === wanted) ?? ready[0] ?? page.collections[0];
}

function collectionButton(collection) {
  const item = fromTemplate("collection-template");
  const button = find("button", item);
  button.dataset.name = collection.name;
  find(".collection-title", item).textContent = collection.title || collection.name;
  find(".badge", item).hidden = !collection.synthetic;
  find(".facts", item).append(...factsOf(collection));
  button.addEventListener("click", () => {
    address.searchParams.set("collection", collection.name);
    // What was looked for is of the other collection.
    for (const name of ["q", "sort", "filter"]) address.searchParams.delete(name);
    history.replaceState(null, "", address);
    choose(collection);
  });
  return item;
}

function factsOf({ status, item_count: itemCount, generation, created_at: createdAt, quality }) {
  if (status === "unpublished") return ["not published yet"];
  const facts = [];
  if (Number.isFinite(itemCount)) facts.push(`${itemCount.toLocaleString("en")} items`);
  if (quality && Number.isFinite(quality.value)) {
    const range = Number.isFinite(quality.low) && Number.isFinite(quality.high) ? ` (${quality.low.toFixed(3)} to ${quality.high.toFixed(3)})` : "";
    facts.push(`${String(quality.metric).toUpperCase()} ${quality.value.toFixed(3)}${range}`);
  }
  const built = new Date(createdAt);
  if (createdAt && !Number.isNaN(built.getTime())) facts.push(`built ${built.toISOString().slice(0, 10)}`);
  if (generation) facts.push(element("span", {}, "generation ", element("code", { textContent: generation })));
  return facts.flatMap((fact, place) => (place === 0 ? [fact] : [" · ", fact]));
}

function choose(collection) {
  // Whatever is under way was asked about another collection.
  clearTimeout(pause);
  clearTimeout(typingPause);
  for (const question of [fieldsQuestion, searchQuestion, filmsQuestion, lookUpQuestion, picksQuestion]) question();
  page.collection = collection;
  page.search = null;
  page.asked = 0;
  for (const button of document.querySelectorAll(".collection")) {
    button.setAttribute("aria-current", String(button.dataset.name === collection.name));
  }
  const unpublished = collection.status === "unpublished";
  find(".columns").hidden = unpublished;
  find(".films").replaceChildren();
  find(".picks").replaceChildren();
  if (unpublished) {
    const again = new Problem("Not published yet.", `The indexes of “${collection.title || collection.name}” have not been built and published so far.`);
    sayProblem(find("#collections .note"), again, askForCollections);
    return;
  }
  say(find("#collections .note"), "");
  ratings.open();
  showRatings();
  openSearch();
  askForFilms();
  askForPicks();
}

// ---------------------------------------------------------------------------------------------------- Search

const fieldsQuestion = latest();
const searchQuestion = latest();
const suggestQuestion = latest();

/** What is looked for: what the address of the page says, and where the visitor is, which it never says. */
const wish = {
  query: "",
  /** By field, the texts of which an item has to have one. */
  filter: {},
  sort: "",
  /** `latitude,longitude`, once the visitor has told. */
  near: "",

  isEmpty() {
    return this.query.trim() === "" && Object.keys(this.filter).length === 0 && this.sort === "" && this.near === "";
  },

  readAddress() {
    this.query = (address.searchParams.get("q") ?? "").slice(0, QUERY_LETTERS_AT_MOST);
    // What the page has no box and no order for could not be taken back.
    const sort = address.searchParams.get("sort") ?? "";
    this.sort = page.search.numbers.includes(sort.replace(/^-/, "")) ? sort : "";
    this.filter = {};
    try {
      const isTexts = (values) => Array.isArray(values) && 0 < values.length && values.every((value) => typeof value === "string");
      const filter = JSON.parse(address.searchParams.get("filter") ?? "{}");
      this.filter = Object.fromEntries(Object.entries(filter ?? {}).filter(([field, values]) => page.search.facets.includes(field) && isTexts(values)));
    } catch {
      // An address that was cut short: it is searched without a filter.
    }
  },

  /** What somebody types is one step for the back button, from its first letter to the query that is sent; a box that is ticked is another. */
  keepInAddress({ isTyping }) {
    const filter = Object.keys(this.filter).length === 0 ? "" : JSON.stringify(this.filter);
    for (const [name, value] of [["q", this.query], ["sort", this.sort], ["filter", filter]]) {
      if (value === "") address.searchParams.delete(name);
      else address.searchParams.set(name, value);
    }
    const before = new URL(location.href).searchParams;
    const isNarrowed = ["sort", "filter"].some((name) => before.get(name) !== address.searchParams.get(name));
    const isSameStep = address.href === location.href || (history.state?.isTyping && !isNarrowed);
    history[isSameStep ? "replaceState" : "pushState"]({ isTyping }, "", address);
  },
};

/** How `GET /search` is asked for a wish. */
function searchPath({ query, filter, sort, near }, more) {
  const given = { q: query, sort, near, filter: Object.keys(filter).length === 0 ? "" : JSON.stringify(filter), ...more };
  return inCollection(`/search?${new URLSearchParams(Object.entries(given).filter(([, value]) => value !== ""))}`);
}

/** Finds out what the collection can be searched by; where it has no words to search there is no field to type them in. */
function openSearch() {
  const section = find("#search");
  for (const part of [section, find(".results", section), find("#near")]) part.hidden = true;
  find("#ask").hidden = true;
  find("#look-up").hidden = false;
  nearIs("");
  closeSuggestions();
  load(section, fieldsQuestion(), async (signal) => {
    try {
      return await fieldsOf(signal);
    } catch (error) {
      if (error.status === 404) return null;
      section.hidden = false;
      throw error;
    }
  }, (fields) => {
    if (fields === null) return;
    page.search = fields;
    section.hidden = false;
    find("#ask").hidden = false;
    find("#look-up").hidden = true;
    find("#near").hidden = !fields.hasPlaces;
    find("#search-title").textContent = `Search ${page.collection.title || page.collection.name}`;
    find("#sort").replaceChildren(
      element("option", { value: "", textContent: "best first" }),
      ...fields.numbers.flatMap((field) => [
        element("option", { value: `-${field}`, textContent: `${inWords(field)}, greatest first` }),
        element("option", { value: field, textContent: `${inWords(field)}, least first` }),
      ]),
    );
    wish.readAddress();
    showWish();
  });
}

/** The fields by which a collection can be narrowed down and put in order, as its popular items have them, and whether anything of it lies somewhere on the earth. */
async function fieldsOf(signal) {
  const [{ items = [] }, { total }] = await Promise.all([
    ask(inCollection(`/search?count=${FOUND_A_TIME}`), { signal }),
    ask(inCollection("/search?count=1&near=0,0&radius_km=20038"), { signal }),
  ]);
  const notFields = new Set(["id", "title", "image", "score", "match", "highlights"]);
  const names = [...new Set(items.flatMap(Object.keys))].filter((name) => !notFields.has(name));
  const count = (fields) => (fields.length === 0 ? {} : ask(inCollection(`/search?count=1&facets=${encodeURIComponent(fields.join(","))}`), { signal }));
  let facets;
  try {
    ({ facets = {} } = await count(names));
  } catch (error) {
    if (error.known === undefined) throw error;
    // Not all that an item shows can be filtered by; the refusal lists what can.
    ({ facets = {} } = await count(names.filter((name) => error.known.includes(name))));
  }
  const ofNames = names.filter((name) => facets[name]);
  // A field that is another one with each item, as an address is, leaves nothing to choose from: a value is to have two items at least, in the mean.
  const parts = ({ values }) => 1 < values.length && 2 * values.length <= values.reduce((sum, { count }) => sum + count, 0);
  // What says most about an item also says best what it is one of.
  const rank = (name) => (ABOUT.includes(name) ? ABOUT.indexOf(name) : ABOUT.length);
  return {
    facets: ofNames.filter((name) => parts(facets[name])).sort((one, other) => rank(one) - rank(other)).slice(0, FACETS_AT_MOST),
    numbers: ofNames.filter((name) => facets[name].minimum < facets[name].maximum && !NOT_ORDERS.includes(name)),
    hasPlaces: 0 < total,
  };
}

const inWords = (field) => field.replaceAll("_", " ");

/** Shows what the wish says where it is entered, and what it finds. */
function showWish() {
  find("#query").value = wish.query;
  find("#sort").value = wish.sort;
  search({ isTyping: false });
}

/** Looks for the wish. A word that is being typed stands for what begins so. */
function search({ isTyping }) {
  clearTimeout(typingPause);
  const section = find("#search");
  const results = find(".results", section);
  document.title = wish.query.trim() === "" ? PAGE_TITLE : `${wish.query.trim()} – ${PAGE_TITLE}`;
  const signal = searchQuestion();
  find("#rate").hidden = !wish.isEmpty();
  if (wish.isEmpty()) {
    results.hidden = true;
    section.removeAttribute("aria-busy");
    say(find(".note", section), "");
    return;
  }
  const asked = { query: wish.query, filter: wish.filter, sort: wish.sort, near: wish.near };
  const facets = page.search.facets.join(",");
  const question = async () => {
    const whole = ask(searchPath(asked, { prefix: isTyping, count: FOUND_A_TIME, facets }), { signal });
    // The values of a field that already narrows down are counted without it, so that another of them can be added.
    const others = Object.keys(asked.filter).filter((field) => page.search.facets.includes(field)).map(async (field) => {
      const { [field]: _, ...filter } = asked.filter;
      return (await ask(searchPath({ ...asked, filter, sort: "" }, { prefix: isTyping, count: 1, facets: field }), { signal })).facets;
    });
    const [answer, ...counted] = await Promise.all([whole, ...others]);
    return { ...answer, facets: Object.assign({}, answer.facets, ...counted) };
  };
  load(section, signal, question, (answer) => {
    const hadFocus = find(".picks", results).contains(document.activeElement);
    results.hidden = false;
    find(".reading", results).replaceChildren(...readingOf(answer.interpretation));
    const total = totalOf(answer);
    find(".total", results).textContent = total;
    find(".order", results).hidden = page.search.numbers.length === 0 || answer.total < 2;
    showFacets(answer.facets);
    find(".picks", results).replaceChildren(...rowsOf(answer));
    if (hadFocus) find("#search-title").focus();
    showFurther(asked, isTyping, answer.cursor);
    if (answer.total === 0) say(find(".note", section), nothingFound(asked));
    announce(total);
  });
}

function totalOf({ total, interpretation }) {
  const counted = { 0: "Nothing found", 1: "One result" }[total] ?? `${total.toLocaleString("en")} results`;
  if (wish.query.trim() !== "") return `${counted} for “${wish.query.trim()}”`;
  return interpretation.match.includes("popular") && wish.sort === "" ? `${counted}, what many like first` : counted;
}

function nothingFound({ query, filter }) {
  const ways = [];
  if (query.trim() !== "") ways.push("other words");
  if (Object.keys(filter).length !== 0) ways.push("fewer boxes ticked");
  if (wish.near !== "") ways.push("another place");
  return `Try ${ways.join(" or ") || "something else"}.`;
}

// How a query was read.

function readingOf({ words = [], place, match = [], broader = [], did_you_mean: meant, notes = [] }) {
  const sentences = [];
  if (meant !== undefined) sentences.push(["Did you mean ", linkTo(meant), "?"]);
  const unknown = words.filter(({ as }) => as === "unknown").map(({ typed }) => `“${typed}”`);
  if (unknown.length !== 0) sentences.push([`Nothing here says ${oneOf(unknown)}.`]);
  if (place !== undefined) {
    const others = place.others ?? [];
    sentences.push([
      `In ${place.name}${1 <= place.radius_km ? `, ${Math.round(place.radius_km).toLocaleString("en")} km around its middle` : ""}.`,
      ...(others.length === 0 ? [] : [` There is ${oneOf(others).replace(/ or ([^ ]*)$/, " and $1")} too.`]),
    ]);
  }
  for (const { typed, as, terms, speaks_of: speaksOf = [] } of words) {
    const read = as === "corrected" ? terms[0] : typed;
    if (speaksOf.length !== 0) sentences.push([`“${read}” also speaks of ${oneOf(speaksOf)}.`]);
  }
  if (broader.length !== 0) sentences.push([`Widened to ${oneOf(broader)}.`]);
  if (match.length === 1 && match[0] === "any_word" && 1 < words.length) sentences.push(["Nothing has all of these words; these have some."]);
  for (const note of notes) {
    // A note that names a parameter is for programs; here there is a button for it, where anything lies anywhere.
    if (!note.includes("`near`")) sentences.push([asSentence(note)]);
    else if (page.search.hasPlaces) sentences.push(["Where are you? The button “Near me” tells."]);
  }
  return sentences.flatMap((sentence, place) => (place === 0 ? sentence : [" ", ...sentence]));
}

function oneOf(texts) {
  return new Intl.ListFormat("en", { type: "disjunction" }).format(texts);
}

/** A link to another query; it also opens in a tab of its own. */
function linkTo(query) {
  const there = new URL(address);
  there.searchParams.set("q", query);
  const link = element("a", { href: there.href, textContent: query });
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    find("#query").focus();
    searchFor(query);
  });
  return link;
}

// What was found.

/** What marks and escapes the functions write in a highlight; nothing else of it is taken for HTML. */
const ESCAPES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": "\"", "&#39;": "'" };
const unescaped = (text) => text.replace(/&(?:amp|lt|gt|quot|#39);/g, (escape) => ESCAPES[escape]);
const unmarked = (highlight) => unescaped(highlight.replace(/<\/?mark>/g, ""));

/** A highlight as nodes. Its text is escaped, so that every second piece between the marks is one that is marked. */
function marked(highlight) {
  const pieces = highlight.split(/<\/?mark>/).map(unescaped);
  return pieces.map((piece, place) => (place % 2 === 1 ? element("mark", { textContent: piece }) : piece));
}

/** The values of a field, the marked ones first. */
function shownValues(item, field) {
  const highlights = item.highlights?.[field] ?? [];
  const whole = highlights.map(unmarked);
  const values = [item[field] ?? []].flat().filter((value) => value !== "").map(String);
  return [...highlights.map(marked), ...values.filter((value) => !whole.includes(value)).map((value) => [value])].slice(0, VALUES_AT_MOST);
}

/** What was found, a row an item. A place that the words name is what distances are from; else it is where the visitor is. */
function rowsOf({ items, interpretation }) {
  return items.map((item) => foundItem(item, interpretation.place === undefined));
}

const between = (parts, separator) => parts.flatMap((part, place) => (place === 0 ? part : [separator, ...part]));

function foundItem(item, isNearVisitor) {
  const row = fromTemplate("found-template");
  showPoster(find(".poster", row), item);
  const open = find(".open", row);
  open.append(...marked(item.highlights?.title?.[0] ?? ""));
  if (open.textContent !== item.title) open.textContent = item.title;
  open.addEventListener("click", () => openFilm(item));
  const about = ABOUT.map((field) => between(shownValues(item, field), ", ")).filter((part) => part.length !== 0);
  find(".about", row).append(...between(about, " · "));
  const passages = Object.entries(item.highlights ?? {}).filter(([field]) => field !== "title" && !ABOUT.includes(field)).slice(0, PASSAGES_AT_MOST);
  find(".passage", row).append(...between(passages.map(([field, texts]) => [`${inWords(field)}: `, ...between(texts.slice(0, VALUES_AT_MOST).map(marked), ", ")]), " · "));
  find(".how", row).textContent = howFound(item, isNearVisitor);
  find(".rating", row).append(starGroup(item, "search"));
  return row;
}

// By the name of the step (index/src/generation/search/mod.rs); another one speaks for itself.
const FOUND_BY = {
  pinned: "chosen for these words",
  popular: "popular",
  words: "has the words",
  meaning: "what the words speak of",
  nearby: "nearby",
  broader: "of a broader kind",
  any_word: "has some of the words",
  elsewhere: "farther away",
};

function howFound({ match, distance_km: distance, ...item }, isNearVisitor) {
  const parts = [FOUND_BY[match] ?? inWords(String(match))];
  if (distance !== undefined) {
    const far = distance < .1 ? "less than 100 m" : `${distance.toLocaleString("en", { maximumFractionDigits: distance < 10 ? 1 : 0 })} km`;
    parts.push(`${far} from ${isNearVisitor ? "you" : "the middle of the place"}`);
  }
  const field = wish.sort.replace(/^-/, "");
  if (field !== "" && item[field] !== undefined) parts.push(`${inWords(field)} ${item[field]}`);
  return parts.join(" · ");
}

let further = null;

/** Keeps how the results go on, which is from the generation that they began with. */
function showFurther(asked, isTyping, cursor) {
  further = cursor === undefined ? null : { asked, isTyping, cursor };
  find("#further").hidden = further === null;
}

find("#further").addEventListener("click", () => {
  const { asked, isTyping, cursor } = further;
  const section = find("#search");
  // Other results are on their way, which go on elsewhere.
  if (section.ariaBusy === "true") return;
  const question = (signal) => ask(searchPath(asked, { prefix: isTyping, count: FOUND_A_TIME, cursor }), { signal });
  load(section, searchQuestion(), question, (answer) => {
    const rows = rowsOf(answer);
    find(".picks", section).append(...rows);
    showFurther(asked, isTyping, answer.cursor);
    const [note] = answer.interpretation.notes;
    say(find(".note", section), note === undefined ? "" : asSentence(note));
    find(rows.length === 0 ? "#search-title" : ".open", rows[0]).focus();
    announce(`More results: ${rows.length}.`);
  });
});

// Narrowing down.

function showFacets(facets) {
  const groups = page.search.facets.map((field) => facetGroup(field, facets[field]?.values ?? [])).filter((group) => group !== null);
  const list = find("#search .facets > div");
  const focused = list.contains(document.activeElement) ? document.activeElement.id : null;
  list.replaceChildren(...groups);
  // What was ticked is drawn anew, and keeps the focus.
  if (focused !== null) (document.getElementById(focused) ?? find("#search summary")).focus();
  find("#search .facets").hidden = groups.length === 0;
}

function facetGroup(field, counted) {
  const chosen = wish.filter[field] ?? [];
  const missing = chosen.filter((value) => !counted.some((one) => one.value === value)).map((value) => ({ value, count: 0 }));
  const isChosen = ({ value }) => chosen.includes(value);
  const shown = [...missing, ...counted.filter((one, place) => place < FACET_VALUES_AT_MOST || isChosen(one))];
  if (shown.length < 2 && chosen.length === 0) return null;
  const boxes = shown.map(({ value, count }) => {
    const box = element("input", { type: "checkbox", id: `facet ${field} ${value}`, checked: chosen.includes(value) });
    box.addEventListener("change", () => {
      const others = (wish.filter[field] ?? []).filter((other) => other !== value);
      const values = box.checked ? [...others, value] : others;
      const { [field]: _, ...filter } = wish.filter;
      wish.filter = values.length === 0 ? filter : { ...filter, [field]: values };
      wish.keepInAddress({ isTyping: false });
      search({ isTyping: false });
    });
    return element("label", {}, box, element("span", { className: "value", textContent: value }), element("span", { className: "count", textContent: count.toLocaleString("en") }));
  });
  return element("fieldset", {}, element("legend", { textContent: inWords(field) }), ...boxes);
}

find("#sort").addEventListener("change", (event) => {
  wish.sort = event.target.value;
  wish.keepInAddress({ isTyping: false });
  search({ isTyping: false });
});

// Near the visitor: asked for when the button is pressed, and rounded to about a hundred metres before it is sent.

function nearIs(near) {
  wish.near = near;
  find("#near").ariaPressed = String(near !== "");
}

find("#near").addEventListener("click", () => {
  if (wish.near !== "") {
    nearIs("");
    search({ isTyping: false });
    return;
  }
  const { collection } = page;
  const note = find("#search .note");
  const failed = (sentence) => {
    say(note, sentence);
    announce(sentence);
  };
  if (!navigator.geolocation) {
    failed("This browser does not tell where you are. A city or a postal code among the words does as well.");
    return;
  }
  say(note, "Asking your browser where you are …");
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    if (page.collection !== collection) return;
    say(note, "");
    nearIs(`${coords.latitude.toFixed(3)},${coords.longitude.toFixed(3)}`);
    search({ isTyping: false });
  }, ({ code }) => {
    if (page.collection !== collection) return;
    failed(`${code === 1 ? "Your browser was not allowed to tell where you are." : "Your browser could not find out where you are."} A city or a postal code among the words does as well.`);
  }, { timeout: 10_000, maximumAge: 300_000 });
});

// The field, and what it suggests: a combobox with a listbox (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/).

const queryField = find("#query");
const suggestionList = find("#suggestions");
let typingPause = 0;

queryField.addEventListener("input", () => {
  wish.query = queryField.value;
  clearTimeout(typingPause);
  typingPause = setTimeout(() => {
    wish.keepInAddress({ isTyping: true });
    search({ isTyping: true });
    suggest();
  }, PAUSE_WHILE_TYPING_MS);
});

find("#ask").addEventListener("submit", (event) => {
  event.preventDefault();
  searchFor(queryField.value);
});

/** Looks for words that are finished. */
function searchFor(query) {
  closeSuggestions();
  queryField.value = query;
  wish.query = query;
  wish.keepInAddress({ isTyping: false });
  search({ isTyping: false });
}

async function suggest() {
  const signal = suggestQuestion();
  if (wish.query.trim() === "") {
    closeSuggestions();
    return;
  }
  try {
    const parameters = new URLSearchParams({ q: wish.query, count: SUGGESTIONS_AT_MOST });
    const { suggestions = [] } = await ask(inCollection(`/suggest?${parameters}`), { signal });
    if (!signal.aborted && document.activeElement === queryField) showSuggestions(suggestions);
  } catch {
    // The results say what is wrong; without suggestions one types on.
  }
}

function showSuggestions(suggestions) {
  const options = suggestions.map(({ query, field, count }, place) => {
    const option = element("li", { id: `suggestion-${place}`, role: "option", ariaSelected: "false" }, element("span", { textContent: query }));
    option.dataset.query = query;
    if (field !== undefined) option.append(" ", element("span", { className: "facts", textContent: `${inWords(field)} · ${count.toLocaleString("en")}` }));
    return option;
  });
  suggestionList.replaceChildren(...options);
  suggestionList.hidden = options.length === 0;
  queryField.ariaExpanded = String(0 < options.length);
  queryField.removeAttribute("aria-activedescendant");
}

function closeSuggestions() {
  suggestQuestion();
  showSuggestions([]);
}

/** Goes to another suggestion; before the first and behind the last one is what was typed. */
function goToSuggestion(step) {
  const options = [...suggestionList.children];
  const from = options.findIndex(({ ariaSelected }) => ariaSelected === "true");
  const rounds = options.length + 1;
  const to = from + step < -1 ? options.length - 1 : ((from + step + 1) % rounds) - 1;
  for (const [place, option] of options.entries()) option.ariaSelected = String(place === to);
  queryField.value = options[to]?.dataset.query ?? wish.query;
  if (to === -1) {
    queryField.removeAttribute("aria-activedescendant");
  } else {
    queryField.setAttribute("aria-activedescendant", options[to].id);
    options[to].scrollIntoView({ block: "nearest" });
  }
}

queryField.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const isOpen = !suggestionList.hidden;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (isOpen) goToSuggestion(event.key === "ArrowDown" ? 1 : -1);
    else suggest();
  } else if (event.key === "Escape" && (isOpen || queryField.value !== "")) {
    // The first time it closes the list, the second time it empties the field.
    event.preventDefault();
    if (isOpen) {
      queryField.value = wish.query;
      closeSuggestions();
    } else {
      searchFor("");
    }
  }
});

// Whoever leaves the field with a suggestion in it has taken it.
queryField.addEventListener("blur", () => {
  if (queryField.value === wish.query) closeSuggestions();
  else searchFor(queryField.value);
});
// Pressing on the list does not take the focus from the field, which would close it.
suggestionList.addEventListener("pointerdown", (event) => event.preventDefault());
suggestionList.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option !== null) searchFor(option.dataset.query);
});

// Facets stand open where there is room for them.
find("#search .facets").open = matchMedia("(min-width: 40rem)").matches;

addEventListener("popstate", () => {
  address.href = location.href;
  const collection = collectionOfAddress();
  if (collection === undefined) return;
  closeSuggestions();
  if (collection !== page.collection) {
    choose(collection);
  } else if (page.search !== null) {
    wish.readAddress();
    showWish();
  }
});

// ---------------------------------------------------------------------------------------------------- Films to rate

const filmsQuestion = latest();
const lookUpQuestion = latest();

function filmCard(film) {
  const card = fromTemplate("film-template");
  card.dataset.filmId = film.id;
  showPoster(find(".poster", card), film);
  const open = find(".open", card);
  open.textContent = film.title;
  open.addEventListener("click", () => openFilm(film));
  find(".about", card).textContent = aboutOf(film);
  find(".rating", card).append(starGroup(film, "rate"));
  return card;
}

const shownCard = (id) => [...find(".films").children].find((card) => card.dataset.filmId === id);

/** The onboarding list, a longer stretch of it each time; what is on the page already stays where it is. */
function askForFilms({ focus = false } = {}) {
  const count = Math.min(page.asked + FILMS_A_TIME, FILMS_AT_MOST);
  const question = (signal) => ask(inCollection(`/onboarding?count=${count}`), { signal });
  load(find("#rate"), filmsQuestion(), question, ({ items = [] }) => {
    page.asked = count;
    const cards = items.filter(({ id }) => !shownCard(id)).map(filmCard);
    find(".films").append(...cards);
    const all = items.length === 0 ? "There is nothing to rate here." : "That is the whole list. Anything else can be found by its title.";
    find("#more").hidden = cards.length === 0;
    say(find("#rate .note"), cards.length === 0 ? all : "");
    if (focus) {
      find(cards.length === 0 ? "#look-up-title" : ".open", cards[0]).focus();
      announce(cards.length === 0 ? all : `More: ${cards.length}.`);
    }
  });
}

find("#more").addEventListener("click", () => askForFilms({ focus: true }));

find("#look-up").addEventListener("submit", (event) => {
  event.preventDefault();
  const title = find("#look-up-title").value.trim();
  if (title === "" || page.collection === null) return;
  const question = (signal) => ask(inCollection(`/items?title=${encodeURIComponent(title)}`), { signal });
  load(find("#rate"), lookUpQuestion(), question, ({ items = [] }) => {
    if (items.length === 0) {
      const sentence = `Nothing is called “${title}” here. The whole title is needed, as in “Heat” or “Heat (1995)”.`;
      say(find("#rate .note"), sentence);
      announce(sentence);
      return;
    }
    const cards = items.map((film) => shownCard(film.id) ?? filmCard(film));
    find(".films").prepend(...cards);
    find(".open", cards[0]).focus();
    announce(`${items[0].title} is the first to rate.`);
  });
});

// ---------------------------------------------------------------------------------------------------- Recommendations

const picksQuestion = latest();
let pause = 0;

function pickItem(film, reason) {
  const item = fromTemplate("pick-template");
  showPoster(find(".poster", item), film);
  const open = find(".open", item);
  open.textContent = film.title;
  open.addEventListener("click", () => openFilm(film));
  find(".about", item).textContent = aboutOf(film);
  find(".reason", item).append(...reason);
  return item;
}

/** "Because you liked X and Y": the one or two ratings that weigh most, and only if the visitor did like them. */
function reasonOf({ reasons = [] }) {
  const neutral = page.collection.values?.neutral ?? 3;
  const liked = reasons
    .filter(({ id, contribution }) => 0 < contribution && neutral <= valueOf(ratings.byId.get(id)?.stars ?? 0))
    .sort((one, other) => other.contribution - one.contribution)
    .slice(0, 2)
    .map(({ title }) => element("q", { textContent: title }));
  if (liked.length === 0) return [];
  return ["Because you liked ", ...(liked.length === 1 ? liked : [liked[0], " and ", liked[1]])];
}

function askForPicksSoon() {
  clearTimeout(pause);
  pause = setTimeout(askForPicks, PAUSE_BEFORE_ASKING_MS);
}

function askForPicks() {
  clearTimeout(pause);
  const section = find("#recommendations");
  const history = historyToSend();
  const body = { history, count: PICK_COUNT, explain: true };
  const question = (signal) => ask(inCollection("/recommendations"), { signal, body });
  load(section, picksQuestion(), question, ({ items = [], fallback }) => {
    const list = find(".picks", section);
    const hadFocus = list.contains(document.activeElement);
    list.replaceChildren(...items.map((film) => pickItem(film, fallback ? [] : reasonOf(film))));
    if (hadFocus) find("#recommendations-title").focus();
    find(".lead", section).textContent = leadOf(history.length, fallback);
    say(find(".note", section), items.length === 0 ? "Nothing to recommend. Rate a few more." : "");
    if (0 < history.length) announce(items.length === 1 ? "One recommendation." : `${items.length} recommendations.`);
  });
}

function leadOf(ratingCount, fallback) {
  if (ratingCount === 0) return "Rate something to make this list yours. Until then, this is what many like.";
  const source = page.collection.synthetic ? ", learned from synthetic ratings" : "";
  return fallback ? String(fallback) : `From your ${ratingCount === 1 ? "rating" : `${ratingCount} ratings`}${source}.`;
}

// ---------------------------------------------------------------------------------------------------- One film

const similarQuestion = latest();
const dialog = find("#film");

function openFilm(film) {
  showPoster(find(".poster", dialog), film);
  const title = find("#film-title");
  title.textContent = film.title;
  find(".about", dialog).textContent = aboutOf(film);
  find(".rating", dialog).replaceChildren(starGroup(film, "film"));
  find(".picks", dialog).replaceChildren();
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  title.focus();
  const path = inCollection(`/items/${encodeURIComponent(film.id)}/similar?count=${SIMILAR_COUNT}`);
  load(dialog, similarQuestion(), (signal) => ask(path, { signal }), ({ items = [] }) => {
    find(".picks", dialog).replaceChildren(...items.map((similar) => pickItem(similar, [])));
    say(find(".note", dialog), items.length === 0 ? "No similar films are known." : "");
  });
}

// Focus goes back to the film that was opened, unless new recommendations took its place meanwhile.
dialog.addEventListener("close", () => {
  const nowhere = document.activeElement === document.body || dialog.contains(document.activeElement);
  if (nowhere) find("#recommendations-title").focus();
});

// A click beside the dialog closes it.
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

askForCollections();
