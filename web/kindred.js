// The first page: collections, films to rate, recommendations with their reason, similar films.
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

const address = new URL(location.href);
const page = {
  /** The collection shown, as `GET /v1/collections` describes it. */
  collection: null,
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

const apiBase = (address.searchParams.get("api") || find('meta[name="kindred-api"]').content || ".").replace(/\/+$/, "");

/** What went wrong, in words for a visitor. */
class Problem extends Error {
  constructor(title, detail) {
    super(title);
    this.detail = detail;
  }
}

// By the slug of a problem's `type`, which is stable; other problems speak with their own title.
const IN_PLAIN_WORDS = {
  "not-published": "Not published yet.",
  "storage": "The storage of the indexes cannot be reached just now.",
  "corrupt-index": "What was published is damaged.",
  "unknown-collection": "This collection is not served here.",
  "unknown-item": "This film is not in the collection any more.",
};

function problemOf(response, document) {
  const slug = String(document?.type ?? "").split("/").pop();
  const title = IN_PLAIN_WORDS[slug] ?? (document?.title ? `${document.title}.` : `The server answered with status ${response.status}.`);
  return new Problem(title, document?.detail ? asSentence(String(document.detail)) : "");
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
    const wanted = address.searchParams.get("collection");
    const ready = collections.filter(({ status }) => status !== "unpublished");
    choose(collections.find(({ name }) => name === wanted) ?? ready[0] ?? collections[0]);
  });
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
  for (const question of [filmsQuestion, lookUpQuestion, picksQuestion]) question();
  page.collection = collection;
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
  askForFilms();
  askForPicks();
}

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
    const all = items.length === 0 ? "There are no films to rate here." : "That is the whole list. Any other film can be found by its title.";
    find("#more").hidden = cards.length === 0;
    say(find("#rate .note"), cards.length === 0 ? all : "");
    if (focus) {
      find(cards.length === 0 ? "#look-up-title" : ".open", cards[0]).focus();
      announce(cards.length === 0 ? all : `More films: ${cards.length}.`);
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
      const sentence = `No film is called “${title}” here. The whole title is needed, as in “Heat” or “Heat (1995)”.`;
      say(find("#rate .note"), sentence);
      announce(sentence);
      return;
    }
    const cards = items.map((film) => shownCard(film.id) ?? filmCard(film));
    find(".films").prepend(...cards);
    find(".open", cards[0]).focus();
    announce(`${items[0].title} is the first of the films to rate.`);
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
    say(find(".note", section), items.length === 0 ? "Nothing to recommend. Rate a few more films." : "");
    if (0 < history.length) announce(items.length === 1 ? "One recommendation." : `${items.length} recommendations.`);
  });
}

function leadOf(ratingCount, fallback) {
  if (ratingCount === 0) return "Rate a film to make this list yours. Until then, this is what many like.";
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
