/* Regulars: a shop's loyalty program on its storefront. docs/widget.md tells how to embed it. */
(() => {
  "use strict";
  if (customElements.get("regulars-widget")) return;

  const TEXTS = JSON.parse("texts.json"); // the server puts these files here
  const CSS = "regulars.css";
  /* elements.js */
  /* program.js */
  /* account.js */

  const FAST_MS = 900, FAST_FOR_MS = 20000, SLOW_MS = 20000, TIMEOUT_MS = 8000, RENEW_MS = 60000;
  const script = document.currentScript;
  class Regulars extends HTMLElement {
    #root = this.attachShadow({ mode: "open" });
    #view = "loading"; // guest, expired, member or offline
    #token = null;
    #etag = "";
    #me = null;
    #program = null;
    #mine = null;
    #visited = false;
    #chip = "";
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
      const changed = (token || null) !== this.#token;
      this.#token = token || null;
      if (changed) this.#etag = "";
      if (!this.#token) this.#forget("guest");
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

    async #ask(path, headers = {}, more = {}) {
      const base = this.#setting("base") ?? (script ? new URL(script.src).origin : location.origin);
      return fetch(`${base}/storefront/v1/${path}`, {
        headers, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS), ...more,
      });
    }

    get #authorization() {
      return { Authorization: `Bearer ${this.#token}` };
    }

    /** The shop page's own address for a fresh token: `{token}`, or no token for a guest. */
    async #renew() {
      const url = this.#setting("tokenUrl");
      if (!url || endOf(this.#token ?? "") - Date.now() > RENEW_MS) return;
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (answer.ok) {
        this.#token = (await answer.json()).token || null;
      } else if (answer.status === 401 || answer.status === 403) {
        this.#token = null;
      } else {
        throw new Error(`token: ${answer.status}`);
      }
    }

    async #poll() {
      clearTimeout(this.#timer);
      const run = ++this.#run;
      let wait = 0;
      try {
        if (!this.#program) await this.#loadProgram();
        await this.#renew();
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
      if (this.#failures || this.#token || this.#setting("tokenUrl")) {
        this.#timer = setTimeout(() => this.#poll(), pause);
      }
    }

    async #loadProgram() {
      const answer = await this.#ask(`program?shop=${encodeURIComponent(this.#setting("shop") ?? "")}`);
      if (!answer.ok) throw new Error(`program: ${answer.status}`);
      this.#program = await answer.json();
    }

    /** Read the balance; the milliseconds that the server asks to wait. */
    async #loadMe(run) {
      if (!this.#token) {
        this.#forget(this.#view === "expired" ? "expired" : "guest");
        return 0;
      }
      const headers = this.#authorization;
      if (this.#etag && this.#me) headers["If-None-Match"] = this.#etag;
      const answer = await this.#ask("me", headers);
      if (run !== this.#run) return 0;
      if (answer.status === 429) return 1000 * (Number(answer.headers.get("Retry-After")) || 5);
      if (answer.status === 401) {
        this.#token = null;
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

    /** What the program holds for the shopper; without an answer the panel tells what it holds for everybody. */
    async #loadMine() {
      const run = this.#token;
      const answer = await this.#ask("me/program", this.#authorization).catch(() => null);
      if (!answer?.ok || this.#token !== run || this.#view !== "member") return;
      this.#mine = await answer.json();
      this.#render();
    }

    /** Tell what the shopper did; the answer, or null where it could not be told. */
    async #claim(event) {
      const headers = { ...this.#authorization, "Content-Type": "application/json" };
      const more = { method: "POST", body: JSON.stringify(event), keepalive: true };
      const answer = await this.#ask("me/events", headers, more).catch(() => null);
      return answer?.ok ? answer.json() : null;
    }

    /** A visit counts once a day, however often it is told. */
    async #visit() {
      if (this.#visited || !this.#program.earn.some((way) => way.kind === "visit")) return;
      this.#visited = true;
      if ((await this.#claim({ event: "visit" }))?.points) this.refresh();
    }

    async #follow(way) {
      const told = await this.#claim({ event: "social_follow", network: way.network });
      if (!told) return;
      this.live.textContent = told.sentence;
      this.refresh();
      this.#loadMine();
    }

    async #history(before = null) {
      const query = before ? `?before=${before}` : "";
      try {
        const answer = await this.#ask(`me/activity${query}`, this.#authorization);
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

    // ---- showing it

    #forget(view) {
      if (this.#view === view) return;
      [this.#view, this.#me, this.#mine, this.#entries, this.#next, this.#etag] = [view, null, null, [], null, ""];
      this.#visited = false;
      this.#render();
    }

    #show(me) {
      const before = this.#me;
      this.#me = me;
      this.#view = "member";
      const change = before ? me.balance - before.balance : 0;
      this.#render(true, change ? before.balance : null);
      if (change) this.#announce(change);
      if (this.dialog.open) this.#loadMine();
      this.#visit();
      if (this.dialog.open && (change || !before)) this.#history();
      else if (change) this.#entries = [];
      this.#tell("balance", { balance: me.balance, change });
    }

    #announce(change) {
      const signed = `${change > 0 ? "+" : "−"}${this.#count(Math.abs(change))}`;
      this.live.textContent = this.#say("gained", { change: signed, points: this.#count(this.#me.balance) });
      this.bubble.textContent = signed;
      this.bubble.hidden = this.dialog.open;
      this.#chip = signed;
      this.#showChip();
      clearTimeout(this.bubbleTimer);
      this.bubbleTimer = setTimeout(() => {
        this.bubble.hidden = true;
        this.#chip = "";
        this.head.querySelector(".chip")?.remove();
      }, 5000);
    }

    #showChip() {
      const chip = this.#chip && make("span", { class: "chip", "aria-hidden": "true" }, this.#chip);
      if (chip) this.head.querySelector(".balance")?.append(chip);
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
      this.bubble = make("div", { class: "bubble", hidden: true, "aria-hidden": "true" });
      this.live = make("div", { class: "hidden", "aria-live": "polite", role: "status" });
      this.head = make("div");
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
      this.frame = make("div", { class: side }, this.launcher, this.bubble, this.dialog, this.live);
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
      this.#showChip();
      if (from !== null) {
        const places = [[number, (v) => this.#digits(v)], [this.label, (v) => this.#count(v)]];
        roll(places, from, this.#me.balance, (to) => this.#me?.balance === to);
      }
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
        follow: (way) => this.#follow(way),
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
