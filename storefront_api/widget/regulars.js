/* Regulars: a shop's loyalty program on its storefront. docs/widget.md tells how to embed it. */
(() => {
  "use strict";
  if (customElements.get("regulars-widget")) return;

  const TEXTS = JSON.parse("texts.json"); // the server puts these files here
  const CSS = "regulars.css";
  /* elements.js */

  const FAST_MS = 900, FAST_FOR_MS = 20000, SLOW_MS = 20000, TIMEOUT_MS = 8000, RENEW_MS = 60000;
  const script = document.currentScript;
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  /** The instant at which a token ends, in ms; 0 when it cannot be read. */
  function endOf(token) {
    try {
      return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).exp * 1000 || 0;
    } catch {
      return 0;
    }
  }

  class Regulars extends HTMLElement {
    #root = this.attachShadow({ mode: "open" });
    #view = "loading"; // guest, expired, member or offline
    #token = null;
    #etag = "";
    #me = null;
    #program = null;
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
      if (this.#view === "member" && !this.#entries.length) this.#history();
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

    async #ask(path, headers = {}) {
      const base = this.#setting("base") ?? (script ? new URL(script.src).origin : location.origin);
      return fetch(`${base}/storefront/v1/${path}`, {
        headers, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS),
      });
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
      const headers = { Authorization: `Bearer ${this.#token}` };
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

    async #history(before = null) {
      const query = before ? `?before=${before}` : "";
      try {
        const answer = await this.#ask(`me/activity${query}`, { Authorization: `Bearer ${this.#token}` });
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
      [this.#view, this.#me, this.#entries, this.#next, this.#etag] = [view, null, [], null, ""];
      this.#render();
    }

    #show(me) {
      const before = this.#me;
      this.#me = me;
      this.#view = "member";
      const change = before ? me.balance - before.balance : 0;
      this.#render(true, change ? before.balance : null);
      if (change) this.#announce(change);
      if (this.dialog.open && (change || !before)) this.#history();
      else if (change) this.#entries = [];
      this.#tell("balance", { balance: me.balance, change });
    }

    #announce(change) {
      const signed = `${change > 0 ? "+" : "−"}${this.#count(Math.abs(change))}`;
      this.live.textContent = this.#say("gained", { change: signed, points: this.#count(this.#me.balance) });
      this.bubble.textContent = signed;
      this.bubble.hidden = this.dialog.open;
      this.head.querySelector(".balance")?.append(make("span", { class: "chip", "aria-hidden": "true" }, signed));
      clearTimeout(this.bubbleTimer);
      this.bubbleTimer = setTimeout(() => {
        this.bubble.hidden = true;
        this.head.querySelector(".chip")?.remove();
      }, 5000);
    }

    /** Count up (or down) to the balance, gently. */
    #roll(places, from, to) {
      const started = performance.now();
      const step = (now) => {
        const part = still.matches ? 1 : Math.min(1, (now - started) / 700);
        const value = Math.round(from + (to - from) * (1 - (1 - part) ** 3));
        places.forEach(([place, words]) => (place.textContent = words(value)));
        if (part < 1 && this.#me?.balance === to) requestAnimationFrame(step);
      };
      step(started);
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
      this.head.replaceChildren(...(member ? this.#memberHead(number) : this.#otherHead()));
      if (from !== null) {
        this.#roll([[number, (v) => this.#digits(v)], [this.label, (v) => this.#count(v)]], from, this.#me.balance);
      }
      const focused = this.#root.activeElement?.dataset?.key;
      this.body.replaceChildren(...this.#content().filter(Boolean));
      if (focused) (this.body.querySelector(`[data-key="${focused}"]`) ?? this.body).focus();
    }

    #memberHead(number) {
      const { name, pending, balance } = this.#me;
      const unit = this.#count(balance).slice(this.#digits(balance).length + 1);
      return [
        make("p", { class: "hello" }, name ? this.#say("hello", { name }) : this.#say("helloAnyone")),
        make("p", { class: "balance" }, number, make("span", {}, unit)),
        ...(pending ? [make("p", {}, this.#say("pending", { points: this.#count(pending) }))] : []),
      ];
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
          this.#earn(), ...this.#list()];
      }
      return this.#view === "loading" ? [] : [...this.#invitation(), this.#earn()];
    }

    #invitation() {
      const link = (key, url, style) => url && make("a", { class: `action ${style}`, href: url }, this.#say(key));
      const [join, signIn] = [this.#setting("joinUrl"), this.#setting("loginUrl")];
      const expired = this.#view === "expired";
      return [
        make("p", {}, this.#say(expired ? "expiredText" : "guestText")),
        !expired && link("join", join, ""),
        link("signIn", signIn, join && !expired ? "plain" : ""),
        join || signIn || expired ? null : make("p", { class: "small" }, this.#say("guestHint")),
        make("p", { class: "lead" }),
      ];
    }

    #earn() {
      const ways = (this.#program?.earn ?? []).map((way) => make("li", {}, icon("bag"), make("span", {}, way.sentence)));
      return ways.length ? make("section", { class: "earn" }, make("h3", {}, this.#say("earn")), make("ul", {}, ...ways)) : null;
    }

    #list() {
      const more = this.#next && make("button", { type: "button", class: "action plain", "data-key": "more",
        onclick: () => this.#history(this.#next) }, this.#say("more"));
      const nothing = !this.#me.lifetime_earned && !this.#entries.length;
      return [make("section", {}, make("h3", {}, this.#say("history")),
        nothing ? make("p", {}, this.#say("empty")) : make("ul", {}, ...this.#entries.map((e) => this.#entry(e))),
        more || null)];
    }

    #entry(entry) {
      const kind = this.#texts.kinds[entry.kind] ?? entry.kind;
      const date = new Intl.DateTimeFormat(this.#setting("lang") ?? "en", { dateStyle: "medium" });
      const title = entry.order_number ? this.#say("order", { number: entry.order_number }) : kind;
      const label = entry.order_number ? `${kind} · ` : "";
      return make("li", { class: "entry" }, make("b", {}, title),
        make("span", { class: `points ${entry.points < 0 ? "down" : "up"}` },
          this.#digits(entry.points, { signDisplay: "exceptZero" }).replace("-", "−")),
        make("p", { class: "why" }, entry.sentence.replace(/ (?=[€£$¥])/g, "\u00a0")),
        make("p", { class: "small date" }, `${label}${date.format(new Date(entry.occurred_at))} · ` +
          this.#say("balanceAfter", { points: this.#digits(entry.balance_after) })));
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
