// What points can be redeemed for, and the codes that were; the server puts this file into regulars.js.
// `ui` is what the sections need of the widget: say, count, digits, day, unfold, redeem, announce and moreCodes.
const REWARD_ICONS = {
  fixed: "tag", percentage: "percent", free_shipping: "truck", gift_card: "card", store_credit: "card", variable: "sliders",
  custom: "spark",
};
const SHOWN_REWARDS = 4, SHOWN_CODES = 3, COPIED_MS = 2500;

/** Whether the store is still making the code. */
const preparing = ({ state }) => state === "reserved" || state === "issuing";

/** The rewards: first what the shopper can have, then what is nearest, then what is not for now. */
function rewardList(ui, rewards, member) {
  if (!rewards?.length) return null;
  const rank = (reward) => (!member || reward.redeemable ? 0 : reward.obstacle === "not_enough_points" ? 1 : 2);
  const near = (reward) => (rank(reward) === 1 ? reward.missing : 0);
  const rows = [...rewards].sort((a, b) => rank(a) - rank(b) || near(a) - near(b)).map((one) => rewardRow(ui, one, member));
  const rest = rows.splice(SHOWN_REWARDS);
  return make("section", { class: "rewards" }, make("h3", {}, ui.say("rewards")), make("ul", {}, ...rows),
    rest.length ? ui.unfold("rewards", ui.say("moreRewards", { count: ui.digits(rest.length) }), make("ul", {}, ...rest)) : null,
    member ? null : make("p", { class: "small hint" }, ui.say("guestRewards")));
}

function rewardRow(ui, reward, member) {
  const price = reward.kind === "variable" ? ui.say("fromPoints", { points: ui.count(reward.price) }) : ui.count(reward.price);
  const label = ui.say("redeemFor", { name: reward.name, points: price });
  const chip = reward.redeemable
    ? make("button", { type: "button", class: "chip-button", "data-key": reward.id, "aria-label": label,
      onclick: () => ui.redeem(reward) }, price)
    : make("span", { class: "price" }, price);
  return make("li", member && !reward.redeemable ? { class: "far" } : {}, icon(REWARD_ICONS[reward.kind] ?? "gift"),
    make("span", { class: "what" }, make("b", {}, reward.name),
      ...aboutReward(ui, reward).map((text) => make("span", { class: "small" }, text)),
      ...wayToReward(ui, reward, member)), chip);
}

/** What is to be known of a reward, a line each. */
function aboutReward(ui, reward) {
  const rest = reward.left ? ui.say("left", { count: ui.digits(reward.left) }) : "";
  const instead = reward.usual_price ? ui.say("insteadOf", { points: ui.count(reward.usual_price) }) : "";
  const worth = reward.name.toLowerCase().includes(reward.worth.toLowerCase()) ? "" : reward.worth;
  const end = reward.ends_at ? campaignEnd(ui, reward.ends_at).textContent : "";
  return [reward.description, [worth, ...reward.conditions].filter(Boolean).join(" · "),
    [instead, rest, end].filter(Boolean).join(" · ")].filter(Boolean).map(tied);
}

function wayToReward(ui, reward, member) {
  if (!reward.why) return [];
  const why = make("span", { class: "small why" }, reward.why);
  if (!member || reward.obstacle !== "not_enough_points") return [why];
  return [make("progress", { max: reward.price, value: Math.max(0, reward.price - reward.missing), "aria-hidden": "true" }), why];
}

/** The shopper's codes: what can be used or is on its way, and the others unfolded. */
function codeList(ui, codes, more) {
  if (!codes.length) return null;
  const current = codes.filter((one) => one.usable || preparing(one));
  const shown = current.slice(0, SHOWN_CODES);
  const rest = codes.filter((one) => !shown.includes(one)).map((one) => codeRow(ui, one));
  const button = more && make("button", { type: "button", class: "action plain", "data-key": "moreCodes", onclick: more },
    ui.say("more"));
  return make("section", { class: "codes" }, make("h3", {}, ui.say("codes")),
    shown.length ? make("ul", {}, ...shown.map((one) => codeRow(ui, one))) : null,
    rest.length ? ui.unfold("codes", ui.say(shown.length ? "otherCodes" : "allCodes"), make("ul", {}, ...rest), button || "")
      : button || null);
}

/** What one gets: of an amount that was chosen the amount itself says it. */
const giftName = ({ kind, name, worth }) => (kind === "variable" ? tied(worth) : name);

/** Until when a code can be used, or what became of it. */
function stateText(ui, one) {
  if (one.usable) return one.last_day ? ui.say("usableUntil", { date: ui.day(one.last_day) }) : "";
  if (!one.returned_points) return one.state_text;
  return ui.say("pointsBack", { state: one.state_text, points: ui.count(one.returned_points) });
}

function codeRow(ui, one) {
  const about = stateText(ui, one);
  const waiting = preparing(one);
  return make("li", one.usable || waiting ? {} : { class: "over" },
    make("span", { class: "what" }, make("b", {}, giftName(one)), one.code && make("span", { class: "mono" }, one.code),
      about && make("span", { class: "small line" }, waiting ? make("span", { class: "spinner" }) : null, about),
      one.apply_url && make("a", { class: "apply", href: one.apply_url, "aria-label": ui.say("applyOf", { name: giftName(one) }) },
        ui.say("apply"))),
    one.usable && one.code ? copyButton(ui, one.code, "round", ui.say("copyOf", { name: giftName(one) })) : null);
}

/** Copies the code, and says so. With a `label` it is an icon alone. */
function copyButton(ui, code, style, label = "") {
  const face = (name, text) => [icon(name), ...(label ? [] : [make("span", {}, text)])];
  const button = make("button", { type: "button", class: style, ...(label && { "aria-label": label, "data-key": `copy ${code}` }),
    onclick: async () => {
      const copied = await copyText(code, button);
      ui.announce(ui.say(copied ? "copied" : "copyYourself"));
      if (!copied) return;
      button.replaceChildren(...face("check", ui.say("copied")));
      setTimeout(() => button.replaceChildren(...face("copy", ui.say("copy"))), COPIED_MS);
    } }, ...face("copy", ui.say("copy")));
  return button;
}

/** Whether the text could be copied; where the clipboard is closed to us, by selecting it beside `near`. */
async function copyText(text, near) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = make("textarea", { class: "hidden", readonly: true, tabindex: "-1", "aria-hidden": "true" });
    field.value = text;
    near.after(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    near.focus();
    return copied;
  }
}
