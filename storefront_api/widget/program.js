// What the program holds for the shopper, section by section; the server puts this file into regulars.js.
// `ui` is what the sections need of the widget: say, count, digits, day, unfold and follow.
const WAY_ICONS = {
  first_order: "gift", nth_order: "stamp", signup: "person", birthday: "cake", anniversary: "calendar", newsletter: "mail",
  review: "star", social_follow: "heart", visit: "door", custom: "bolt",
};
const DAY_MS = 86400000;
const SOON_DAYS = 14;

/** Campaigns that run: what they give, and how long still. */
function campaignBanners(ui, campaigns) {
  return campaigns.map((campaign) => make("p", { class: "campaign" }, icon("spark"),
    make("span", {}, make("b", {}, campaign.text), campaignEnd(ui, campaign.ends_at))));
}

function campaignEnd(ui, endsAt) {
  if (!endsAt) return null;
  const end = new Date(endsAt).getTime();
  const days = Math.ceil((end - Date.now()) / DAY_MS);
  const text = days <= 1 ? ui.say("lastDay")
    : days <= SOON_DAYS ? ui.say("daysLeft", { days: ui.digits(days) })
      : ui.say("until", { date: ui.day(new Date(end - 1)) });
  return make("span", { class: "small" }, text);
}

/** How far the next tier is, what keeps the one they have, what it gives, and all tiers unfolded. */
function tierCard(ui, tier, tiers) {
  const title = tier.next_name ? ui.say("wayTo", { tier: tier.next_name }) : ui.say("tier");
  return make("section", { class: "card" }, make("h3", {}, title),
    ...(tier.next_name ? tierProgress(ui, tier) : [make("p", { class: "name" }, icon("medal"), tier.name)]),
    tier.kept_until ? make("p", { class: "keep" }, tier.keep_text) : null,
    ...(tier.benefits.length ? [make("p", { class: "keep small" }, ui.say("benefits", { tier: tier.name })),
      benefitList(tier.benefits)] : []),
    tiers ? ui.unfold("tiers", ui.say("allTiers"), ...tierList(ui, tiers, tier.key)) : null);
}

function tierProgress(ui, tier) {
  const { figure_text: figure, next_threshold_text: goal, next_name: name } = tier;
  return [
    make("p", {}, tier.next_text),
    make("progress", { max: 100, value: tier.progress, "aria-label": ui.say("progress", { figure, goal, tier: name }) }),
    make("p", { class: "row small", "aria-hidden": "true" }, make("span", {}, figure), make("span", {}, `${name} · ${goal}`)),
  ];
}

function benefitList(benefits) {
  return make("ul", { class: "benefits" }, ...benefits.map((text) => make("li", {}, icon("check"), make("span", {}, text))));
}

/** All tiers, for guests too. */
function tierList(ui, tiers, own) {
  const levels = tiers.levels.map((level) => make("li", level.key === own ? { "aria-current": "true" } : {},
    make("div", { class: "row" }, make("b", {}, level.name),
      make("span", { class: "small" }, level.key === own ? ui.say("yourTier")
        : level.threshold_text ? ui.say("from", { amount: level.threshold_text }) : ui.say("everybody"))),
    level.benefits.length ? benefitList(level.benefits) : null));
  return [make("ul", { class: "levels" }, ...levels), make("p", { class: "small" }, tiers.counts)];
}

/** A punch card with its stamps. */
function punchCard(ui, card) {
  const missing = card.of - card.stamps;
  const stamps = card.of > 12 ? null : make("div", { class: "stamps", "aria-hidden": "true" },
    ...Array.from({ length: card.of }, (_, n) => make("span", { class: n < card.stamps ? "on" : "" },
      n < card.stamps ? icon("check") : n === card.of - 1 ? icon("gift") : ui.digits(n + 1))));
  return make("section", { class: "card" }, make("h3", {}, ui.say("punchCard")),
    make("p", { class: "hidden" }, ui.say("stamps", { stamps: ui.digits(card.stamps), of: ui.digits(card.of) })),
    stamps, make("p", {}, card.sentence),
    make("p", { class: "small" }, ui.say(missing === 1 ? "oneMore" : "moreOrders", { count: ui.digits(missing) })));
}

/** The ways to earn; what is done comes last. */
function waysToEarn(ui, ways, member) {
  const last = (way) => (way.state === "done" ? 1 : 0);
  const rows = [...ways].sort((a, b) => last(a) - last(b)).map((way) => wayRow(ui, way, member));
  return rows.length
    ? make("section", { class: "earn" }, make("h3", {}, ui.say("earn")), make("ul", {}, ...rows)) : null;
}

function wayRow(ui, way, member) {
  const date = way.on ? ui.day(way.on) : "";
  const state = { scheduled: "scheduled", later: "later", unknown: "unknownBirthday" }[way.state];
  const small = [way.details, state && ui.say(state, { date })].filter(Boolean);
  const done = way.state === "done";
  return make("li", done ? { class: "done" } : {}, icon(WAY_ICONS[way.kind] ?? "bag"),
    make("span", { class: "what" }, way.sentence, ...small.map((text) => make("span", { class: "small" }, text))),
    done ? make("span", { class: "small state" }, icon("check"), ui.say("done"))
      : member && way.url && way.state === "available" ? followLink(ui, way) : null);
}

/** Opens the network's page; the widget then tells that the shopper followed. */
function followLink(ui, way) {
  return make("a", { class: "follow", href: way.url, target: "_blank", rel: "noopener noreferrer", "data-key": way.key,
    "aria-label": ui.say("followOn", { network: way.network_name }), onclick: () => ui.follow(way) }, ui.say("follow"));
}

/** Points that will expire: the next, and all of them unfolded. */
function expiryCard(ui, expiries, slides) {
  const [next] = expiries;
  const rows = expiries.map(({ points, on }) => make("li", { class: "row" }, make("span", {}, ui.day(on)),
    make("span", {}, ui.count(points))));
  return make("section", { class: "card" }, make("h3", {}, ui.say("expiring")),
    make("p", { class: "line" }, icon("clock"), ui.say("expires", { points: ui.count(next.points), date: ui.day(next.on) })),
    slides ? make("p", { class: "small" }, ui.say("slides")) : null,
    rows.length > 1 ? ui.unfold("expiries", ui.say("allDates"), make("ul", { class: "dates" }, ...rows)) : null);
}
