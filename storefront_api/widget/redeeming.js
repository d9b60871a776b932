// The way from a reward to its code, step by step in the panel; the server puts this file into regulars.js.
const FIRST_MS = 250, LONGEST_MS = 2000, PATIENCE_MS = 15000;
// A second tap comes before this has passed; it must not hit what takes the place of the button.
const TAPS_MS = 500;

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));

/** An amount as the server writes it; cents that are none are left out. */
function moneyText(amount, currency, lang = "en") {
  const european = lang === "en" && currency === "EUR";
  const style = european ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { style: "currency", currency };
  const text = new Intl.NumberFormat(lang, { ...style, trailingZeroDisplay: "stripIfInteger" }).format(amount);
  return european ? `${text}\u00a0€` : text;
}

/**
 * One redemption. `element` is what the panel shows until `ui.leave` is called.
 *
 * Its key says on what ground it was asked for (`turn`), what, and for how much. So the same request, sent again after
 * a lost answer, a second tap or a reload of the page, gives the redemption that is there.
 */
class Redeeming {
  #ui; #server; #reward; #balance; #turn; #points;
  #busy = false;

  constructor(ui, server, reward, balance, turn) {
    [this.#ui, this.#server, this.#reward, this.#balance, this.#turn] = [ui, server, reward, balance, turn];
    this.#points = reward.price;
    this.element = make("section", { class: "step" });
    this.#confirm();
  }

  /** Let the shopper read where they are: the step's heading gets the focus. */
  enter() {
    this.element.querySelector("h3")?.focus();
  }

  #show(...content) {
    const focused = this.element.isConnected && this.element.contains(this.element.getRootNode().activeElement);
    this.element.replaceChildren(...content.filter(Boolean));
    if (focused) this.enter();
  }

  #heading(text) {
    return make("h3", { tabindex: "-1" }, text);
  }

  #back(key, style = "action plain") {
    return make("button", { type: "button", class: style, onclick: () => this.#ui.leave(this.#reward) }, this.#ui.say(key));
  }

  // ---- the question

  #confirm() {
    const { say } = this.#ui;
    this.sum = make("p", { class: "sum" });
    this.problem = make("p", { class: "note", role: "alert", hidden: true });
    this.button = make("button", { type: "button", class: "action", onclick: () => this.#redeem() }, say("redeem"));
    this.cancel = this.#back("cancel");
    const about = aboutReward(this.#ui, this.#reward);
    this.#show(this.#heading(this.#reward.name), ...about.map((text) => make("p", { class: "small" }, text)),
      this.#slider(), this.sum, this.problem, this.button, this.cancel);
    this.#tellSum();
  }

  #slider() {
    const { slider } = this.#reward;
    if (!slider || slider.most <= slider.least) return null;
    this.range = make("input", { type: "range", id: "points", min: slider.least, max: slider.most, step: slider.step,
      oninput: () => { this.#points = Number(this.range.value); this.#tellSum(); } });
    this.range.value = this.#points;
    this.chosen = make("output", { for: "points", class: "chosen", "aria-hidden": "true" });
    const end = (points) => make("span", {}, this.#ui.count(points));
    return make("div", { class: "slider" }, make("label", { for: "points" }, this.#ui.say("howMany")), this.chosen, this.range,
      make("p", { class: "row small", "aria-hidden": "true" }, end(slider.least), end(slider.most)));
  }

  /** What it takes and gives, and what is left. */
  #tellSum() {
    const { say, count, money } = this.#ui;
    const { slider, name } = this.#reward;
    const steps = slider && this.#points / slider.step;
    const gift = slider ? say("amountOff", { amount: money(steps * Number(slider.value_each)) }) : name;
    const points = count(this.#points);
    if (this.range) {
      this.range.setAttribute("aria-valuetext", say("pointsFor", { points, gift }));
      this.range.style.setProperty("--part", (this.#points - slider.least) / (slider.most - slider.least));
      this.chosen.replaceChildren(make("b", {}, gift), make("span", {}, points));
    }
    this.sum.textContent = say("confirm", { points, gift, left: count(this.#balance - this.#points) });
  }

  #work(busy) {
    this.#busy = busy;
    this.button.setAttribute("aria-disabled", busy);
    this.button.replaceChildren(...(busy ? [make("span", { class: "spinner" })] : []),
      this.#ui.say(busy ? "redeeming" : this.problem.hidden ? "redeem" : "retry"));
    if (this.range) this.range.disabled = busy;
    // It keeps its place: what moves under a second tap gets it.
    this.cancel.classList.toggle("gone", busy);
  }

  async #redeem() {
    if (this.#busy) return;
    this.problem.hidden = true;
    this.#work(true);
    const key = `${this.#turn || "first"}.${this.#reward.id}.${this.#points}`;
    const asked = { reward: this.#reward.id, key, points: this.#points };
    const [{ status, told }] = await Promise.all([this.#server.send("me/redemptions", asked), pause(TAPS_MS)]);
    if (status === 200 && told) {
      this.#ui.redeemed(told);
      this.#carryOn(told);
    } else {
      this.#refused(status, told?.error);
    }
  }

  /** What was not answered, or only not now, can be tried again; what is refused for good cannot. */
  #refused(status, error) {
    const final = status === 404 || status === 409;
    const known = error && (final || status === 400);
    this.problem.textContent = known ? error.message : this.#ui.say("notRedeemed");
    this.problem.hidden = false;
    this.#work(false);
    if (status === 401) this.#ui.refresh();
    if (!final) return;
    this.sum.hidden = true;
    this.button.replaceWith(this.#back("backToRewards", "action"));
    this.cancel.remove();
    this.element.querySelector("button").focus();
    this.#ui.changed();
  }

  // ---- the answer

  #carryOn(told) {
    if (preparing(told)) this.#wait(told);
    else if (told.state === "issued") this.#done(told);
    else this.#over(told);
  }

  async #wait({ id }) {
    const { say } = this.#ui;
    this.#show(make("p", { class: "centre" }, make("span", { class: "spinner big" })), this.#heading(say("preparing")),
      make("p", {}, say("preparingText")));
    const ends = Date.now() + PATIENCE_MS;
    for (let wait = FIRST_MS; Date.now() < ends; wait = Math.min(LONGEST_MS, wait * 1.4)) {
      await pause(wait);
      const told = await this.#server.read(`me/redemptions/${id}`);
      if (!told || preparing(told)) continue;
      this.#ui.redeemed(told);
      return this.#carryOn(told);
    }
    this.#show(this.#heading(say("preparing")), make("p", {}, say("later15")), this.#back("backToRewards", "action"));
  }

  #done(told) {
    const { say, day } = this.#ui;
    const about = [told.instructions, tied(told.conditions.join(" · ")),
      told.last_day && say("usableUntil", { date: day(told.last_day, true) })].filter(Boolean);
    const apply = told.apply_url && make("a", { class: "action", href: told.apply_url }, say("apply"));
    const code = told.code && [make("p", { class: "big-code mono" }, told.code),
      apply || null, copyButton(this.#ui, told.code, apply ? "action plain" : "action")];
    this.#show(make("p", { class: "centre done" }, icon("check")),
      this.#heading(say(told.code ? "codeReady" : "rewardReady", { name: told.name })), make("p", {}, giftName(told)),
      ...(code || []), ...about.map((text) => make("p", { class: "small" }, text)), this.#back("backToRewards", "link"));
  }

  #over(told) {
    const { say } = this.#ui;
    this.#show(this.#heading(say("notMade")), make("p", {}, stateText(this.#ui, told)), this.#back("backToRewards", "action"));
  }
}
