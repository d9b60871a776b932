// What is the shopper's own: the head of the panel, the history, the invitation of guests; put into regulars.js too.
const NEWS_MS = 5000;
const still = matchMedia("(prefers-reduced-motion: reduce)");

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** A date, or "YYYY-MM-DD" of the shop; the year is told where it is another than this one, or always `withYear`. */
function dayText(when, lang, withYear = false) {
  const date = new Date(when);
  const options = { day: "numeric", month: "short", ...(typeof when === "string" && { timeZone: "UTC" }) };
  if (withYear || date.getFullYear() !== new Date().getFullYear()) options.year = "numeric";
  return new Intl.DateTimeFormat(lang ?? "en-GB", options).format(date);
}

/** Count up (or down) to `to`, gently, while `current` says that it is still what to show. */
function roll(places, from, to, current) {
  const started = performance.now();
  const step = (now) => {
    const part = still.matches ? 1 : Math.min(1, (now - started) / 700);
    const value = Math.round(from + (to - from) * (1 - (1 - part) ** 3));
    places.forEach(([place, words]) => (place.textContent = words(value)));
    if (part < 1 && current(to)) requestAnimationFrame(step);
  };
  step(started);
}

/** A change of the balance: in a bubble beside the launcher, on a chip in the head of the panel, and aloud. */
class News {
  bubble = make("div", { class: "bubble", hidden: true, "aria-hidden": "true" });
  #chip = "";
  #live; #head; #timer;

  constructor(live, head) {
    [this.#live, this.#head] = [live, head];
  }

  tell(change, text, open) {
    this.#live.textContent = text;
    this.bubble.textContent = this.#chip = change;
    this.bubble.hidden = open;
    this.show();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(), NEWS_MS);
  }

  /** Put the chip there, as long as it is news; the head has been drawn anew. */
  show() {
    this.#head.querySelector(".chip")?.remove();
    if (this.#chip) this.#head.querySelector(".balance")?.append(make("span", { class: "chip", "aria-hidden": "true" }, this.#chip));
  }

  #end() {
    this.bubble.hidden = true;
    this.#chip = "";
    this.show();
  }
}

function memberHead(ui, me, mine, number) {
  const unit = ui.count(me.balance).slice(ui.digits(me.balance).length + 1);
  return [
    make("p", { class: "hello" }, me.name ? ui.say("hello", { name: me.name }) : ui.say("helloAnyone")),
    make("p", { class: "balance" }, number, make("span", {}, unit)),
    me.tier && make("p", { class: "pill" }, icon("medal"), me.tier.name),
    me.pending ? make("p", { class: "pending" }, pendingText(ui, me.pending, mine?.pending ?? [])) : null,
  ].filter(Boolean);
}

function pendingText(ui, pending, [first, second]) {
  const points = ui.count(pending);
  if (!first?.on) return ui.say("pending", { points });
  return ui.say(second ? "pendingFirst" : "pendingOn", { points, date: ui.day(first.on) });
}

/** What a guest is told; `urls` of the shop's pages to join and to sign in. */
function invitation(ui, { join, signIn }, expired) {
  const link = (key, url, style) => url && make("a", { class: `action ${style}`, href: url }, ui.say(key));
  return [
    make("p", {}, ui.say(expired ? "expiredText" : "guestText")),
    !expired && link("join", join, ""),
    link("signIn", signIn, join && !expired ? "plain" : ""),
    join || signIn || expired ? null : make("p", { class: "small" }, ui.say("guestHint")),
    make("p", { class: "lead" }),
  ];
}

function historyList(ui, entries, me, more) {
  const button = more && make("button", { type: "button", class: "action plain", "data-key": "more", onclick: more },
    ui.say("more"));
  const nothing = !me.lifetime_earned && !entries.length;
  return make("section", {}, make("h3", {}, ui.say("history")),
    nothing ? make("p", {}, ui.say("empty")) : make("ul", {}, ...entries.map((entry) => historyRow(ui, entry))),
    button || null);
}

function historyRow(ui, entry) {
  const kind = ui.kind(entry.kind);
  const title = entry.order_number ? ui.say("order", { number: entry.order_number }) : kind;
  const label = entry.order_number ? `${kind} · ` : "";
  return make("li", { class: "entry" }, make("b", {}, title),
    make("span", { class: `points ${entry.points < 0 ? "down" : "up"}` },
      ui.digits(entry.points, { signDisplay: "exceptZero" }).replace("-", "−")),
    make("p", { class: "why" }, tied(entry.sentence)),
    make("p", { class: "small date" }, `${label}${ui.day(new Date(entry.occurred_at), true)} · ` +
      ui.say("balanceAfter", { points: ui.digits(entry.balance_after) })));
}
