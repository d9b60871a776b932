/* Regulars: a shop's loyalty program on its storefront. docs/widget.md tells how to embed it. */
(() => {
  "use strict";
  if (customElements.get("regulars-widget")) return;

  const TEXTS = JSON.parse("texts.json"); // the server puts these files here
  const CSS = "regulars.css";
  /* elements.js */
  /* server.js */
  /* program.js */
  /* rewards.js */
  /* shelf.js */
  /* redeeming.js */
  /* account.js */

  const FAST_MS = 900, FAST_FOR_MS = 20000, SLOW_MS = 20000;
  const script = document.currentScript;
  class Regulars extends HTMLElement {
    #root = this.attachShadow({ mode: "open" });
    #view = "loading"; // guest, expired, member or offline
    #server = new Server((name) => this.#setting(name), script ? new URL(script.src).origin : location.origin);
    #etag = "";
    #me = null;
    #program = null;
    #mine = null;
    #shelf = new Shelf(this.#server, () => this.#render(), () => this.dialog.open);
    #redeeming = null;
    #scrolled = 0;
    #visited = false;
    #unfolded = new Set();
    #entries = [];
    #next = null;
    #fastUntil = 0;
    #failures = 0;
    #timer = 0;
    #run = 0;
    #watched = false;

    connectedCallback() {
      if (!this.#watched) this.#build();
      this.#watched = true;
      document.addEventListener("visibilitychange", this.#wake);
      addEventListener("online", this.#wake);
      this.refresh();
    }

    disconnectedCallback() {
      this.#run += 1;
      clearTimeout(this.#timer);
      document.removeEventListener("visibilitychange", this.#wake);
      removeEventListener("online", this.#wake);
    }

    /** Show this shopper, or a guest when there is no token. */
    setToken(token) {
      const changed = (token || null) !== this.#server.token;
      this.#server.token = token || null;
      if (changed) this.#etag = "";
      if (!token) this.#forget("guest");
      this.refresh();
    }

    /** Look for news now, and often for the next 20 seconds. */
    refresh() {
      this.#fastUntil = Date.now() + FAST_FOR_MS;
      this.#failures = 0;
      return this.#poll();
    }

    open() {
      if (this.dialog.open) return;
      this.#render();
      this.dialog.showModal();
      this.#tell("open", {});
      if (this.#view === "member") {
        this.#loadMine();
        if (!this.#entries.length) this.#history();
      } else if (!this.#shelf.rewards) {
        this.#shelf.load(this.#server.shop);
      }
      this.refresh();
    }

    close() {
      this.dialog.close();
    }

    #wake = () => document.visibilityState === "visible" && this.refresh();

    #setting(name) {
      return this.dataset[name] ?? script?.dataset[name];
    }

    get #texts() {
      return TEXTS[this.#setting("lang")?.slice(0, 2)] ?? TEXTS.en;
    }

    #count(number) {
      const { points_name: many = "points", point_name: one = many } = this.#program ?? {};
      return `${this.#digits(number)} ${Math.abs(number) === 1 ? one : many}`;
    }

    #digits(number, options = {}) {
      return new Intl.NumberFormat(this.#setting("lang") ?? "en", options).format(number);
    }

    #say(key, values = {}) {
      const points = this.#program?.points_name ?? "points";
      return fill(this.#texts[key], { shop: this.#program?.shop ?? "", points, ...values }).trim();
    }

    #tell(name, detail) {
      this.dispatchEvent(new CustomEvent(`regulars:${name}`, { detail, bubbles: true, composed: true }));
    }

    // ---- talking to the server

    async #poll() {
      clearTimeout(this.#timer);
      const run = ++this.#run;
      let wait = 0;
      try {
        if (!this.#program) await this.#loadProgram();
        await this.#server.renew();
        if (run === this.#run) wait = await this.#loadMe(run);
        this.#failures = 0;
      } catch {
        if (run !== this.#run) return;
        this.#failures += 1;
        if (this.#view !== "member" && this.#view !== "guest") this.#view = "offline";
        this.#render();
      }
      if (run !== this.#run || !this.isConnected || document.visibilityState !== "visible") return;
      const usual = Date.now() < this.#fastUntil ? FAST_MS : SLOW_MS;
      const pause = this.#failures ? Math.min(60000, 2000 * 2 ** this.#failures) : Math.max(wait, usual);
      if (this.#failures || this.#server.token || this.#view === "member" || this.#setting("tokenUrl")) {
        this.#timer = setTimeout(() => this.#poll(), pause);
      }
    }

    async #loadProgram() {
      const answer = await this.#server.ask(`program?shop=${this.#server.shop}`);
      if (!answer.ok) throw new Error(`program: ${answer.status}`);
      this.#program = await answer.json();
    }

    /** Read the balance; the milliseconds that the server asks to wait. */
    async #loadMe(run) {
      if (!this.#server.token && !this.#server.proxy) {
        this.#forget(this.#view === "expired" ? "expired" : "guest");
        return 0;
      }
      const answer = await this.#server.mine("me", this.#etag && this.#me ? { "If-None-Match": this.#etag } : {});
      if (run !== this.#run) return 0;
      if (answer.status === 429) return 1000 * (Number(answer.headers.get("Retry-After")) || 5);
      if (answer.status === 401 && this.#server.proxy) {
        this.#forget("guest");
      } else if (answer.status === 401) {
        this.#server.token = null;
        this.#forget("expired");
        this.#tell("token-expired", {});
      } else if (answer.status === 304) {
        if (this.#failures) this.#render(true);
      } else if (answer.ok) {
        this.#etag = answer.headers.get("ETag") ?? "";
        this.#show(await answer.json());
      } else {
        throw new Error(`me: ${answer.status}`);
      }
      return 0;
    }

    /** What the program and the rewards are to the shopper; without an answer the panel tells what everybody is told. */
    async #loadMine() {
      this.#shelf.load();
      const mine = await this.#server.read("me/program");
      if (!mine || this.#view !== "member") return;
      this.#mine = mine;
      this.#render();
    }

    /** A visit counts once a day, however often it is told. */
    async #visit() {
      if (this.#visited || !this.#program.earn.some((way) => way.kind === "visit")) return;
      this.#visited = true;
      if ((await this.#server.send("me/events", { event: "visit" })).told?.points) this.refresh();
    }

    async #follow(way) {
      const { status, told } = await this.#server.send("me/events", { event: "social_follow", network: way.network });
      if (status !== 200) return;
      this.live.textContent = told.sentence;
      this.refresh();
      this.#loadMine();
    }

    async #history(before = null) {
      const query = before ? `?before=${before}` : "";
      try {
        const answer = await this.#server.mine(`me/activity${query}`);
        if (!answer.ok) throw new Error(`activity: ${answer.status}`);
        const page = await answer.json();
        this.#entries = before ? [...this.#entries, ...page.entries] : page.entries;
        this.#next = page.next;
        this.#render();
      } catch {
        this.#failures ||= 1;
        this.#render();
      }
    }

    // ---- redeeming

    #redeem(reward) {
      this.#redeeming = new Redeeming(this.#ui, this.#server, reward, this.#me.balance, this.#shelf.turn);
      this.#scrolled = this.body.scrollTop;
      this.#render();
      this.body.scrollTop = 0;
      this.#redeeming.enter();
    }

    /** What was redeemed is known before the next look at the balance. */
    #redeemed(told) {
      this.#shelf.turn = told.id;
      if (!this.#me) return;
      this.#etag = "";
      this.#show({ ...this.#me, balance: told.balance });
      this.#shelf.loadCodes();
      this.refresh();
    }

    #leave(reward) {
      this.#redeeming = null;
      this.#render();
      this.body.scrollTop = this.#scrolled;
      (this.body.querySelector(`[data-key="${reward.id}"]`) ?? this.body).focus({ preventScroll: true });
    }

    // ---- showing it

    #forget(view) {
      if (this.#view === view) return;
      [this.#view, this.#me, this.#mine, this.#entries, this.#next, this.#etag] = [view, null, null, [], null, ""];
      [this.#redeeming, this.#visited] = [null, false];
      this.#shelf.clear();
      this.#render();
      if (this.dialog.open) this.#shelf.load(this.#server.shop);
    }

    #show(me) {
      const before = this.#me;
      this.#me = me;
      this.#view = "member";
      const change = before ? me.balance - before.balance : 0;
      this.#render(true, change ? before.balance : null);
      if (change) {
        const signed = `${change > 0 ? "+" : "−"}${this.#count(Math.abs(change))}`;
        this.news.tell(signed, this.#say("gained", { change: signed, points: this.#count(me.balance) }), this.dialog.open);
      }
      if (this.dialog.open) this.#loadMine();
      this.#visit();
      if (this.dialog.open && (change || !before)) this.#history();
      else if (change) this.#entries = [];
      this.#tell("balance", { balance: me.balance, change });
    }

    #build() {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      this.#root.adoptedStyleSheets = [sheet];
      const given = this.#setting("color") ?? "";
      const colors = shades(/^#[0-9a-f]{6}$/i.test(given) ? given : "#2f5d50");
      for (const [name, value] of Object.entries(colors)) this.style.setProperty(`--${name}`, value);
      this.label = make("span");
      this.launcher = make("button", { type: "button", class: "launcher", part: "launcher", "aria-haspopup": "dialog",
        onclick: () => this.open() }, icon("gift"), this.label);
      this.live = make("div", { class: "hidden", "aria-live": "polite", role: "status" });
      this.head = make("div");
      this.news = new News(this.live, this.head);
      this.heading = make("h2", { id: "title" });
      const close = make("button", { type: "button", class: "close", "aria-label": this.#say("close"),
        onclick: () => this.close() }, icon("close"));
      this.body = make("div", { class: "body", tabindex: "0", role: "region", "aria-labelledby": "title" });
      this.dialog = make("dialog", { "aria-labelledby": "title", part: "panel",
        onclick: (event) => event.target === this.dialog && this.close(),
        onclose: () => { this.launcher.focus(); this.#tell("close", {}); } },
      make("div", { class: "top" }, make("div", { class: "bar" }, this.heading, close), this.head), this.body);
      // Inside the dialog too: what is outside of an open modal is silent.
      const side = this.#setting("position") === "left" ? "left" : "right";
      this.frame = make("div", { class: side }, this.launcher, this.news.bubble, this.dialog, this.live);
      this.#root.append(this.frame);
      this.dialog.addEventListener("toggle", () => (this.dialog.open ? this.dialog : this.frame).append(this.live));
      this.#render();
    }

    #render(fresh = false, from = null) {
      if (fresh) this.#failures = 0;
      const member = this.#view === "member";
      const points = member ? this.#count(this.#me.balance) : "";
      this.heading.textContent = this.#say("title");
      this.label.textContent = member ? points : this.#say("rewards");
      this.launcher.setAttribute("aria-label", member ? this.#say("openWith", { points }) : this.#say("open"));
      const number = member && make("b", {}, this.#digits(this.#me.balance));
      this.head.replaceChildren(...(member ? memberHead(this.#ui, this.#me, this.#mine, number) : this.#otherHead()));
      this.news.show();
      if (from !== null) {
        const places = [[number, (v) => this.#digits(v)], [this.label, (v) => this.#count(v)]];
        roll(places, from, this.#me.balance, (to) => this.#me?.balance === to);
      }
      if (this.#redeeming && this.body.firstChild === this.#redeeming.element) return;
      const focused = this.#root.activeElement?.dataset?.key;
      this.body.replaceChildren(...this.#content().filter(Boolean));
      if (focused) (this.body.querySelector(`[data-key="${focused}"]`) ?? this.body).focus();
    }

    #otherHead() {
      const title = { guest: "guestTitle", expired: "expiredTitle", offline: "offlineTitle" }[this.#view];
      return title ? [make("p", { class: "headline" }, this.#say(title))] : [];
    }

    #content() {
      if (this.#view === "offline") {
        return [make("p", { class: "lead" }, this.#say("offlineText")),
          make("button", { type: "button", class: "action", "data-key": "retry", onclick: () => this.refresh() },
            this.#say("retry"))];
      }
      if (this.#redeeming) return [this.#redeeming.element];
      if (this.#view === "member") {
        return [this.#failures ? make("p", { class: "note" }, this.#say("stale")) : null,
          ...this.#offers(), historyList(this.#ui, this.#entries, this.#me, this.#next && (() => this.#history(this.#next)))];
      }
      const urls = { join: this.#setting("joinUrl"), signIn: this.#setting("loginUrl") };
      return this.#view === "loading" ? [] : [...invitation(this.#ui, urls, this.#view === "expired"), ...this.#offers()];
    }

    /** What the program offers: to this shopper, or to everybody. */
    #offers() {
      if (!this.#program) return [];
      const { campaigns, earn, tiers } = this.#program;
      const { tier, punch_cards: cards = [], expiries = [], expiry_slides: slides } = this.#mine ?? {};
      const ui = this.#ui;
      const ways = (this.#mine?.earn ?? earn).filter((way) => !cards.some((card) => card.key === way.key));
      return [
        ...campaignBanners(ui, this.#mine?.campaigns ?? campaigns),
        codeList(ui, this.#shelf.codes, this.#shelf.more),
        rewardList(ui, this.#shelf.rewards, this.#view === "member"),
        tier ? tierCard(ui, tier, tiers) : null,
        ...cards.map((card) => punchCard(ui, card)),
        waysToEarn(ui, ways, Boolean(this.#mine)),
        expiries.length ? expiryCard(ui, expiries, slides) : null,
        tiers && this.#view !== "member"
          ? make("section", { class: "card" }, make("h3", {}, this.#say("tiers")), ...tierList(ui, tiers, null)) : null,
      ];
    }

    get #ui() {
      return {
        say: (key, values) => this.#say(key, values),
        count: (number) => this.#count(number),
        digits: (number, options) => this.#digits(number, options),
        kind: (kind) => this.#texts.kinds[kind] ?? kind,
        day: (when, withYear) => dayText(when, this.#setting("lang"), withYear),
        money: (amount) => moneyText(amount, this.#program.currency, this.#setting("lang")),
        announce: (text) => (this.live.textContent = text),
        follow: (way) => this.#follow(way),
        redeem: (reward) => this.#redeem(reward),
        redeemed: (told) => this.#redeemed(told),
        leave: (reward) => this.#leave(reward),
        changed: () => this.#loadMine(),
        refresh: () => this.refresh(),
        unfold: (key, title, ...content) => this.#unfold(key, title, ...content),
      };
    }

    /** Stays unfolded when the panel is drawn anew. */
    #unfold(key, title, ...content) {
      const toggled = ({ target }) => this.#unfolded[target.open ? "add" : "delete"](key);
      return make("details", { open: this.#unfolded.has(key), ontoggle: toggled },
        make("summary", { "data-key": key }, title), ...content);
    }
  }

  customElements.define("regulars-widget", Regulars);
  const start = () => {
    let widget = document.querySelector("regulars-widget");
    if (!widget) document.body.append((widget = make("regulars-widget")));
    if (script?.dataset.token) widget.setToken(script.dataset.token);
    window.Regulars = {
      setToken: (token) => widget.setToken(token),
      refresh: () => widget.refresh(),
      open: () => widget.open(),
      close: () => widget.close(),
    };
    document.dispatchEvent(new CustomEvent("regulars:ready"));
  };
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
